package store_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/store"
)

func TestPlaces(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"XDG_DATA_HOME": filepath.Join(top, "data")}
	getenv := func(k string) string { return env[k] }
	deep := filepath.Join(top, "project", "a", "b")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	check := func(want ...store.Place) {
		t.Helper()
		got, err := store.Places(deep, getenv)
		if err != nil || len(got) != len(want) {
			t.Fatalf("got %v, %v", got, err)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("got %v, want %v", got[i], want[i])
			}
		}
	}
	personal := store.Place{Origin: store.Personal, Dir: filepath.Join(top, "data", "nbseal", "store")}
	check(personal)
	id := newIdentity(t)
	project := store.Place{Origin: store.Project, Dir: store.ProjectDir(filepath.Join(top, "project"))}
	for i, p := range []store.Place{project, personal} {
		s, err := store.Create(t.Context(), p.Dir, id.Recipients()...)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, "SHARED", "x")
		put(t, s, []string{"B", "A"}[i], "x")
	}
	check(project, personal)
	places, err := store.Places(deep, getenv)
	if err != nil {
		t.Fatal(err)
	}
	list, err := store.List(append(places, store.Place{Origin: store.Personal, Dir: top}))
	if err != nil || len(list) != 4 {
		t.Fatal(list, err)
	}
	var got []string
	for _, l := range list {
		line := l.Name + " " + string(l.Place.Origin)
		if l.Shadowed {
			line += " shadowed"
		}
		got = append(got, line)
	}
	if s := strings.Join(got, ", "); s != "A personal, B project, SHARED project, SHARED personal shadowed" {
		t.Errorf("listed %s", s)
	}
	env["NBSEAL_STORE"] = filepath.Join(top, "elsewhere")
	check(store.Place{Origin: store.Personal, Dir: filepath.Join(top, "elsewhere")})
	delete(env, "NBSEAL_STORE")

	// A file or a folder of that name is no store, a link to one is an error.
	if err := os.WriteFile(filepath.Join(deep, ".nbseal"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	check(project, personal)
	if runtime.GOOS == "windows" {
		return // links need a privilege
	}
	if err := os.Remove(filepath.Join(deep, ".nbseal")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(project.Dir), filepath.Join(deep, ".nbseal")); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Places(deep, getenv); err == nil || !strings.Contains(err.Error(), "link") {
		t.Errorf("got %v", err)
	}
}
