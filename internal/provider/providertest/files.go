package providertest

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
)

// Write writes a file in the project and returns the request for a fragment of
// it, which may be "".
func Write(t *testing.T, h provider.Host, scheme, name, fragment string, content []byte) provider.Request {
	t.Helper()
	if err := os.WriteFile(filepath.Join(h.Dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return Ask(scheme, name, fragment)
}

// Ask makes a request for a fragment of a file.
func Ask(scheme, name, fragment string) provider.Request {
	rest := url.PathEscape(name)
	if fragment != "" {
		rest += "#" + url.PathEscape(fragment)
	}
	return provider.Request{Name: "A", Ref: manifest.Reference{Scheme: scheme, Rest: rest}}
}

// BrokenFiles are requests that fail for every kind of file.
func BrokenFiles(t *testing.T, h provider.Host, scheme string) map[string]provider.Request {
	t.Helper()
	if err := os.Mkdir(filepath.Join(h.Dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(out, []byte(Canary()), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"dangling": "nowhere", "loop": "loop", "link-out": out} {
		if err := os.Symlink(to, filepath.Join(h.Dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	large := append([]byte(Canary()), make([]byte, provider.MaxFile)...)
	all := map[string]provider.Request{
		"none":      Ask(scheme, "none", "A"),
		"a folder":  Ask(scheme, "folder", "A"),
		"dangling":  Ask(scheme, "dangling", "A"),
		"a loop":    Ask(scheme, "loop", "A"),
		"too large": Write(t, h, scheme, "large", "A", large),
		"empty":     Write(t, h, scheme, "empty", "A", nil),
		"binary":    Write(t, h, scheme, "binary", "A", []byte("\x00\xff\xfe"+Canary())),
	}
	for what, path := range map[string]string{"leads out": "link-out", "above": "../" + filepath.Base(filepath.Dir(out)) + "/out", "absolute": out} {
		req := Ask(scheme, path, "A")
		req.Confined = true
		all["confined, "+what] = req
	}
	pipe(t, filepath.Join(h.Dir, "pipe"))
	all["a pipe"] = Ask(scheme, "pipe", "A")
	return all
}
