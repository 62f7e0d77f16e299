package netrc_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/provider/netrc"
	"github.com/nbseal/nbseal/internal/provider/providertest"
)

func request(rest string) provider.Request {
	return provider.Request{Name: "A", Ref: manifest.Reference{Scheme: manifest.SchemeNetrc, Rest: rest}}
}

func quote(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestConformance(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "netrc")
	p := netrc.New(provider.Host{Dir: dir, Home: dir, LookupEnv: func(string) (string, bool) { return path, true }})
	providertest.Run(t, providertest.Source{
		Provider: p,
		Holds:    providertest.Holds{Lines: true, Binary: true, Max: provider.MaxValue + 1},
		Put: func(t *testing.T, value []byte) provider.Request {
			write(t, path, "machine other login x password y\nmachine example.org login ana\n\tpassword "+quote(string(value))+"\ndefault login d password e\n")
			return request("example.org#password")
		},
		Unknown: map[string]provider.Request{"no machine": request("example.com#password"), "the default is for no host": request("example.net#login")},
		Broken:  map[string]provider.Request{"no account": request("example.org#account")},
	})
	for what, text := range map[string]string{
		"two words": "machine a password x %s", "no machine": "password %s", "no name": "machine", "quoted word": "\"%s\" x", "binary": "\x00\xff%s",
	} {
		write(t, path, strings.ReplaceAll(text, "%s", providertest.Canary()))
		req := request("a#password")
		_, err := p.Get(t.Context(), req)
		if err == nil {
			t.Errorf("%s: no error", what)
		}
		providertest.Judge(t, req, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for what, req := range providertest.BrokenFiles(t, provider.Host{Dir: dir}, manifest.SchemeNetrc) {
		file, _ := filepath.Abs(filepath.Join(dir, req.Ref.Path()))
		p := netrc.New(provider.Host{Dir: dir, LookupEnv: func(string) (string, bool) { return file, true }})
		req := request("a#password")
		_, err := p.Get(t.Context(), req)
		if err == nil {
			t.Errorf("%s: no error", what)
		}
		providertest.Judge(t, req, err)
	}
}

func TestHome(t *testing.T) {
	home := t.TempDir()
	p := netrc.New(provider.Host{Dir: t.TempDir(), Home: home, LookupEnv: func(string) (string, bool) { return "", false }})
	write(t, filepath.Join(home, ".netrc"), "machine h login ana password "+providertest.Canary()+"\ndefault login d")
	for rest, want := range map[string]string{
		"h#login": "ana", "h": `{"login":"ana","password":"` + providertest.Canary() + `"}`, "default#login": "d",
	} {
		if v, err := p.Get(t.Context(), request(rest)); err != nil || string(v.Reveal()) != want {
			t.Errorf("%s: %d bytes, %v", rest, v.Len(), err)
		}
	}
}

// TestPython holds the reader against Python's.
func TestPython(t *testing.T) {
	files := []string{
		"machine a login b password c", "machine a\n\tlogin b\n\taccount d\n\tpassword c\nmachine e login f password g",
		"# comment\nmachine a login b password #c\n# machine e password x\nmachine e password f#g", "machine a password \"b c\" login \"d\\\"e\"",
		"machine a password b\\ c\\\\d login x", "macdef m\nmachine z password z\n\nmachine a login b password c", "machine a password x\nmachine a password y",
		"default login a password b", "machine a user b password c", "machine a login b # c d\n password e", "machine \"a\" password \"\"", "",
	}
	const script = `
import json, netrc, sys
print(json.dumps([{h: list(v) for h, v in netrc.netrc(p).hosts.items()} for p in sys.argv[1:]]))`
	args := []string{"-c", script}
	for i, text := range files {
		path := filepath.Join(t.TempDir(), fmt.Sprint(i))
		write(t, path, text)
		args = append(args, path)
	}
	out, err := exec.CommandContext(t.Context(), "/usr/bin/python3", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []map[string][3]string
	if err := json.Unmarshal(out, &want); err != nil || len(want) != len(files) {
		t.Fatal(err)
	}
	for i, text := range files {
		path := args[2+i]
		p := netrc.New(provider.Host{LookupEnv: func(string) (string, bool) { return path, true }})
		for host, parts := range want[i] {
			for j, part := range []string{"login", "account", "password"} {
				v, err := p.Get(t.Context(), request(host+"#"+part))
				if string(v.Reveal()) != parts[j] || (err == nil) != (parts[j] != "") {
					t.Errorf("%q: %s of %s is %q, %v, to Python %q", text, part, host, v.Reveal(), err, parts[j])
				}
			}
		}
		if len(want[i]) == 0 && text != "" {
			t.Errorf("%q has no machines", text)
		}
	}
}

func FuzzGet(f *testing.F) {
	f.Add("machine a password b")
	f.Add("macdef x\n\nmachine a password \"\\")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "n")
		write(t, path, text)
		p := netrc.New(provider.Host{LookupEnv: func(string) (string, bool) { return path, true }})
		v, err := p.Get(t.Context(), request("a#password"))
		if (err == nil) != (v.Len() > 0) {
			t.Errorf("%d bytes, %v", v.Len(), err)
		}
	})
}
