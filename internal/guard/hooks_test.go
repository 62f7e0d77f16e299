package guard_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/gitx"
	"github.com/nbseal/nbseal/internal/guard"
)

// try runs git and returns its error.
func try(t *testing.T, dir string, args ...string) error {
	_, err := gitx.Git{Dir: dir}.Output(t.Context(), args...)
	return err
}

func commit(t *testing.T, dir string) error {
	return try(t, dir, "commit", "-q", "--allow-empty", "-m", "more")
}

// logged returns what hooks have noted, and forgets it.
func (u *user) logged() string {
	u.t.Helper()
	b, err := os.ReadFile(u.log)
	if err != nil && !os.IsNotExist(err) {
		u.t.Fatal(err)
	}
	if err := os.RemoveAll(u.log); err != nil {
		u.t.Fatal(err)
	}
	return string(b)
}

func TestPreCommit(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	u.put(filepath.Join(dir, ".git", "hooks", "pre-commit"), "#!/bin/sh\necho theirs $# >>\"$LOG\"; exit \"${THEIRS:-0}\"\n", 0o755)
	u.install(u.options(dir))

	if err := commit(t, dir); err != nil {
		t.Error(err)
	}
	if got := u.logged(); got != "theirs 0\nnbseal scan --staged\n" {
		t.Errorf("hooks ran as %q", got)
	}
	for _, code := range []string{"1", "2"} {
		t.Setenv("VERDICT", code)
		if err := commit(t, dir); err == nil {
			t.Errorf("git commits though nbseal says %s", code)
		}
	}
	t.Setenv("VERDICT", "0")
	t.Setenv("THEIRS", "7")
	u.logged()
	if err := commit(t, dir); err == nil {
		t.Error("git commits though the hook that was there says no")
	}
	if got := u.logged(); got != "theirs 0\n" {
		t.Errorf("hooks ran as %q", got)
	}
	u.uninstall(u.options(dir))
	t.Setenv("THEIRS", "0")
	if err := commit(t, dir); err != nil || u.logged() != "theirs 0\n" {
		t.Errorf("after uninstall: %v", err)
	}
}

func TestHookWithoutProgram(t *testing.T) {
	for _, named := range []bool{true, false} {
		u := newUser(t)
		dir := u.repository()
		o := u.options(dir)
		if !named { // not what PATH leads to
			o.Self = filepath.Join(u.home, "it's a \"place\" of 100%d", "nbseal")
			u.put(o.Self, standIn, 0o755)
		}
		u.install(o)
		if err := commit(t, dir); err != nil {
			t.Error(err)
		}
		if r := u.check(dir); !r.Guarded {
			t.Errorf("check: %+v", r.Items)
		}
		if err := os.Remove(o.Self); err != nil {
			t.Fatal(err)
		}
		err := commit(t, dir)
		if err == nil || !strings.Contains(err.Error(), "nbseal is not ") {
			t.Errorf("without nbseal: %v", err)
		}
		if err := try(t, dir, "commit", "-q", "--allow-empty", "--no-verify", "-m", "x"); err != nil {
			t.Error(err)
		}
		u.put(filepath.Join(dir, "new.ipynb"), "plain", 0o644)
		if err := try(t, dir, "add", "new.ipynb"); err == nil {
			t.Error("git adds a notebook without the filter")
		}
		o.Self = filepath.Join(u.home, "elsewhere")
		u.put(o.Self, standIn, 0o755)
		r, err := guard.Check(t.Context(), o, "nbseal test", nil)
		if err != nil || r.Guarded || !strings.Contains(states(r), "program missing") {
			t.Errorf("check: %+v, %v", r, err)
		}
		// Its place has changed: only that does.
		if plan := u.install(o); len(plan.Steps) != 4 {
			t.Errorf("after a move: %+v", plan.Steps)
		}
		if err := commit(t, dir); err != nil {
			t.Error(err)
		}
	}
}

// TestFilterRuns has git run the driver, quoted as it is, in the form of old gits.
func TestFilterRuns(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	o := u.options(dir)
	o.Self = filepath.Join(u.home, "it's \\ a \"place\"; #1 of 100%d für $HOME", "nbseal")
	u.put(o.Self, standIn, 0o755)
	u.install(o)
	for _, name := range []string{"n'1.ipynb", "$n\" 2.ipynb"} {
		u.put(filepath.Join(dir, name), "plain\n", 0o644)
		u.git(dir, "add", name)
		if got := u.git(dir, "cat-file", "blob", ":"+name); got != "CLEAN\n" {
			t.Errorf("the index has %q", got)
		}
		// From here on as a git that has no long-running filters.
		try(t, dir, "config", "--unset", "filter.nbseal.process")
	}
	if err := os.WriteFile(filepath.Join(dir, "sub", "a.ipynb"), []byte("plain more\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := u.git(dir, "diff", "--cached", "n'1.ipynb"); !strings.Contains(got, "+SHOWN") {
		t.Errorf("diff gives %q", got)
	}
	if got := u.git(dir, "diff", "sub/a.ipynb"); !strings.Contains(got, "+SHOWN more") {
		t.Errorf("diff gives %q", got)
	}
}

func TestPrePush(t *testing.T) {
	u := newUser(t)
	dir, remote := u.repository("--initial-branch=trunk"), filepath.Join(t.TempDir(), "remote.git")
	u.git(dir, "init", "-q", "--bare", remote)
	u.git(dir, "remote", "add", "origin", remote)
	u.put(filepath.Join(dir, ".git", "hooks", "pre-push"), "#!/bin/sh\nsed 's/^/theirs reads /' >>\"$LOG\"; echo \"theirs $1\" >>\"$LOG\"; exit \"${THEIRS:-0}\"\n", 0o755)
	u.install(u.options(dir))
	head := strings.TrimSpace(u.git(dir, "rev-parse", "HEAD"))
	line := "refs/heads/trunk " + head + " refs/heads/trunk " + strings.Repeat("0", len(head)) + "\n"

	t.Setenv("VERDICT", "1")
	if err := try(t, dir, "push", "-q", "origin", "trunk"); err == nil {
		t.Error("git pushes though nbseal says no")
	}
	if got := u.logged(); got != "nbseal scan --pre-push\nnbseal reads "+line {
		t.Errorf("hooks ran as %q", got)
	}
	t.Setenv("VERDICT", "0")
	t.Setenv("THEIRS", "1")
	if err := try(t, dir, "push", "-q", "origin", "trunk"); err == nil {
		t.Error("git pushes though the hook that was there says no")
	}
	t.Setenv("THEIRS", "0")
	u.logged()
	u.git(dir, "push", "-q", "origin", "trunk")
	if got := u.logged(); got != "nbseal scan --pre-push\nnbseal reads "+line+"theirs reads "+line+"theirs origin\n" {
		t.Errorf("hooks ran as %q", got)
	}
}

func TestBare(t *testing.T) {
	u := newUser(t)
	dir, remote := u.repository("--initial-branch=trunk"), filepath.Join(t.TempDir(), "remote.git")
	u.git(dir, "init", "-q", "--bare", remote)
	before := snapshot(t, remote)
	if r := u.check(remote); states(r) != "pre-receive missing" {
		t.Errorf("check: %+v", r.Items)
	}
	u.install(u.options(remote))
	if r := u.check(remote); states(r) != "pre-receive ok" || !r.Guarded {
		t.Errorf("check: %+v", r.Items)
	}
	t.Setenv("VERDICT", "1")
	if err := try(t, dir, "push", "-q", remote, "trunk"); err == nil {
		t.Error("the server takes what nbseal refuses")
	}
	head := strings.TrimSpace(u.git(dir, "rev-parse", "HEAD"))
	if got := u.logged(); got != "nbseal scan --pre-receive\nnbseal reads "+strings.Repeat("0", len(head))+" "+head+" refs/heads/trunk\n" {
		t.Errorf("hooks ran as %q", got)
	}
	u.uninstall(u.options(remote))
	same(t, before, snapshot(t, remote))
}

// TestManagers finds hooks that other programs look after, and leaves them.
func TestManagers(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(u *user, dir string)
		told    map[string]string // files with the lines that the plan asks for
	}{
		{"husky", func(u *user, dir string) {
			u.put(filepath.Join(dir, ".husky", "_", "pre-commit"), "#!/bin/sh\n. \"$(dirname \"$0\")/h\"\n", 0o755)
			u.put(filepath.Join(dir, ".husky", "_", "pre-push"), "#!/bin/sh\n. \"$(dirname \"$0\")/h\"\n", 0o755)
			u.git(dir, "config", "core.hooksPath", ".husky/_")
		}, map[string]string{".husky/pre-commit": "nbseal scan --staged\n", ".husky/pre-push": "nbseal scan --pre-push\n"}},
		{"lefthook", func(u *user, dir string) {
			u.put(filepath.Join(dir, "lefthook.yml"), "# nbseal scan --staged\n", 0o644)
			u.put(filepath.Join(dir, ".git", "hooks", "pre-commit"), "#!/bin/sh\ncall_lefthook run \"pre-commit\" \"$@\"\n", 0o755)
			u.put(filepath.Join(dir, ".git", "hooks", "pre-push"), "#!/bin/sh\ncall_lefthook run \"pre-push\" \"$@\"\n", 0o755)
		}, map[string]string{"lefthook.yml": "pre-commit:\n  commands:\n    nbseal:\n      run: nbseal scan --staged\npre-push:\n  commands:\n    nbseal:\n      run: nbseal scan --pre-push\n      use_stdin: true\n"}},
		{"core.hooksPath of the user", func(u *user, dir string) {
			u.git(dir, "config", "--global", "core.hooksPath", "~/my hooks")
		}, map[string]string{"~/my hooks/pre-commit": "#!/bin/sh\nnbseal scan --staged\n", "~/my hooks/pre-push": "#!/bin/sh\nnbseal scan --pre-push\n"}},
		{"hooks in the repository", func(u *user, dir string) {
			u.git(dir, "config", "core.hooksPath", "tools")
			u.put(filepath.Join(dir, "tools", "pre-commit"), "#!/bin/sh\n:\n", 0o755)
			u.put(filepath.Join(dir, "tools", "pre-push"), "#!/bin/sh\n:\n", 0o755)
			u.git(dir, "add", "tools")
		}, map[string]string{"tools/pre-commit": "#!/bin/sh\nnbseal scan --staged\n", "tools/pre-push": "nbseal scan --pre-push\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := newUser(t)
			dir := u.repository()
			test.prepare(u, dir)
			before := snapshot(t, dir, u.home)
			plan := u.install(u.options(dir))
			if len(plan.Conflicts) != 2 {
				t.Fatalf("conflicts: %+v", plan.Conflicts)
			}
			asked := ""
			for _, c := range plan.Conflicts {
				asked += strings.Join(c.Do[1:], "\n") + "\n"
			}
			if r := u.check(dir); states(r) != "driver ok, program ok, attributes ok, pre-commit missing, pre-push missing" {
				t.Errorf("check: %+v", r.Items)
			}
			for file, text := range test.told {
				for line := range strings.Lines(text) {
					if line != "#!/bin/sh\n" && !strings.Contains(asked, line) {
						t.Errorf("%q is not among what the plan asks for: %q", line, asked)
					}
				}
				path := filepath.Join(dir, file)
				if rest, ok := strings.CutPrefix(file, "~"); ok {
					path = filepath.Join(u.home, rest)
				}
				was, _ := os.ReadFile(path)
				u.put(path, text, 0o755)
				t.Cleanup(func() { _ = was })
			}
			if r := u.check(dir); states(r) != allGuarded {
				t.Errorf("check, after it was told: %+v", r.Items)
			}
			if plan := u.install(u.options(dir)); len(plan.Steps)+len(plan.Conflicts) != 0 {
				t.Errorf("install, after it was told: %+v", plan)
			}
			if left := u.uninstall(u.options(dir)); len(left.Conflicts) != 2 {
				t.Errorf("what still calls nbseal: %+v", left.Conflicts)
			}
			after := snapshot(t, dir, u.home)
			for file := range test.told { // which we have written
				path := filepath.Join(dir, file)
				if rest, ok := strings.CutPrefix(file, "~"); ok {
					path = filepath.Join(u.home, rest)
					delete(after, filepath.Dir(path))
				}
				delete(before, path)
				delete(after, path)
			}
			same(t, before, after)
		})
	}
}

// TestPreCommitFramework uses the real one, before and after nbseal.
func TestPreCommitFramework(t *testing.T) {
	u := newUser(t)
	dir := u.repository()
	const config = "repos:\n- repo: local\n  hooks:\n  - {id: own, name: own, entry: sh -c 'echo theirs >>\"$LOG\"', language: system, always_run: true, pass_filenames: false}\n"
	const ours = "  - {id: nbseal-scan, name: ours, entry: nbseal scan --staged, language: system, always_run: true, pass_filenames: false}\n"
	u.put(filepath.Join(dir, ".pre-commit-config.yaml"), config, 0o644)
	u.git(dir, "add", ".pre-commit-config.yaml")
	framework := func(args ...string) { run(t, dir, "pre-commit", args...) }

	// nbseal, then the framework, which keeps our hook and runs it.
	before := snapshot(t, filepath.Join(dir, ".git", "hooks"))
	u.install(u.options(dir))
	framework("install")
	if err := commit(t, dir); err != nil || u.logged() != "nbseal scan --staged\ntheirs\n" {
		t.Errorf("hooks did not run in turn: %v", err)
	}
	if r := u.check(dir); states(r) != allGuarded {
		t.Errorf("check: %+v", r.Items)
	}
	if plan := u.install(u.options(dir)); len(plan.Steps)+len(plan.Conflicts) != 0 {
		t.Errorf("install once more: %+v", plan)
	}
	u.uninstall(u.options(dir))
	if err := commit(t, dir); err != nil || u.logged() != "theirs\n" {
		t.Errorf("after uninstall: %v", err)
	}
	framework("uninstall")
	same(t, before, snapshot(t, filepath.Join(dir, ".git", "hooks")))

	// The framework, then nbseal, which says what to add.
	framework("install")
	plan := u.install(u.options(dir))
	if len(plan.Conflicts) != 1 || !strings.Contains(strings.Join(plan.Conflicts[0].Do, "\n"), "id: nbseal-scan") {
		t.Errorf("conflicts: %+v", plan.Conflicts)
	}
	if r := u.check(dir); states(r) != "driver ok, program ok, attributes ok, pre-commit missing, pre-push ok" {
		t.Errorf("check: %+v", r.Items)
	}
	u.put(filepath.Join(dir, ".pre-commit-config.yaml"), config+ours, 0o644)
	u.git(dir, "add", ".pre-commit-config.yaml")
	if r := u.check(dir); states(r) != allGuarded {
		t.Errorf("check: %+v", r.Items)
	}
	if err := commit(t, dir); err != nil || u.logged() != "theirs\nnbseal scan --staged\n" {
		t.Errorf("the framework does not run nbseal: %v", err)
	}
}

// TestManifest has the framework judge the file that its users refer to.
func TestManifest(t *testing.T) {
	newUser(t)
	run(t, "../..", "pre-commit", "validate-manifest", ".pre-commit-hooks.yaml")
	b, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"nbseal-scan", "nbseal-clean", "nbseal-fix"} {
		if !strings.Contains(string(b), "- id: "+id+"\n") {
			t.Errorf("there is no %s", id)
		}
	}
}
