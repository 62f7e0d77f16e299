package guard_test

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/gitx"
	"github.com/nbseal/nbseal/internal/guard"
)

// standIn answers as nbseal's verbs do, and notes how hooks call it: what is
// tested here is that git and hooks run the right command, with the right input.
const standIn = `#!/bin/sh
case "$1" in
--version) echo nbseal test ;;
clean) sed s/plain/CLEAN/ ;;
filter-process) GUARD_TEST_FILTER=1 exec "$GUARD_TEST" ;;
textconv) sed s/plain/SHOWN/ "$2" ;;
scan) echo "nbseal $*" >>"$LOG"; test "$2" = --staged || sed 's/^/nbseal reads /' >>"$LOG"; exit "${VERDICT:-0}" ;;
*) exit 3 ;;
esac
`

func TestMain(m *testing.M) {
	if os.Getenv("GUARD_TEST_FILTER") != "" {
		filterProcess(os.Stdin, os.Stdout)
		return
	}
	os.Exit(m.Run())
}

// filterProcess is the stand-in's side of git's long-running filter protocol:
// https://git-scm.com/docs/gitattributes#_long_running_filter_process
func filterProcess(r io.Reader, w io.Writer) {
	list := func() (all string, ok bool) {
		for {
			var head [4]byte
			if _, err := io.ReadFull(r, head[:]); err != nil {
				return all, false
			}
			n, err := strconv.ParseUint(string(head[:]), 16, 16)
			if err != nil || n == 0 {
				return all, err == nil
			}
			b := make([]byte, n-4)
			if _, err := io.ReadFull(r, b); err != nil {
				return all, false
			}
			all += string(b)
		}
	}
	say := func(lines ...string) {
		for _, l := range lines {
			fmt.Fprintf(w, "%04x%s", len(l)+4, l)
		}
		io.WriteString(w, "0000")
	}
	list() // git-filter-client, version
	say("git-filter-server\n", "version=2\n")
	list() // capabilities
	say("capability=clean\n")
	for {
		if _, ok := list(); !ok { // command, pathname
			return
		}
		content, _ := list()
		say("status=success\n")
		say(strings.ReplaceAll(content, "plain", "CLEAN"))
		say()
	}
}

// user is somebody with git, nbseal in PATH, and no configuration.
type user struct {
	t    *testing.T
	home string
	self string // path of nbseal
	log  string
}

func newUser(t *testing.T) *user {
	t.Helper()
	home := t.TempDir()
	u := &user{t, home, filepath.Join(home, "bin", "nbseal"), filepath.Join(home, "log")}
	u.put(u.self, standIn, 0o755)
	// No git tidies up in the background, and none minds who runs it.
	u.put(filepath.Join(home, ".gitconfig"), "[maintenance]\n\tauto = false\n[gc]\n\tauto = 0\n[safe]\n\tdirectory = *\n", 0o644)
	for name, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": "", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "",
		"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
		"GIT_ALLOW_PROTOCOL": "file", "VIRTUAL_ENV": "", "CONDA_PREFIX": "", "LOG": u.log,
		"GUARD_TEST": os.Args[0],
		"PATH":       filepath.Dir(u.self) + string(os.PathListSeparator) + os.Getenv("PATH"),
	} {
		t.Setenv(name, value)
	}
	// An empty GIT_CONFIG_GLOBAL is one that is set.
	os.Unsetenv("GIT_CONFIG_GLOBAL")
	return u
}

func (u *user) put(path, content string, mode fs.FileMode) {
	u.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		u.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		u.t.Fatal(err)
	}
}

func (u *user) read(path string) string {
	u.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		u.t.Fatal(err)
	}
	return string(b)
}

// git runs git in dir and returns what it wrote.
func (u *user) git(dir string, args ...string) string {
	u.t.Helper()
	out, err := gitx.Git{Dir: dir}.Output(u.t.Context(), args...)
	if err != nil {
		u.t.Fatalf("git %v: %v", args, err)
	}
	return string(out)
}

// repository makes one with a commit of a notebook.
func (u *user) repository(options ...string) string {
	u.t.Helper()
	dir := filepath.Join(u.t.TempDir(), "a b's \"ü\"")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		u.t.Fatal(err)
	}
	u.git(dir, append([]string{"init", "-q"}, options...)...)
	u.put(filepath.Join(dir, "sub", "a.ipynb"), "plain\n", 0o644)
	// So old that git need not read it again to know that it is unchanged.
	if err := os.Chtimes(filepath.Join(dir, "sub", "a.ipynb"), time.Unix(1e9, 0), time.Unix(1e9, 0)); err != nil {
		u.t.Fatal(err)
	}
	u.git(dir, "add", ".")
	u.git(dir, "commit", "-q", "-m", "first")
	return dir
}

func (u *user) options(dir string) guard.Options {
	return guard.Options{Git: gitx.Git{Dir: dir}, Self: u.self}
}

func (u *user) install(o guard.Options) *guard.Plan {
	u.t.Helper()
	plan, err := guard.Install(u.t.Context(), o)
	if err != nil {
		u.t.Fatal(err)
	}
	if err := plan.Apply(u.t.Context()); err != nil {
		u.t.Fatal(err)
	}
	return plan
}

func (u *user) uninstall(o guard.Options) *guard.Plan {
	u.t.Helper()
	plan, err := guard.Uninstall(u.t.Context(), o)
	if err != nil {
		u.t.Fatal(err)
	}
	if err := plan.Apply(u.t.Context()); err != nil {
		u.t.Fatal(err)
	}
	return plan
}

func (u *user) check(dir string) *guard.Report {
	u.t.Helper()
	r, err := guard.Check(u.t.Context(), u.options(dir), "nbseal test", nil)
	if err != nil {
		u.t.Fatal(err)
	}
	return r
}

// states are the items of a report as "name state".
func states(r *guard.Report) string {
	var all []string
	for _, i := range r.Items {
		all = append(all, i.Name+" "+string(i.State))
	}
	return strings.Join(all, ", ")
}

const allGuarded = "driver ok, program ok, attributes ok, pre-commit ok, pre-push ok"

// snapshot is all files below the directories, with content, mode and links.
// What git itself writes while it is asked is left out.
func snapshot(t *testing.T, dirs ...string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			what := info.Mode().String()
			switch {
			case d.Type()&fs.ModeSymlink != 0:
				target, err := os.Readlink(path)
				if err != nil {
					return err
				}
				what += " " + target
			case d.Type().IsRegular():
				b, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				what += " " + string(b)
			}
			all[path] = what
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func same(t *testing.T, before, after map[string]string) {
	t.Helper()
	for path, what := range before {
		if after[path] != what {
			t.Errorf("%s was\n%.300q, is\n%.300q", path, what, after[path])
		}
	}
	for path := range after {
		if _, ok := before[path]; !ok {
			t.Errorf("%s is new: %.300q", path, after[path])
		}
	}
}

// made is a kind of repository: its work tree, and where all of its files are.
type made struct {
	name string
	make func(u *user) (dir string, all []string)
}

func plain(prepare func(u *user, dir string), options ...string) func(*user) (string, []string) {
	return func(u *user) (string, []string) {
		dir := u.repository(options...)
		if prepare != nil {
			prepare(u, dir)
		}
		return dir, []string{dir}
	}
}

var repositories = []made{
	{"plain", plain(nil)},
	{"sha256, trunk", plain(nil, "--object-format=sha256", "--initial-branch=trunk")},
	{"separate git directory", func(u *user) (string, []string) {
		store := filepath.Join(u.t.TempDir(), "it's.git")
		dir := u.repository("--separate-git-dir", store)
		return dir, []string{dir, store}
	}},
	{"no templates", plain(nil, "--template=")},
	{"attributes with CRLF", plain(func(u *user, dir string) {
		u.put(filepath.Join(dir, ".gitattributes"), "# first\r\n* text=auto\r\n*.png filter=lfs diff=lfs\r\n# own\r\ndata/*.ipynb -diff\r\n\r\n", 0o664)
	})},
	{"attributes without an end", plain(func(u *user, dir string) {
		u.put(filepath.Join(dir, ".gitattributes"), "*.csv text", 0o600)
	})},
	{"empty attributes", plain(func(u *user, dir string) { u.put(filepath.Join(dir, ".gitattributes"), "", 0o644) })},
	{"configuration with CRLF", plain(func(u *user, dir string) {
		file := filepath.Join(dir, ".git", "config")
		u.put(file, strings.ReplaceAll(u.read(file), "\n", "\r\n")+"[user]\r\n\tname = Ada", 0o640)
	})},
	{"hooks", plain(func(u *user, dir string) {
		u.put(filepath.Join(dir, ".git", "hooks", "pre-commit"), "#!/bin/sh\necho theirs >>\"$LOG\"\n", 0o750)
		u.put(filepath.Join(dir, ".git", "hooks", "pre-push"), "#!/bin/sh\nexit 9", 0o644) // git ignores it
	})},
	{"hook that is a link", plain(func(u *user, dir string) {
		u.put(filepath.Join(dir, "tools", "check"), "#!/bin/sh\n:\n", 0o755)
		if err := os.Symlink("../../tools/check", filepath.Join(dir, ".git", "hooks", "pre-commit")); err != nil {
			u.t.Fatal(err)
		}
		if err := os.Symlink("nowhere", filepath.Join(dir, ".git", "hooks", "pre-push")); err != nil {
			u.t.Fatal(err)
		}
	})},
	{"own core.hooksPath", plain(func(u *user, dir string) { u.git(dir, "config", "core.hooksPath", "tools/hooks") })},
	{"sparse checkout", plain(func(u *user, dir string) {
		u.put(filepath.Join(dir, ".gitattributes"), "*.md text\n", 0o644)
		u.put(filepath.Join(dir, "other", "b.ipynb"), "plain\n", 0o644)
		u.git(dir, "add", ".")
		u.git(dir, "commit", "-q", "-m", "second")
		u.git(dir, "sparse-checkout", "init", "--cone")
		u.git(dir, "sparse-checkout", "set", "other")
	})},
	{"linked work tree", func(u *user) (string, []string) {
		dir := u.repository()
		linked := filepath.Join(u.t.TempDir(), "linked")
		u.git(dir, "worktree", "add", "-q", linked)
		return linked, []string{dir, linked}
	}},
	{"submodule", func(u *user) (string, []string) {
		inner, outer := u.repository(), u.repository()
		u.git(outer, "submodule", "--quiet", "add", inner, "inner")
		return filepath.Join(outer, "inner"), []string{outer}
	}},
}

func TestInstallAndUninstall(t *testing.T) {
	for _, m := range repositories {
		t.Run(m.name, func(t *testing.T) {
			u := newUser(t)
			dir, all := m.make(u)
			u.git(dir, "status") // git refreshes the index when it is asked
			before := snapshot(t, append(all, u.home)...)

			if r := u.check(dir); r.Guarded {
				t.Errorf("guarded before: %s", states(r))
			}
			plan := u.install(u.options(dir))
			if len(plan.Conflicts) > 0 {
				t.Errorf("conflicts: %q", plan.Conflicts)
			}
			if r := u.check(dir); states(r) != allGuarded || !r.Guarded {
				t.Errorf("after install: %+v", r.Items)
			}
			installed := snapshot(t, append(all, u.home)...)
			if again := u.install(u.options(filepath.Join(dir, "."))); len(again.Steps) != 0 {
				t.Errorf("twice is not once: %+v", again.Steps)
			}
			same(t, installed, snapshot(t, append(all, u.home)...))

			if plan := u.uninstall(u.options(dir)); len(plan.Conflicts) > 0 {
				t.Errorf("left: %q", plan.Conflicts)
			}
			same(t, before, snapshot(t, append(all, u.home)...))
			if again := u.uninstall(u.options(dir)); len(again.Steps) != 0 {
				t.Errorf("uninstalled twice: %+v", again.Steps)
			}
		})
	}
	if len(repositories) < 14 {
		t.Errorf("only %d kinds of repositories", len(repositories))
	}
}

// TestInterrupted ends an installation, and then its end, behind each step.
func TestInterrupted(t *testing.T) {
	for _, m := range repositories {
		if !slices.Contains([]string{"no templates", "hooks", "hook that is a link", "own core.hooksPath"}, m.name) {
			continue // the steps are those of one of these
		}
		t.Run(m.name, func(t *testing.T) {
			u := newUser(t)
			dir, all := m.make(u)
			u.git(dir, "status")
			before := snapshot(t, all...)
			steps := 1
			for n := 0; n < steps; n++ {
				plan, err := guard.Install(t.Context(), u.options(dir))
				if err != nil {
					t.Fatal(err)
				}
				steps = len(plan.Steps)
				plan.Steps = plan.Steps[:n]
				if err := plan.Apply(t.Context()); err != nil {
					t.Fatal(err)
				}
				if bad, err := guard.Unguarded(t.Context(), gitx.Git{Dir: dir}); bad || err != nil {
					t.Errorf("after %d steps attributes name a filter that is not there, %v", n, err)
				}
				if n%2 == 0 { // go on, or go back at once
					u.install(u.options(dir))
					if r := u.check(dir); states(r) != allGuarded {
						t.Errorf("resumed after %d steps: %+v", n, r.Items)
					}
				}
				back, err := guard.Uninstall(t.Context(), u.options(dir))
				if err != nil {
					t.Fatal(err)
				}
				back.Steps = back.Steps[:n*len(back.Steps)/steps]
				if err := back.Apply(t.Context()); err != nil {
					t.Fatal(err)
				}
				u.uninstall(u.options(dir))
				same(t, before, snapshot(t, all...))
				if t.Failed() {
					t.Fatalf("after %d of %d steps", n, steps)
				}
			}
			if steps < 5 {
				t.Errorf("only %d steps", steps)
			}
		})
	}
}

// TestFailure has each step fail in its turn, and looks that all is as it was.
func TestFailure(t *testing.T) {
	u := newUser(t)
	dir, all := repositories[slices.IndexFunc(repositories, func(m made) bool { return m.name == "hooks" })].make(u)
	u.git(dir, "status")
	before := snapshot(t, all...)
	for n := 0; ; n++ {
		plan, err := guard.Install(t.Context(), u.options(dir))
		if err != nil {
			t.Fatal(err)
		}
		if n == len(plan.Steps) {
			break
		}
		plan.Steps = slices.Insert(plan.Steps, n+1, guard.Step{What: "fail", Path: filepath.Join(dir, "no", "such", "directory")})
		if err := plan.Apply(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "fail: ") {
			t.Errorf("got %v", err)
		}
		same(t, before, snapshot(t, all...))
	}
	u.install(u.options(dir))
	installed := snapshot(t, all...)
	for n := 0; ; n++ {
		plan, err := guard.Uninstall(t.Context(), u.options(dir))
		if err != nil {
			t.Fatal(err)
		}
		if n == len(plan.Steps) {
			break
		}
		plan.Steps = slices.Insert(plan.Steps, n+1, guard.Step{What: "fail", Path: filepath.Join(dir, "no", "such", "directory")})
		if err := plan.Apply(t.Context()); err == nil {
			t.Error("the failing step did not fail")
		}
		same(t, installed, snapshot(t, all...))
	}
}
