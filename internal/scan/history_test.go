package scan_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/gitx"
	"github.com/nbseal/nbseal/internal/scan"
)

// repo is a repository made for a test, by git.
type repo struct {
	t   *testing.T
	dir string
	env []string
}

// isolated keeps the user's settings out of the tests.
var isolated = []string{
	"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_COUNT=2",
	"GIT_CONFIG_KEY_0=protocol.file.allow", "GIT_CONFIG_VALUE_0=always", "GIT_CONFIG_KEY_1=gc.auto", "GIT_CONFIG_VALUE_1=0",
	"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.org", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.org",
}

func newRepo(t *testing.T, args ...string) *repo {
	t.Helper()
	r := &repo{t: t, dir: t.TempDir(), env: isolated}
	r.git(append([]string{"init", "-q", "-b", "main"}, args...)...)
	return r
}

// at is the same repository or another one, elsewhere.
func (r *repo) at(dir string) *repo { return &repo{r.t, dir, r.env} }

func (r *repo) git(args ...string) string {
	r.t.Helper()
	return r.feed("", args...)
}

func (r *repo) feed(stdin string, args ...string) string {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "git", args...)
	cmd.Dir, cmd.Env, cmd.Stdin = r.dir, append(os.Environ(), r.env...), strings.NewReader(stdin)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, said.String())
	}
	return strings.TrimSpace(string(out))
}

// put writes a file and adds it to the index.
func (r *repo) put(name, content string) {
	r.t.Helper()
	write(r.t, r.dir, name, []byte(content))
	r.git("add", "-f", "--", name)
}

// day is a number of days after the first of all commits.
func day(n int) string { return fmt.Sprintf("%d +0100", 1_700_000_000+n*86_400) }

// commit commits what is in the index, on a day, and returns the id.
func (r *repo) commit(n int, subject string, args ...string) string {
	r.t.Helper()
	c := *r
	c.env = append(append([]string{}, r.env...), "GIT_AUTHOR_DATE="+day(n), "GIT_COMMITTER_DATE="+day(n))
	c.git(append([]string{"commit", "-q", "--allow-empty", "-m", subject}, args...)...)
	return r.git("rev-parse", "HEAD")
}

func (r *repo) gitx() gitx.Git { return gitx.Git{Dir: r.dir, Env: r.env} }

// events keeps what a scan says.
type events struct {
	findings     []finding.Finding
	fingerprints []string
	lines        []string
}

func (e *events) Finding(f finding.Finding, fingerprint string) error {
	e.findings, e.fingerprints = append(e.findings, f), append(e.fingerprints, fingerprint)
	line := fmt.Sprintf("%s:%d %s", f.Location.Path, f.Location.Line, f.Rule)
	if c := f.Commit; c != nil {
		line += fmt.Sprintf(" by %s in %q, %d versions, head %v, pushed %v, %v %v %v %v",
			c.Author, c.Subject, c.Versions, c.InHead, c.Pushed, c.Branches, c.Remotes, c.Tags, c.Others)
	}
	e.lines = append(e.lines, line)
	return nil
}

func (e *events) Risk(r finding.Risk) error {
	e.lines = append(e.lines, fmt.Sprintf("%s:%d %s", r.Location.Path, r.Location.Line, r.Rule))
	return nil
}

func (e *events) Unread(u finding.Unread) error {
	e.lines = append(e.lines, "unread "+u.Path+": "+u.Reason)
	return nil
}

func (e *events) want(t *testing.T, lines ...string) {
	t.Helper()
	if got, want := strings.Join(e.lines, "\n"), strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// history scans with one worker and with several, which must say the same.
func (r *repo) history(opt scan.HistoryOptions) (*events, finding.Summary) {
	r.t.Helper()
	opt.Git = r.gitx()
	var first *events
	var sum finding.Summary
	for _, jobs := range []int{1, 5} {
		opt.Jobs = jobs
		e := new(events)
		s, err := scan.History(r.t.Context(), opt, e)
		if err != nil {
			r.t.Fatal(err)
		}
		if first != nil && (strings.Join(e.lines, "\n") != strings.Join(first.lines, "\n") || strings.Join(e.fingerprints, "") != strings.Join(first.fingerprints, "")) {
			r.t.Errorf("%d workers say\n%s\none says\n%s", jobs, strings.Join(e.lines, "\n"), strings.Join(first.lines, "\n"))
		}
		first, sum = e, s
	}
	return first, sum
}

func leaky(seed uint64) string { return "hf_token = '" + token(seed) + "'\n" }

func (r *repo) notebook(name string, sources ...string) {
	r.t.Helper()
	r.put(name, string(notebook(r.t, sources...)))
}

func TestHistoryTellsWhereCredentialsAre(t *testing.T) {
	r := newRepo(t)
	r.put("clean.py", "x = 1\n")
	r.commit(0, "first")
	r.notebook("a.ipynb", "y = 2", leaky(1))
	r.git("add", ".")
	r.env = append(r.env, "GIT_AUTHOR_NAME=Grace")
	first := r.commit(1, "leaks")
	r.env = isolated
	r.notebook("a.ipynb", "y = 3", leaky(1))
	r.commit(2, "still there")
	r.git("tag", "-a", "-m", "x", "v1")
	r.notebook("a.ipynb", "y = 3", "hf_token = os.environ['T']")
	r.commit(3, "gone")
	r.git("branch", "side", "HEAD~3")
	r.put("b.py", leaky(2))
	r.commit(4, "another")
	r.git("mv", "b.py", "c.py")
	r.commit(5, "moved")
	far := r.at(t.TempDir())
	far.git("init", "-q", "--bare")
	r.git("push", "-q", far.dir, "HEAD~2:refs/heads/main")
	r.git("remote", "add", "origin", far.dir)
	r.git("fetch", "-q", "origin")
	e, s := r.history(scan.HistoryOptions{})
	e.want(t,
		`a.ipynb:1 huggingface-token by Grace in "leaks", 2 versions, head false, pushed true, [main] [origin/main] [v1] []`,
		`b.py:1 huggingface-token by Ada in "another", 1 versions, head true, pushed false, [main] [] [] []`,
		`c.py:1 huggingface-token by Ada in "moved", 1 versions, head true, pushed false, [main] [] [] []`,
	)
	if c := e.findings[0].Commit; c.ID != first || c.Email != "ada@example.org" || c.Date.Unix() != 1_700_086_400 || c.Refs != 3 || len(c.Blob) != 40 {
		t.Errorf("%+v", c)
	}
	if !s.Complete || s.Files != 5 || s.Notebooks != 3 || s.Commits != 6 || s.Findings != 3 {
		t.Errorf("%+v", s)
	}
}
