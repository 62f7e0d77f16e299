package guard_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/gitx"
	"github.com/nbseal/nbseal/internal/guard"
)

func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// TestOtherFilters does not touch what another program has, unless it is told.
func TestOtherFilters(t *testing.T) {
	for _, test := range []struct {
		attributes string
		after      string // with our line
		conflicts  int
		replaced   string
		left       int // conflicts with Replace
	}{
		{"*.ipynb filter=nbstripout\n*.ipynb diff=ipynb\n", "*.ipynb filter=nbstripout\n*.ipynb diff=ipynb\n", 1,
			ours + "*.ipynb diff=ipynb\n", 0},
		{"# nbdime\n*.ipynb diff=jupyternotebook\n*.ipynb merge=jupyternotebook\n", ours + "# nbdime\n*.ipynb diff=jupyternotebook\n*.ipynb merge=jupyternotebook\n", 0, "", 0},
		{"*.ipynb filter=lfs diff=lfs merge=lfs -text\n", "*.ipynb filter=lfs diff=lfs merge=lfs -text\n", 1, "=", 1},
		{"big/*.ipynb filter=lfs -text\n", ours + "big/*.ipynb filter=lfs -text\n", 1, "=", 1},
		{"\"big/*.ipynb\" filter=strip\r\n", crlf + "\"big/*.ipynb\" filter=strip\r\n", 1, crlf + "\"big/*.ipynb\" filter=nbseal diff=nbseal\r\n", 0},
		{"demo/** -filter", ours + "demo/** -filter", 1, "=", 1},
		{"*.ipynb text filter=nbseal", "*.ipynb text filter=nbseal", 0, "=", 0},
		{"* filter=all\n", "* filter=all\n", 1, "=", 1},
	} {
		u := newUser(t)
		dir := u.repository()
		file := filepath.Join(dir, ".gitattributes")
		u.put(file, test.attributes, 0o644)
		plan := u.install(u.options(dir))
		if got := u.read(file); got != test.after || len(plan.Conflicts) != test.conflicts {
			t.Errorf("%q becomes\n%q, want\n%q\nwith %q", test.attributes, got, test.after, plan.Conflicts)
		}
		u.uninstall(u.options(dir))
		if got := u.read(file); got != test.attributes {
			t.Errorf("uninstall makes %q of %q", got, test.attributes)
		}
		o := u.options(dir)
		o.Replace = true
		plan = u.install(o)
		want := test.replaced
		if want == "" || want == "=" {
			want = test.after
		}
		if got := u.read(file); got != want || len(plan.Conflicts) != test.left {
			t.Errorf("replaced, %q becomes\n%q, want\n%q\nwith %q", test.attributes, got, want, plan.Conflicts)
		}
		if again := u.install(u.options(dir)); len(again.Steps) != 0 {
			t.Errorf("%q: twice is not once: %+v", test.attributes, again.Steps)
		}
		u.uninstall(u.options(dir))
		if got := u.read(file); got != test.attributes {
			t.Errorf("uninstall after replace makes %q of %q", got, test.attributes)
		}
	}
}

const ours = "*.ipynb filter=nbseal diff=nbseal\n"
const crlf = "*.ipynb filter=nbseal diff=nbseal\r\n"

func TestNestedAttributes(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	u.put(filepath.Join(dir, "sub", ".gitattributes"), "*.ipynb filter=nbstripout\n", 0o644)
	plan := u.install(u.options(dir))
	if len(plan.Conflicts) != 1 || !strings.Contains(plan.Conflicts[0].What, "sub/a.ipynb") {
		t.Errorf("conflicts: %+v", plan.Conflicts)
	}
	if r := u.check(dir); r.Guarded || states(r) != "driver ok, program ok, attributes ok, notebooks conflict, pre-commit ok, pre-push ok" {
		t.Errorf("check: %+v", r.Items)
	}
}

// TestLFS uses the real git-lfs: its filter and its pre-push hook stay.
func TestLFS(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	u.git(dir, "lfs", "install", "--local")
	u.git(dir, "lfs", "track", "big/*.ipynb")
	u.put(filepath.Join(dir, "big", "b.ipynb"), "plain\n", 0o644)
	u.git(dir, "add", ".")
	before := snapshot(t, filepath.Join(dir, ".git", "hooks"), filepath.Join(dir, ".gitattributes"), filepath.Join(dir, ".git", "config"))
	plan := u.install(u.options(dir))
	if len(plan.Conflicts) != 1 || !strings.Contains(plan.Conflicts[0].Do[0], "LFS") {
		t.Errorf("conflicts: %+v", plan.Conflicts)
	}
	if r := u.check(dir); !r.Guarded || states(r) != "driver ok, program ok, attributes ok, notebooks note, pre-commit ok, pre-push ok" {
		t.Errorf("check: %+v", r.Items)
	}
	remote := filepath.Join(t.TempDir(), "remote.git")
	u.git(dir, "init", "-q", "--bare", remote)
	u.git(dir, "commit", "-q", "-m", "big")
	u.git(dir, "remote", "add", "origin", "file://"+remote)
	t.Setenv("VERDICT", "1")
	if err := try(t, dir, "push", "-q", "origin", "HEAD:refs/heads/trunk"); err == nil {
		t.Error("git pushes though nbseal says no")
	}
	if _, err := os.Stat(filepath.Join(remote, "lfs")); !os.IsNotExist(err) {
		t.Errorf("LFS has sent its files before nbseal looked: %v", err)
	}
	t.Setenv("VERDICT", "0")
	u.git(dir, "push", "-q", "origin", "HEAD:refs/heads/trunk")
	if _, err := os.Stat(filepath.Join(remote, "lfs", "objects")); err != nil {
		t.Errorf("LFS has not sent its files: %v", err)
	}
	u.git(dir, "remote", "remove", "origin")
	u.uninstall(u.options(dir))
	same(t, before, snapshot(t, filepath.Join(dir, ".git", "hooks"), filepath.Join(dir, ".gitattributes"), filepath.Join(dir, ".git", "config")))
}

// TestClone is the case that git says nothing of: attributes came, the driver
// did not.
func TestClone(t *testing.T) {
	u := newUser(t)
	origin := u.repository()
	u.install(u.options(origin))
	u.git(origin, "add", ".")
	u.git(origin, "commit", "-q", "-m", "guarded")
	clone := filepath.Join(t.TempDir(), "clone")
	u.git(origin, "clone", "-q", origin, clone)

	unguarded := func(dir string, want bool) {
		t.Helper()
		if got, err := guard.Unguarded(t.Context(), gitx.Git{Dir: dir}); got != want || err != nil {
			t.Errorf("Unguarded(%q) is %v, %v", dir, got, err)
		}
	}
	unguarded(origin, false)
	unguarded(clone, true)
	unguarded(filepath.Join(clone, "sub"), true)
	unguarded(t.TempDir(), false)
	t.Run("GIT_DIR", func(t *testing.T) {
		t.Setenv("GIT_DIR", filepath.Join(clone, ".git"))
		t.Setenv("GIT_WORK_TREE", clone)
		unguarded(t.TempDir(), true)
	})
	if r := u.check(clone); r.Guarded || r.Items[0].State != guard.Missing || !strings.Contains(r.Items[0].Detail, "says nothing") {
		t.Errorf("check: %+v", r.Items)
	}
	plan := u.install(u.options(clone))
	for _, s := range plan.Steps {
		if s.Path == filepath.Join(clone, ".gitattributes") {
			t.Errorf("the clone has the attributes already: %+v", s)
		}
	}
	unguarded(clone, false)
	u.git(clone, "config", "filter.nbseal.required", "0")
	if r := u.check(clone); r.Guarded || !strings.Contains(r.Items[0].Detail, "required") {
		t.Errorf("check: %+v", r.Items)
	}
	left := u.uninstall(u.options(clone))
	if len(left.Conflicts) == 0 || !strings.Contains(left.Conflicts[0].What, "still names the filter") {
		t.Errorf("left: %+v", left.Conflicts)
	}
	unguarded(clone, true)
}

// TestChanged takes away after the user has edited the files.
func TestChanged(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	attributes, config := filepath.Join(dir, ".gitattributes"), filepath.Join(dir, ".git", "config")
	u.put(attributes, "*.csv text", 0o644)
	u.install(u.options(dir))
	u.put(attributes, "# mine\n"+u.read(attributes)+"*.md text\n", 0o644)
	u.git(dir, "config", "user.name", "Bob")
	hook := filepath.Join(dir, ".git", "hooks", "pre-push")
	u.put(hook, u.read(hook)+"echo mine\n", 0o755)
	plan := u.uninstall(u.options(dir))
	if got := u.read(attributes); got != "# mine\n*.csv text\n*.md text\n" {
		t.Errorf("attributes: %q", got)
	}
	if got := u.read(config); strings.Contains(got, "nbseal") || !strings.Contains(got, "Bob") {
		t.Errorf("configuration: %q", got)
	}
	if len(plan.Conflicts) != 1 || !strings.Contains(plan.Conflicts[0].What, "pre-push was changed") || !strings.Contains(u.read(hook), "mine") {
		t.Errorf("left: %+v", plan.Conflicts)
	}
}

func TestPrivate(t *testing.T) {
	u := newUser(t)
	for _, dir := range []string{u.repository(), u.repository("--template=")} {
		linked := filepath.Join(t.TempDir(), "linked")
		u.git(dir, "worktree", "add", "-q", linked)
		before := snapshot(t, dir, linked)
		o := u.options(linked)
		o.Private = true
		o.Text = []string{"*.qmd"}
		u.install(o)
		if got := u.read(filepath.Join(dir, ".git", "info", "attributes")); !strings.Contains(got, ours) || !strings.Contains(got, "*.qmd filter=nbseal diff=nbseal\n") {
			t.Errorf("attributes: %q", got)
		}
		for _, d := range []string{dir, linked} {
			if r := u.check(d); states(r) != allGuarded {
				t.Errorf("check: %+v", r.Items)
			}
		}
		u.uninstall(o)
		after := snapshot(t, dir, linked)
		delete(after, filepath.Join(dir, ".git", "info"))
		delete(before, filepath.Join(dir, ".git", "info"))
		same(t, before, after)
	}
	o := u.options(u.repository())
	for _, bad := range []string{"", "a b", "#x", "!x", `"x"`, "dir/", "a\nb"} {
		o.Text = []string{bad}
		if _, err := guard.Install(t.Context(), o); err == nil {
			t.Errorf("%q is taken for a pattern", bad)
		}
	}
}

func TestGlobal(t *testing.T) {
	for _, hooks := range []bool{false, true} {
		u := newUser(t)
		dir := u.repository()
		if hooks {
			u.git(dir, "config", "--global", "core.hooksPath", "~/hooks")
		}
		before := snapshot(t, u.home)
		o := u.options(u.home) // not a repository
		o.Global = true
		u.install(o)
		want := "driver ok, program ok, attributes ok, pre-commit missing, pre-push missing"
		if hooks {
			want = allGuarded
		}
		if r := u.check(dir); states(r) != want {
			t.Errorf("check: %+v", r.Items)
		}
		if again := u.install(o); len(again.Steps) != 0 {
			t.Errorf("twice is not once: %+v", again.Steps)
		}
		u.uninstall(o)
		after := snapshot(t, u.home)
		for _, made := range []string{".config", ".config/git", ".local", ".local/share", ".local/share/nbseal"} {
			delete(after, filepath.Join(u.home, made))
		}
		same(t, before, after)
	}
}

func TestSubmodules(t *testing.T) {
	u := newUser(t)
	inner, middle, outer := u.repository(), u.repository(), u.repository()
	u.git(middle, "submodule", "--quiet", "add", inner, "inner")
	u.git(middle, "commit", "-q", "-m", "inner")
	u.git(outer, "submodule", "--quiet", "add", middle, "middle")
	u.git(outer, "submodule", "--quiet", "update", "--init", "--recursive")
	all, err := guard.Repositories(t.Context(), gitx.Git{Dir: filepath.Join(outer, "sub")})
	want := []string{outer, filepath.Join(outer, "middle"), filepath.Join(outer, "middle", "inner")}
	if err != nil || strings.Join(all, "\n") != strings.Join(want, "\n") {
		t.Fatalf("repositories %q, %v", all, err)
	}
	u.install(u.options(outer))
	if r := u.check(outer); r.Guarded || states(r) != allGuarded+", submodules missing" {
		t.Errorf("check: %+v", r.Items)
	}
	for _, dir := range all {
		u.install(u.options(dir))
	}
	for _, dir := range all {
		if r := u.check(dir); states(r) != allGuarded {
			t.Errorf("check of %s: %+v", dir, r.Items)
		}
	}
}

func TestIndexIsLookedAt(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	u.install(u.options(dir))
	r, err := guard.Check(t.Context(), u.options(dir), "nbseal 2", func(_ context.Context, top string) ([]string, error) {
		return []string{filepath.Base(top)}, nil
	})
	if err != nil || r.Guarded || states(r) != strings.Replace(allGuarded, "program ok", "program note", 1)+", index missing" {
		t.Errorf("check: %+v, %v", r, err)
	}
	bad := errors.New("no")
	if _, err := guard.Check(t.Context(), u.options(dir), "", func(context.Context, string) ([]string, error) { return nil, bad }); !errors.Is(err, bad) {
		t.Errorf("what could not be scanned is no error: %v", err)
	}
}

func TestErrors(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	fails := func(o guard.Options, want error, words string) {
		t.Helper()
		for name, do := range map[string]func() error{
			"install":   func() error { _, err := guard.Install(t.Context(), o); return err },
			"uninstall": func() error { _, err := guard.Uninstall(t.Context(), o); return err },
			"check":     func() error { _, err := guard.Check(t.Context(), o, "", nil); return err },
		} {
			if err := do(); err == nil || want != nil && !errors.Is(err, want) || !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	fails(u.options(t.TempDir()), gitx.ErrNotRepository, "not a git repository")
	fails(u.options(filepath.Join(dir, ".git")), gitx.ErrNoWorkTree, "")
	fails(guard.Options{Git: gitx.Git{Dir: dir, Program: "no-such-git"}, Self: u.self}, gitx.ErrNoGit, "")
	fails(guard.Options{Git: gitx.Git{Dir: dir}, Self: filepath.Join(dir, "none")}, os.ErrNotExist, "nbseal itself")
	t.Run("owner", func(t *testing.T) {
		t.Setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
		u.put(filepath.Join(u.home, ".gitconfig"), "", 0o644)
		fails(u.options(dir), gitx.ErrOwner, "dubious ownership")
	})
	for _, bad := range []string{"{", `{"version":2}`, `{"version":1,"files":[{"base":"git","path":"../x","hunks":[]}]}`, `{"version":1,"hooks":[{"path":"x"}]}`} {
		u.put(filepath.Join(dir, ".git", "nbseal", "guard.json"), bad, 0o644)
		if _, err := guard.Uninstall(t.Context(), u.options(dir)); err == nil || !strings.Contains(err.Error(), "the record of what was installed") {
			t.Errorf("record %q: %v", bad, err)
		}
	}
}

// TestLocked meets another git that changes the configuration.
func TestLocked(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	u.put(filepath.Join(dir, ".git", "config.lock"), "", 0o644)
	before := snapshot(t, dir)
	plan, err := guard.Install(t.Context(), u.options(dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Apply(t.Context()); err == nil || !strings.Contains(err.Error(), "config.lock") {
		t.Errorf("got %v", err)
	}
	same(t, before, snapshot(t, dir))
}

// TestAtOnce has many install and uninstall at once. Whoever comes too late gets
// an error; what is there in the end is whole, and can be taken away.
func TestAtOnce(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	before := snapshot(t, dir)
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			for j := range 4 {
				do := guard.Install
				if (i+j)%3 == 0 {
					do = guard.Uninstall
				}
				if plan, err := do(t.Context(), u.options(dir)); err == nil {
					_ = plan.Apply(t.Context()) // somebody else was first
				}
			}
		})
	}
	all.Wait()
	if bad, err := guard.Unguarded(t.Context(), gitx.Git{Dir: dir}); bad || err != nil {
		t.Errorf("attributes name a filter that is not there, %v", err)
	}
	u.install(u.options(dir))
	if r := u.check(dir); states(r) != allGuarded {
		t.Errorf("check: %+v", r.Items)
	}
	u.uninstall(u.options(dir))
	same(t, before, snapshot(t, dir))
}

// TestOvertaken has the files change between plan and apply.
func TestOvertaken(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	plan, err := guard.Install(t.Context(), u.options(dir))
	if err != nil {
		t.Fatal(err)
	}
	u.put(filepath.Join(dir, ".gitattributes"), "mine\n", 0o644)
	before := snapshot(t, dir)
	if err := plan.Apply(t.Context()); !errors.Is(err, atomicfile.ErrChanged) {
		t.Errorf("what was written in the meantime: %v", err)
	}
	same(t, before, snapshot(t, dir))
}

// TestSparseAttributes has attributes that are in the repository, but not in
// the work tree, where a new file would hide them.
func TestSparseAttributes(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	u.put(filepath.Join(dir, ".gitattributes"), "*.md text\n", 0o644)
	u.git(dir, "add", ".")
	u.git(dir, "commit", "-q", "-m", "attributes")
	u.git(dir, "sparse-checkout", "init", "--no-cone")
	u.git(dir, "sparse-checkout", "set", "/sub/")
	plan := u.install(u.options(dir))
	if len(plan.Conflicts) != 1 || !strings.Contains(plan.Conflicts[0].What, "not in the work tree") {
		t.Errorf("conflicts: %+v", plan.Conflicts)
	}
	if _, err := os.Stat(filepath.Join(dir, ".gitattributes")); !os.IsNotExist(err) {
		t.Errorf("the file hides that of the repository: %v", err)
	}
	o := u.options(dir)
	o.Private = true
	if plan := u.install(o); len(plan.Conflicts) != 0 {
		t.Errorf("conflicts: %+v", plan.Conflicts)
	}
	if r := u.check(dir); states(r) != allGuarded {
		t.Errorf("check: %+v", r.Items)
	}
}

// TestMoved takes away after the repository has got another place.
func TestMoved(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	before := snapshot(t, dir)
	u.install(u.options(dir))
	elsewhere := dir + " moved"
	if err := os.Rename(dir, elsewhere); err != nil {
		t.Fatal(err)
	}
	if r := u.check(elsewhere); states(r) != allGuarded {
		t.Errorf("check: %+v", r.Items)
	}
	u.uninstall(u.options(elsewhere))
	if err := os.Rename(elsewhere, dir); err != nil {
		t.Fatal(err)
	}
	same(t, before, snapshot(t, dir))
}

// TestElsewhere is told by the environment where the repository is.
func TestElsewhere(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	before := snapshot(t, dir)
	t.Setenv("GIT_DIR", filepath.Join(dir, ".git"))
	t.Setenv("GIT_WORK_TREE", dir)
	o := u.options(t.TempDir())
	u.install(o)
	if r := u.check(o.Git.Dir); states(r) != allGuarded || r.Dir != dir {
		t.Errorf("check: %+v", r)
	}
	if _, err := os.Stat(filepath.Join(dir, ".gitattributes")); err != nil {
		t.Error(err)
	}
	u.uninstall(o)
	same(t, before, snapshot(t, dir))
}

func TestLinkedAttributes(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	if err := os.Symlink("elsewhere", filepath.Join(dir, ".gitattributes")); err != nil {
		t.Fatal(err)
	}
	u.put(filepath.Join(dir, "elsewhere"), "", 0o644)
	plan := u.install(u.options(dir))
	if len(plan.Conflicts) != 1 || u.read(filepath.Join(dir, "elsewhere")) != "" {
		t.Errorf("conflicts: %+v", plan.Conflicts)
	}
}

// TestEnvironments calls a program by its path that PATH has for a while only.
func TestEnvironments(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	t.Setenv("VIRTUAL_ENV", u.home)
	u.install(u.options(dir))
	if got := strings.TrimSpace(u.git(dir, "config", "filter.nbseal.process")); got != u.self+" filter-process" {
		t.Errorf("process is %q", got)
	}
}

// BenchmarkUnguarded is what verbs pay for the warning.
func BenchmarkUnguarded(b *testing.B) {
	for _, attributes := range []string{"*.csv text\n", ours} {
		dir := b.TempDir()
		if _, err := (gitx.Git{Dir: dir}).Output(b.Context(), "init", "-q"); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, ".gitattributes"), []byte(attributes), 0o600); err != nil {
			b.Fatal(err)
		}
		b.Run(strings.Fields(attributes)[0], func(b *testing.B) {
			for b.Loop() {
				if _, err := guard.Unguarded(b.Context(), gitx.Git{Dir: dir}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
