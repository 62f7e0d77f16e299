package gitfilter_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/gitfilter"
	"github.com/nbseal/nbseal/internal/gitx"
)

// The test binary is the filter that git starts when filterMode is set.
const (
	filterMode = "GITFILTER_TEST_MODE" // "clean", or what to do wrong
	filterLog  = "GITFILTER_TEST_LOG"  // a file: one line per start and per file cleaned
	filterDial = "GITFILTER_TEST_DIAL" // an address: who answers there lets the filter go on
)

// What the filter takes out, and what it puts there.
const (
	private = "private-value"
	sealed  = "[sealed]"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(filterMode); mode != "" {
		if err := filter(mode); err != nil {
			fmt.Fprintln(os.Stderr, "filter:", err)
			os.Exit(2)
		}
		return
	}
	os.Exit(m.Run())
}

func filter(mode string) error {
	note("start")
	f := gitfilter.Filter{
		Limit:   256 << 20,
		Refused: func(path string, err error) { fmt.Fprintf(os.Stderr, "filter: %q: %v\n", path, err) },
		Clean: func(_ context.Context, f gitfilter.File) ([]byte, error) {
			note("clean " + f.Path)
			switch name := path.Base(f.Path); {
			case mode == "pass":
				return f.Content, nil
			case strings.HasPrefix(name, "fail"):
				return nil, errors.New("refused")
			case strings.HasPrefix(name, "abort"):
				return nil, gitfilter.ErrAbort
			case strings.HasPrefix(name, "panic"):
				panic(string(f.Content))
			case strings.HasPrefix(name, "exit"):
				os.Exit(0)
			case strings.HasPrefix(name, "wait") && os.Getenv(filterDial) != "":
				if err := wait(); err != nil {
					return nil, err
				}
			}
			return bytes.ReplaceAll(f.Content, []byte(private), []byte(sealed)), nil
		},
	}
	var in io.Reader = os.Stdin
	if mode == "clean-only" {
		in = &replacer{from: "capability=smudge", to: "capability=smurfs"}
	}
	return f.Serve(context.Background(), in, os.Stdout)
}

// replacer replaces one word in what git says.
type replacer struct {
	from, to string
	done     bool
}

func (r *replacer) Read(p []byte) (int, error) {
	n, err := os.Stdin.Read(p)
	if at := bytes.Index(p[:n], []byte(r.from)); at >= 0 && !r.done {
		copy(p[at:], r.to)
		r.done = true
	}
	return n, err
}

func note(what string) {
	name := os.Getenv(filterLog)
	if name == "" {
		return
	}
	log, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(log, what)
	log.Close()
}

// wait tells the test which process waits, and goes on when the test says so.
func wait() error {
	conn, err := net.Dial("tcp", os.Getenv(filterDial))
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Fprintln(conn, os.Getpid())
	_, err = conn.Read(make([]byte, 1))
	return err
}

// withGit runs a test with the git of PATH, whose version is in the test's name:
// make test runs them with several.
func withGit(t *testing.T, f func(t *testing.T, program string)) {
	version, err := gitx.Git{}.Line(t.Context(), "version")
	if err != nil {
		t.Fatal(err)
	}
	t.Run(strings.ReplaceAll(version, " ", "-"), func(t *testing.T) { f(t, "git") })
}

// repo is a repository whose notebooks go through the filter.
type repo struct {
	t *testing.T
	gitx.Git
	log string
}

// config is the user's configuration: the filter and a name.
func config(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	self = filepath.ToSlash(self)
	if strings.ContainsAny(self, `'"\`) {
		t.Fatalf("the path %s cannot be quoted", self)
	}
	name := filepath.Join(t.TempDir(), "config")
	text := "[filter \"test\"]\n\tprocess = '" + self + "'\n\trequired = true\n" +
		"[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n" +
		"[protocol \"file\"]\n\tallow = always\n[advice]\n\tdetachedHead = false\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n"
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func newRepo(t *testing.T, program string, initArgs ...string) *repo {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	r := &repo{t: t, log: log, Git: gitx.Git{Dir: t.TempDir(), Program: program, Env: []string{
		"GIT_CONFIG_GLOBAL=" + config(t), "GIT_CONFIG_NOSYSTEM=1", "HOME=" + t.TempDir(), "XDG_CONFIG_HOME=",
		filterMode + "=clean", filterLog + "=" + log,
		"GORACE=atexit_sleep_ms=0", // a filter built with -race would sleep for a second at its end, and git wait for it
	}}}
	// Gits before 2.32 know GIT_CONFIG_GLOBAL not yet, and read HOME.
	global, home := r.Env[0][len("GIT_CONFIG_GLOBAL="):], r.Env[2][len("HOME="):]
	text, err := os.ReadFile(global)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	r.git(append([]string{"init", "-q"}, initArgs...)...)
	r.git("symbolic-ref", "HEAD", "refs/heads/main")
	r.write(".gitattributes", "*.nb filter=test\n")
	r.git("add", ".gitattributes")
	r.git("commit", "-qm", "attributes")
	return r
}

// at is the same in another folder.
func (r *repo) at(dir string) *repo {
	other := *r
	other.Dir = dir
	return &other
}

// with is the same with more of an environment.
func (r *repo) with(env ...string) *repo {
	other := *r
	other.Env = append(append([]string(nil), r.Env...), env...)
	return &other
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	out, err := r.Output(r.t.Context(), args...)
	if err != nil {
		r.t.Fatal(err, complaint(err))
	}
	return string(out)
}

// fails runs a git that must not succeed and returns what it said.
func (r *repo) fails(args ...string) string {
	r.t.Helper()
	_, err := r.Output(r.t.Context(), args...)
	if gitx.ExitCode(err) == 0 {
		r.t.Fatalf("git %v: %v, want a failure", args, err)
	}
	return complaint(err)
}

func complaint(err error) string {
	if e, ok := errors.AsType[*gitx.Error](err); ok {
		return e.Stderr
	}
	return ""
}

func (r *repo) path(name string) string { return filepath.Join(r.Dir, filepath.FromSlash(name)) }

func (r *repo) write(name, content string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Dir(r.path(name)), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(r.path(name), []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) read(name string) string {
	r.t.Helper()
	b, err := os.ReadFile(r.path(name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

// holds checks what a file has in the work tree.
func (r *repo) holds(name, want string) {
	r.t.Helper()
	if got := r.read(name); got != want {
		r.t.Errorf("%s holds %.200q, want %.200q", name, got, want)
	}
}

// stores checks what a file has in the index.
func (r *repo) stores(name, want string) {
	r.t.Helper()
	if got := r.git("cat-file", "blob", ":"+name); got != want {
		r.t.Errorf("the index has %d bytes of %s, %.200q, want %d bytes, %.200q", len(got), name, got, len(want), want)
	}
}

// clean checks that git sees no change, and that no object holds what the filter
// takes out, reachable or not.
func (r *repo) clean() {
	r.t.Helper()
	if got := r.git("status", "--porcelain"); got != "" {
		r.t.Errorf("status: %s", got)
	}
	r.sealed()
}

func (r *repo) sealed() {
	r.t.Helper()
	list := r.git("cat-file", "--batch-check=%(objectname) %(objecttype)", "--batch-all-objects")
	blobs := 0
	var ask strings.Builder
	for entry := range strings.Lines(list) {
		if name, kind, _ := strings.Cut(entry, " "); kind == "blob\n" {
			blobs++
			fmt.Fprintln(&ask, name)
		}
	}
	if blobs == 0 {
		r.t.Error("no blobs to look at")
	}
	out, err := r.Feed(r.t.Context(), strings.NewReader(ask.String()), "cat-file", "--batch")
	if err != nil {
		r.t.Fatal(err)
	}
	if bytes.Contains(out, []byte(private)) {
		r.t.Errorf("what the filter takes out is in an object of %s", r.Dir)
	}
}

// count is how many lines of the log begin with a word.
func (r *repo) count(word string) (n int) {
	r.t.Helper()
	for entry := range strings.Lines(r.logged()) {
		if strings.HasPrefix(entry, word) {
			n++
		}
	}
	return n
}

func (r *repo) logged() string {
	r.t.Helper()
	b, err := os.ReadFile(r.log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.t.Fatal(err)
	}
	return string(b)
}

// forget empties the log.
func (r *repo) forget() {
	if err := os.RemoveAll(r.log); err != nil {
		r.t.Fatal(err)
	}
}
