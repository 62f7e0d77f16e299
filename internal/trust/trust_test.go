package trust_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/nbseal/nbseal/internal/trust"
)

func manifest(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "nbseal.toml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func state(t *testing.T, f trust.File, path string, d trust.Digest, want trust.State) {
	t.Helper()
	if got, err := f.State(path, d); err != nil || got != want {
		t.Errorf("%s is %v, %v, want %v", path, got, err, want)
	}
}

func TestTrust(t *testing.T) {
	dir := t.TempDir()
	f := trust.At(filepath.Join(dir, "data", "nbseal", trust.Filename))
	one, two := manifest(t, t.TempDir()), manifest(t, t.TempDir())
	a, b := sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b"))
	state(t, f, one, a, trust.Unknown)
	if _, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		t.Error("asking made a folder")
	}
	if err := f.Trust(t.Context(), one, a); err != nil {
		t.Fatal(err)
	}
	state(t, f, one, a, trust.Trusted)
	state(t, f, one, b, trust.Changed)
	state(t, f, two, a, trust.Unknown) // a copy of it elsewhere
	if err := f.Trust(t.Context(), one, b); err != nil {
		t.Fatal(err)
	}
	state(t, f, one, b, trust.Trusted)
	state(t, f, one, a, trust.Changed)

	// A link is another name of the same manifest.
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Dir(one), link); err != nil {
		t.Fatal(err)
	}
	state(t, f, filepath.Join(link, "nbseal.toml"), b, trust.Trusted)

	if known, err := f.Revoke(t.Context(), two); known || err != nil {
		t.Errorf("revoked what was not trusted: %v", err)
	}
	if known, err := f.Revoke(t.Context(), one); !known || err != nil {
		t.Errorf("not revoked: %v", err)
	}
	state(t, f, one, b, trust.Unknown)
	if err := f.Trust(t.Context(), filepath.Join(dir, "none"), a); err == nil {
		t.Error("trusted a manifest that is not there")
	}
	if known, err := f.Revoke(t.Context(), filepath.Join(dir, "none")); known || err != nil {
		t.Errorf("got %v, %v", known, err)
	}
}

// Whatever is wrong with the file, nothing is trusted.
func TestBadFiles(t *testing.T) {
	one := manifest(t, t.TempDir())
	real, err := filepath.EvalSymlinks(one)
	if err != nil {
		t.Fatal(err)
	}
	d := sha256.Sum256(nil)
	good := fmt.Sprintf(`{"v":1,"manifests":{%q:"%x"}}`, real, d)
	for _, c := range []struct {
		what, text string
		mode       os.FileMode
		good       bool
	}{
		{"good", good, 0o600, true},
		{"readable by others", good, 0o644, true},
		{"writable by the group", good, 0o620, runtime.GOOS == "windows"},
		{"writable by others", good, 0o602, runtime.GOOS == "windows"},
		{"empty", "", 0o600, false},
		{"cut off", good[:len(good)-3], 0o600, false},
		{"another version", `{"v":2,"manifests":{}}`, 0o600, false},
		{"unknown key", `{"v":1,"manifests":{},"x":1}`, 0o600, false},
		{"no manifests", `{"v":1}`, 0o600, false},
	} {
		path := filepath.Join(t.TempDir(), trust.Filename)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		f := trust.At(path)
		s, err := f.State(one, d)
		if c.good != (s == trust.Trusted) || c.good != (err == nil) {
			t.Errorf("%s: %v, %v", c.what, s, err)
		}
		if err := f.Trust(t.Context(), one, d); c.good != (err == nil) {
			t.Errorf("%s: it was written over: %v", c.what, err)
		}
	}
	if _, err := trust.At(t.TempDir()).State(one, d); err == nil {
		t.Error("a folder was read")
	}
}

func TestAtOnce(t *testing.T) {
	f := trust.At(filepath.Join(t.TempDir(), trust.Filename))
	var wg sync.WaitGroup
	d := sha256.Sum256(nil)
	paths := make([]string, 8)
	for i := range paths {
		paths[i] = manifest(t, t.TempDir())
		wg.Go(func() {
			if err := f.Trust(t.Context(), paths[i], d); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, p := range paths {
		state(t, f, p, d, trust.Trusted)
	}
}
