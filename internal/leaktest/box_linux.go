package leaktest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Box is a place to run programs in, with a home of its own, and the record of
// what they did there. Its methods may be used by one goroutine at a time.
type Box struct {
	t    testing.TB
	root string // everything a program may write to
	logs string // the traces, which hold canaries: not below root

	canaries []canary
	given    map[string]bool // names of canaries that some program was given
	allowed  []allowance
	procs    []*Proc
	checked  bool
}

// allowance excuses canaries in some places.
type allowance struct {
	excuses  func(Leak) bool
	canaries []string // all if empty
}

// New returns a Box that is checked when the test ends.
func New(t testing.TB) *Box {
	t.Helper()
	b := newBox(t)
	t.Cleanup(b.Check)
	return b
}

func newBox(t testing.TB) *Box {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatalf("leaktest: %v; tools/debian-packages installs it", err)
	}
	b := &Box{t: t, root: t.TempDir(), logs: t.TempDir(), given: map[string]bool{}}
	for _, dir := range []string{"work", "home", "tmp", "config", "data", "state", "cache", "run"} {
		if err := os.Mkdir(filepath.Join(b.root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// Path returns the absolute path of elem in the folder that programs start in.
func (b *Box) Path(elem ...string) string {
	return filepath.Join(append([]string{b.root, "work"}, elem...)...)
}

// Root returns the folder above Path, home, tmp, config, data, state, cache and
// run; the latter seven are what HOME, TMPDIR, XDG_*_HOME and XDG_RUNTIME_DIR
// name.
func (b *Box) Root() string { return b.root }

// Env returns the environment that programs start with, as NAME=value: PATH and
// LANG of the test, and the folders of the box.
func (b *Box) Env() []string {
	dir := func(name string) string { return filepath.Join(b.root, name) }
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"LANG=C.UTF-8",
		"USER=canary",
		"HOME=" + dir("home"),
		"TMPDIR=" + dir("tmp"),
		"XDG_CONFIG_HOME=" + dir("config"),
		"XDG_DATA_HOME=" + dir("data"),
		"XDG_STATE_HOME=" + dir("state"),
		"XDG_CACHE_HOME=" + dir("cache"),
		"XDG_RUNTIME_DIR=" + dir("run"),
	}
}

// Canary returns a new value that is searched for from now on. The name stands
// for it in failures; it is used once.
func (b *Box) Canary(name string, shape Shape) string {
	b.t.Helper()
	if slices.ContainsFunc(b.canaries, func(c canary) bool { return c.name == name }) {
		b.t.Fatalf("leaktest: there is a canary %q already", name)
	}
	c := newCanary(name, shape)
	b.canaries = append(b.canaries, c)
	return c.value
}

// Write makes a file of the scenario, with its folders, at a path relative to
// the folder that programs start in. A canary in data counts as given; the file
// that holds it must be excused with AllowFile or be rid of it at the end.
func (b *Box) Write(path, data string) {
	b.t.Helper()
	path = b.Path(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.Given(data)
}

// Given records that whatever canaries text holds have reached the scenario. It
// is needed only for ways that the box does not see, such as a server of the
// test.
func (b *Box) Given(text string) {
	for _, hit := range newSearcher(b.canaries).Search([]byte(text)) {
		b.given[hit.Canary] = true
	}
}

// AllowFile lets a file, or everything below a folder, hold the named canaries,
// or all of them if none is named. The path is relative to the folder that
// programs start in, or absolute. Objects of a git repository are at
// objects/ID below its git directory.
func (b *Box) AllowFile(path string, canaries ...string) {
	if !filepath.IsAbs(path) {
		path = b.Path(path)
	}
	b.allow(canaries, func(l Leak) bool {
		return l.Channel == File && (l.Place == path || strings.HasPrefix(l.Place, path+"/"))
	})
}

// AllowEnv lets processes of a program hold canaries in the environment that
// they are started with. A program is the last element of the path that was
// executed: "python3", not what the link points to.
func (b *Box) AllowEnv(program string, canaries ...string) {
	b.allow(canaries, func(l Leak) bool { return l.Channel == Env && l.Program == program })
}

// AllowPipe lets processes of a program write canaries to pipes, terminals and
// anonymous memory. Standard output and error are not meant; see Cmd.
func (b *Box) AllowPipe(program string, canaries ...string) {
	b.allow(canaries, func(l Leak) bool { return l.Channel == Pipe && l.Program == program })
}

// AllowSocket lets processes of a program write canaries to sockets whose
// description by strace contains part, such as "UNIX-STREAM" or
// "->127.0.0.1:8888".
func (b *Box) AllowSocket(program, part string, canaries ...string) {
	b.allow(canaries, func(l Leak) bool {
		return l.Channel == Socket && l.Program == program && strings.Contains(l.Place, part)
	})
}

func (b *Box) allow(canaries []string, excuses func(Leak) bool) {
	b.t.Helper()
	for _, name := range canaries {
		if !slices.ContainsFunc(b.canaries, func(c canary) bool { return c.name == name }) {
			b.t.Fatalf("leaktest: there is no canary %q to allow", name)
		}
	}
	b.allowed = append(b.allowed, allowance{excuses, canaries})
}

// Check ends every program that still runs and fails the test for each leak.
// It runs by itself when the test ends; calling it earlier is allowed.
func (b *Box) Check() {
	b.t.Helper()
	if b.checked {
		return
	}
	leaks, err := b.leaks()
	if err != nil {
		b.t.Errorf("leaktest: %v", err)
	}
	for _, l := range leaks {
		b.t.Errorf("leaktest: %v", l)
	}
}

// leaks ends the programs, searches everywhere and returns what is not excused.
// An error means that not everything could be searched.
func (b *Box) leaks() ([]Leak, error) {
	b.checked = true
	var errs []string
	fail := func(format string, args ...any) { errs = append(errs, fmt.Sprintf(format, args...)) }

	search := newSearcher(b.canaries)
	var found []Leak
	for _, p := range b.procs {
		if err := p.end(); err != nil {
			fail("%v", err)
			continue
		}
		found = append(found, p.outputLeaks(search)...)
		leaks, err := p.traceLeaks(search, b.root)
		if err != nil {
			fail("%v", err)
		}
		found = append(found, leaks...)
	}
	leaks, err := searchTree(search, b.root)
	if err != nil {
		fail("%v", err)
	}
	found = append(found, leaks...)

	for _, c := range b.canaries {
		if !b.given[c.name] && !b.t.Failed() { // a test that failed early says why
			fail("no program was given the canary %q, so nothing is proved about it", c.name)
		}
	}
	if (len(b.canaries) == 0 || len(b.procs) == 0) && !b.t.Failed() {
		fail("no canary, or no program that ran: nothing is proved")
	}
	if errs != nil {
		err = fmt.Errorf("not all could be searched: %s", strings.Join(errs, "; "))
	}
	return distinctLeaks(slices.DeleteFunc(found, b.excused)), err
}

func (b *Box) excused(l Leak) bool {
	return slices.ContainsFunc(b.allowed, func(a allowance) bool {
		return a.excuses(l) && (len(a.canaries) == 0 || slices.Contains(a.canaries, l.Canary))
	})
}

// Build compiles a package of this module, given by its import path, and
// returns the program's path. It is not below the box.
func (b *Box) Build(pkg string) string {
	b.t.Helper()
	exe := filepath.Join(b.t.TempDir(), filepath.Base(pkg))
	if out, err := exec.CommandContext(b.t.Context(), "go", "build", "-o", exe, pkg).CombinedOutput(); err != nil {
		b.t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return exe
}
