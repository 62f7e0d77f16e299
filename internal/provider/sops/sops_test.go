package sops_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/provider/providertest"
	"github.com/nbseal/nbseal/internal/provider/sops"
)

const scheme = manifest.SchemeSOPS

// path is PATH with the sops that `make test` has built in front of it.
func path(t *testing.T) string {
	t.Helper()
	tools, err := filepath.Abs("../../../build/tools")
	if err != nil {
		t.Fatal(err)
	}
	path := tools + string(os.PathListSeparator) + os.Getenv("PATH")
	t.Setenv("PATH", path)
	if _, err := exec.LookPath("sops"); err != nil {
		t.Fatalf("this test needs sops; build/tools/test -only sops builds it: %v", err)
	}
	return path
}

func TestConformance(t *testing.T) {
	h := provider.Host{Dir: t.TempDir()}
	path := path(t)
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys.txt")
	if err := os.WriteFile(keys, []byte(id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.Environ = append(os.Environ(), "PATH="+path, "HOME="+h.Dir, "SOPS_AGE_KEY_FILE="+keys)
	seal := func(t *testing.T, name, fragment string, content []byte) provider.Request {
		t.Helper()
		req := providertest.Write(t, h, scheme, name, fragment, content)
		cmd := exec.CommandContext(t.Context(), "sops", "--encrypt", "--age", id.Recipient().String(), "--in-place", filepath.Join(h.Dir, name))
		cmd.Env = h.Environ
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return req
	}
	broken := providertest.BrokenFiles(t, h, scheme)
	broken["not encrypted"] = providertest.Write(t, h, scheme, "plain.json", "A", fmt.Appendf(nil, `{"A": "%s"}`, providertest.Canary()))
	other := seal(t, "b.yaml", "A", []byte("B: "+providertest.Canary()+"\nlist: [x]\n"))
	providertest.Run(t, providertest.Source{
		Provider: sops.New(h),
		Holds:    providertest.Holds{Lines: true, Max: provider.MaxValue + 1},
		Put: func(t *testing.T, value []byte) provider.Request {
			text, err := json.Marshal(map[string]any{"x": []any{map[string]string{"A": string(value)}}})
			if err != nil {
				t.Fatal(err)
			}
			return seal(t, "a.json", "x.0.A", text)
		},
		Unknown: map[string]provider.Request{"no path": other, "no file": providertest.Ask(scheme, "c.yaml", "A")},
		Broken:  broken,
	})

	// The formats that it has, and what it puts beside the values.
	for name, text := range map[string]string{"a.env": "A=one\n", "a.ini": "[s]\nA = one\n", "a2.yaml": "A: one\n"} {
		fragment := "A"
		if name == "a.ini" {
			fragment = "s.A"
		}
		if v, err := sops.New(h).Get(t.Context(), seal(t, name, fragment, []byte(text))); err != nil || string(v.Reveal()) != "one" {
			t.Errorf("%s: %d bytes, %v", name, v.Len(), err)
		}
	}
	h.Environ = append(os.Environ(), "PATH="+path, "HOME="+h.Dir)
	_, err = sops.New(h).Get(t.Context(), other)
	if err == nil {
		t.Error("it was read without the key")
	}
	providertest.Judge(t, other, err)
}
