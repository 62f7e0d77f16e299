package gitx_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nbseal/nbseal/internal/gitx"
)

func TestRepository(t *testing.T) {
	g := repository(t)
	g.Dir, _ = filepath.EvalSymlinks(g.Dir)
	sub := filepath.Join(g.Dir, "s\np", "ü '\"")
	if err := os.MkdirAll(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	r, err := gitx.Git{Dir: sub, Env: g.Env}.Repository(t.Context())
	if err != nil || r.Top != g.Dir || r.Dir != g.Dir || r.GitDir != filepath.Join(g.Dir, ".git") || r.CommonDir != r.GitDir || r.Bare() {
		t.Errorf("%+v, %v", r, err)
	}
	if p, err := r.Path(t.Context(), "info/attributes"); err != nil || p != filepath.Join(g.Dir, ".git", "info", "attributes") {
		t.Errorf("info/attributes is at %q, %v", p, err)
	}
	// GIT_DIR is relative to where the caller is.
	rel := gitx.Git{Dir: sub, Env: append(g.Env, "GIT_DIR=../../.git", "GIT_WORK_TREE=../..")}
	r, err = rel.Repository(t.Context())
	if err != nil || r.Top != g.Dir {
		t.Errorf("%+v, %v", r, err)
	}
	if h, err := r.Hooks(t.Context()); err != nil || h != (gitx.Hooks{Dir: filepath.Join(g.Dir, ".git", "hooks")}) {
		t.Errorf("%+v, %v", h, err)
	}

	if _, err := (gitx.Git{Dir: t.TempDir(), Env: g.Env}).Repository(t.Context()); !errors.Is(err, gitx.ErrNotRepository) {
		t.Errorf("outside: %v", err)
	}
	if _, err := (gitx.Git{Dir: filepath.Join(g.Dir, ".git"), Env: g.Env}).Repository(t.Context()); !errors.Is(err, gitx.ErrNoWorkTree) {
		t.Errorf("inside of .git: %v", err)
	}
	if _, err := (gitx.Git{Dir: sub, Env: append(g.Env, "GIT_TEST_ASSUME_DIFFERENT_OWNER=1")}).Repository(t.Context()); !errors.Is(err, gitx.ErrOwner) {
		t.Errorf("of another user: %v", err)
	}
	bare := gitx.Git{Dir: t.TempDir(), Env: g.Env}
	if _, err := bare.Output(t.Context(), "init", "-q", "--bare"); err != nil {
		t.Fatal(err)
	}
	if r, err := bare.Repository(t.Context()); err != nil || !r.Bare() || r.GitDir == "" {
		t.Errorf("bare: %+v, %v", r, err)
	}
}

func TestHooksPath(t *testing.T) {
	g := repository(t)
	r, err := g.Repository(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want gitx.Hooks
	}{
		{[]string{"config", "core.hooksPath", "own"}, gitx.Hooks{Dir: filepath.Join(r.Top, "own"), Set: true, Local: true}},
		{[]string{"config", "--unset", "core.hooksPath"}, gitx.Hooks{Dir: filepath.Join(r.GitDir, "hooks")}},
		{[]string{"config", "extensions.worktreeConfig", "true"}, gitx.Hooks{Dir: filepath.Join(r.GitDir, "hooks")}},
		{[]string{"config", "--worktree", "core.hooksPath", "here"}, gitx.Hooks{Dir: filepath.Join(r.Top, "here"), Set: true, Local: true}},
	} {
		if _, err := r.Output(t.Context(), test.args...); err != nil {
			t.Fatal(err)
		}
		if h, err := r.Hooks(t.Context()); err != nil || h != test.want {
			t.Errorf("after %q: %+v, %v", test.args, h, err)
		}
	}
	global := filepath.Join(t.TempDir(), ".gitconfig")
	if err := os.WriteFile(global, []byte("[core]\n\thooksPath = /all\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.Env = append(r.Env, "GIT_CONFIG_GLOBAL="+global, "HOME="+filepath.Dir(global))
	r.Output(t.Context(), "config", "--worktree", "--unset", "core.hooksPath")
	if h, err := r.Hooks(t.Context()); err != nil || h != (gitx.Hooks{Dir: "/all", Set: true}) {
		t.Errorf("set elsewhere: %+v, %v", h, err)
	}
}

func TestConfig(t *testing.T) {
	g := repository(t)
	for _, kv := range [][2]string{{"filter.nbseal.clean", "a\nb=c"}, {"filter.nbsealx.clean", "x"}, {"filter.nbseal.required", "yes"}} {
		if _, err := g.Output(t.Context(), "config", kv[0], kv[1]); err != nil {
			t.Fatal(err)
		}
	}
	all, err := g.ConfigSection(t.Context(), "filter.nbseal")
	if err != nil || len(all) != 2 || all["clean"] != "a\nb=c" || all["required"] != "yes" {
		t.Errorf("%q, %v", all, err)
	}
	if v, found, err := g.Config(t.Context(), "filter.nbseal.required", "--bool"); err != nil || !found || v != "true" {
		t.Errorf("%q, %v, %v", v, found, err)
	}
	if v, found, err := g.Config(t.Context(), "filter.none.required"); err != nil || found || v != "" {
		t.Errorf("%q, %v, %v", v, found, err)
	}
	if all, err := g.ConfigSection(t.Context(), "none"); err != nil || len(all) != 0 {
		t.Errorf("%q, %v", all, err)
	}
	broken := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(broken, []byte("[open\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := g.Config(t.Context(), "a.b", "--file", broken); err == nil {
		t.Error("a broken file is no error")
	}
}

func TestIndexAndAttributes(t *testing.T) {
	g := repository(t)
	r, err := g.Repository(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a\tb\n.ipynb": "1", "ü/c.ipynb": "2", "d": "3", ".gitattributes": "ü/* filter=x\n*.ipynb diff\n"} {
		path := filepath.Join(r.Top, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Output(t.Context(), "add", "."); err != nil {
		t.Fatal(err)
	}
	entries, err := r.Tracked(t.Context(), "*.ipynb")
	if err != nil || len(entries) != 2 || entries[0].Path != "a\tb\n.ipynb" || entries[1].Path != "ü/c.ipynb" || entries[0].Mode != "100644" || len(entries[0].ID) != 40 {
		t.Fatalf("%+v, %v", entries, err)
	}
	paths := []string{entries[0].Path, entries[1].Path, "none"}
	for name, want := range map[string][]string{
		"filter": {gitx.Unspecified, "x", gitx.Unspecified},
		"diff":   {gitx.Set, gitx.Set, gitx.Unspecified},
	} {
		if got, err := r.Attribute(t.Context(), name, paths); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got, err := r.Attribute(t.Context(), "filter", nil); err != nil || len(got) != 0 {
		t.Errorf("of nothing: %q, %v", got, err)
	}
}
