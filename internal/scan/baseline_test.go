package scan_test

import (
	"path/filepath"
	"testing"

	"github.com/nbseal/nbseal/internal/baseline"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/scan"
)

// TestBaseline: what was accepted stays silent where it is moved to, and what
// is new is reported.
func TestBaseline(t *testing.T) {
	config := t.TempDir()
	ring, err := baseline.OpenKeyring(func(name string) string {
		if name == "XDG_CONFIG_HOME" {
			return config
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	old := "hf_token = '" + token(1) + "'"
	dir := t.TempDir()
	write(t, dir, "a.ipynb", notebook(t, "x = 1", old, "done"))
	path := filepath.Join(t.TempDir(), "known.json")
	b, _, err := baseline.Renew(path, ring)
	if err != nil {
		t.Fatal(err)
	}
	_, s := paths(t, scan.Options{Known: func(f finding.Finding) bool { b.Add(f); return false }}, dir)
	if s.Findings != 1 || s.Suppressed != 0 {
		t.Errorf("summary %+v", s)
	}
	if err := b.Write(path); err != nil {
		t.Fatal(err)
	}
	if b, err = baseline.Open(path, ring); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, file string
		cells      []string
		findings   int
		suppressed int
	}{
		{"the same", "a.ipynb", []string{"x = 1", old, "done"}, 0, 1},
		{"moved cell", "a.ipynb", []string{old, "x = 1", "done"}, 0, 1},
		{"edited neighbours", "a.ipynb", []string{"y = 2", "z = 3\n" + old + "\nmore"}, 0, 1},
		{"renamed file", "b/c.ipynb", []string{"x = 1", old, "done"}, 0, 1},
		{"renamed variable", "a.ipynb", []string{"token = '" + token(1) + "'"}, 0, 1},
		{"changed value", "a.ipynb", []string{"x = 1", "hf_token = '" + token(2) + "'", "done"}, 1, 0},
		{"one more", "a.ipynb", []string{"x = 1", old, "other = '" + token(2) + "'"}, 1, 1},
		{"no more", "a.ipynb", []string{"x = 1"}, 0, 0},
	} {
		dir := t.TempDir()
		write(t, dir, test.file, notebook(t, test.cells...))
		if _, s := paths(t, scan.Options{Known: b.Has}, dir); s.Findings != test.findings || s.Suppressed != test.suppressed {
			t.Errorf("%s: summary %+v", test.name, s)
		}
	}
}
