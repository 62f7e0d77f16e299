//go:build unix

package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

func TestCheck(t *testing.T) {
	s, _ := newStore(t)
	for _, n := range []string{"A", "B", "cut", "open", "team/D", "merged"} {
		if err := s.PutAbout(t.Context(), n, secret.New([]byte(n)), store.About{}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want ...string) {
		t.Helper()
		found, err := s.Check()
		if err != nil || len(found) != len(want) {
			t.Errorf("got %d problems %v, %v, want %d", len(found), found, err, len(want))
			return
		}
		for i, w := range want {
			p, what, _ := strings.Cut(w, ": ")
			if found[i].Path != p || !strings.Contains(found[i].What, what) {
				t.Errorf("got %v, want %s", found[i], w)
			}
		}
	}
	check()
	at := func(p string) string { return filepath.Join(s.Dir(), p) }
	whole, err := os.ReadFile(at("cut.age"))
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		os.Rename(at("A.age"), at("x")), os.Rename(at("B.age"), at("A.age")), os.Rename(at("x"), at("B.age")), // swapped
		os.WriteFile(at("cut.age"), whole[:40], 0o600),
		os.Chmod(at("open.age"), 0o666),
		os.WriteFile(at(".merged.nbseal.json"), []byte("<<<<<<<"), 0o600),
		os.WriteFile(at("team/.age-recipients"), []byte("x\n"), 0o600),
		os.Symlink("open.age", at("z.age")),
		os.WriteFile(at(".gone.nbseal.json"), []byte("{}"), 0o600),
		os.WriteFile(at(".nbseal.rekey"), []byte("{}"), 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		".gone.nbseal.json: no secret", ".nbseal.rekey: interrupted", "A.age: about another value", "B.age: about another value", "cut.age: damaged", "cut.age: about another value",
		"merged.age: .merged.nbseal.json", "open.age: everybody", "team/.age-recipients: line 1", "z.age: not a regular file",
	}
	if os.Geteuid() == 0 { // only root can give files away
		if err := os.Lchown(at("open.age"), 12345, -1); err != nil {
			t.Fatal(err)
		}
		want[7] = "open.age: 12345"
	}
	check(want...)
}
