package program_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/provider/program"
	"github.com/nbseal/nbseal/internal/provider/providertest"
)

func request(whole bool, command ...string) provider.Request {
	return provider.Request{Name: "A", Ref: manifest.Reference{Scheme: manifest.SchemeExec, Command: command, Whole: whole}}
}

func TestConformance(t *testing.T) {
	h := provider.Host{Dir: t.TempDir(), Environ: os.Environ()}
	p := program.New(h)
	path := filepath.Join(h.Dir, "value")
	put := func(t *testing.T, value []byte) {
		t.Helper()
		if err := os.WriteFile(path, value, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := filepath.Join(h.Dir, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho "+providertest.Canary()+"\necho "+providertest.Canary()+" >&2\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	broken := func(whole bool) map[string]provider.Request {
		return map[string]provider.Request{
			"no program":     request(whole, "nbseal-no-such-program"),
			"no file":        request(whole, filepath.Join(h.Dir, "none")),
			"not executable": request(whole, path),
			"a folder":       request(whole, h.Dir),
			"fails":          request(whole, script),
			"endless":        request(whole, "yes", providertest.Canary()),
			"prints nothing": request(whole, "true"),
			"killed":         request(whole, "sh", "-c", "kill -9 $$"),
		}
	}
	t.Run("all", func(t *testing.T) {
		providertest.Run(t, providertest.Source{
			Provider: p, Holds: providertest.Holds{Lines: true, Binary: true, Max: provider.MaxValue + 1},
			Put:    func(t *testing.T, value []byte) provider.Request { put(t, value); return request(true, "cat", "value") },
			Broken: broken(true),
		})
	})
	t.Run("line", func(t *testing.T) {
		providertest.Run(t, providertest.Source{
			Provider: p, Holds: providertest.Holds{Max: provider.MaxValue + 1},
			Put: func(t *testing.T, value []byte) provider.Request {
				put(t, append(value, "\r\nuser: ana\nurl: x\n"...))
				return request(false, "cat", "value")
			},
			Broken: broken(false),
		})
	})
}

// What a program is given, and what becomes of it when there is no time left.
func TestRun(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var messages strings.Builder
	p := program.New(provider.Host{Dir: dir, Environ: []string{"PATH=" + os.Getenv("PATH"), "X=y"}, Stderr: &messages})
	const script = `printf '%s|%s|%s|' "$PWD" "$X" "$1"; cat; echo to the user >&2`
	v, err := p.Get(t.Context(), request(true, "sh", "-c", script, "sh", "$(id); *"))
	if want := dir + "|y|$(id); *|"; err != nil || string(v.Reveal()) != want || messages.String() != "to the user\n" {
		t.Errorf("got %q, %q, %v; want %q", v.Reveal(), &messages, err, want)
	}
	for what, script := range map[string]string{"waits": "sleep 60", "left something behind": "sleep 60 & echo x"} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		start := time.Now()
		_, err := p.Get(ctx, request(false, "sh", "-c", script))
		cancel()
		if d := time.Since(start); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, exec.ErrWaitDelay) || d > 20*time.Second {
			t.Errorf("%s: after %v: %v", what, d, err)
		}
	}
}

// TestPass takes values out of the real pass, with a key without a passphrase.
func TestPass(t *testing.T) {
	// The socket of gpg-agent must not have a longer path than the system allows.
	home, err := os.MkdirTemp("/tmp", "nbseal")
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "HOME="+home, "GNUPGHOME="+home, "PASSWORD_STORE_DIR="+home+"/store")
	run := func(stdin string, argv ...string) {
		t.Helper()
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Env, cmd.Stdin = env, strings.NewReader(stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", argv, err, out)
		}
	}
	t.Cleanup(func() {
		cmd := exec.Command("gpgconf", "--kill", "all")
		cmd.Env = env
		_ = cmd.Run()
		_ = os.RemoveAll(home)
	})
	run("", "gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "nbseal@example.org", "default", "default", "never")
	run("", "pass", "init", "nbseal@example.org")
	value := providertest.Canary()
	run(value+"\nuser: ana\n", "pass", "insert", "--multiline", "db/analyst")

	p := program.New(provider.Host{Dir: t.TempDir(), Environ: env})
	for _, c := range []struct {
		req  provider.Request
		want string
	}{
		{request(false, "pass", "show", "db/analyst"), value},
		{request(true, "pass", "show", "db/analyst"), value + "\nuser: ana\n"},
	} {
		if v, err := p.Get(t.Context(), c.req); err != nil || string(v.Reveal()) != c.want {
			t.Errorf("%d bytes, %v", v.Len(), err)
		}
	}
	req := request(false, "pass", "show", "none")
	_, err = p.Get(t.Context(), req)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", "pass")) {
		t.Errorf("got %v", err)
	}
	providertest.Judge(t, req, err)
}
