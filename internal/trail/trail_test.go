package trail_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/gitx"
	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
	"github.com/nbseal/nbseal/internal/trail"
)

func TestOf(t *testing.T) {
	top := t.TempDir()
	g := gitx.Git{Dir: top, Env: []string{
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_CEILING_DIRECTORIES=" + filepath.Dir(top),
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.org",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.org",
	}}
	id, err := store.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := store.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	dir := store.ProjectDir(top)
	s, err := store.CreateProject(t.Context(), dir, id.Recipients()...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trail.Of(t.Context(), g, dir, "team/A"); !errors.Is(err, trail.ErrNoGit) {
		t.Fatalf("outside of git: %v", err)
	}
	git := func(args ...string) {
		t.Helper()
		if _, err := g.Output(t.Context(), args...); err != nil {
			t.Fatal(err)
		}
	}
	git("init", "-q")
	check := func(want ...string) {
		t.Helper()
		steps, err := trail.Of(t.Context(), g, dir, "team/A")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range steps {
			if s.Author != "Ada" || s.Email != "ada@example.org" || s.Date.IsZero() {
				t.Errorf("got %+v", s)
			}
			got = append(got, fmt.Sprint(s.Subject, " ", s.Value, " ", s.Recipients))
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	check()
	n := 0
	commit := func(subject string) {
		t.Helper()
		n++
		g.Env = append(g.Env, fmt.Sprintf("GIT_COMMITTER_DATE=2026-01-02T03:04:%02dZ", n))
		git("add", "-A")
		git("commit", "-qm", subject)
	}
	put := func(name, value string) {
		t.Helper()
		if err := s.Put(t.Context(), name, secret.New([]byte(value))); err != nil {
			t.Fatal(err)
		}
	}
	commit("empty store")
	put("team/A", "1")
	commit("first")
	put("B", "1")
	commit("something else")
	put("team/A", "2")
	commit("second")
	r, err := store.ParseRecipient(other.Recipients()[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ChangeRecipients(t.Context(), store.RecipientsChange{Folder: "team", Add: []store.Recipient{r}}, id); err != nil {
		t.Fatal(err)
	}
	commit("share")
	if err := s.Remove(t.Context(), "team/A"); err != nil {
		t.Fatal(err)
	}
	commit("gone")
	check("gone removed false", "share set true", "second set false", "first set false")

	// Neither lock nor leftovers are in git.
	out, err := g.Output(t.Context(), "ls-files", "-z")
	if err != nil || strings.Contains(string(out), "lock") {
		t.Errorf("git has %q, %v", out, err)
	}
}
