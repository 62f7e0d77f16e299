package scan_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/gitx"
	"github.com/nbseal/nbseal/internal/scan"
)

// names are the path, rule and subject of each finding.
func (e *events) names() string {
	var list []string
	for _, f := range e.findings {
		name := f.Location.Path
		if f.Commit != nil {
			name += " " + f.Commit.Subject
		}
		list = append(list, name)
	}
	return strings.Join(list, ", ")
}

func TestHistoryOfMerges(t *testing.T) {
	r := newRepo(t)
	r.put("a.py", "1\n")
	r.commit(0, "root")
	r.git("checkout", "-q", "-b", "side")
	r.put("side.py", leaky(1))
	r.commit(1, "on side")
	r.git("checkout", "-q", "main")
	r.put("b.py", "2\n")
	r.commit(2, "on main")
	r.git("merge", "-q", "--no-commit", "--no-ff", "side")
	r.put("a.py", leaky(2)) // of no parent
	r.commit(3, "evil merge")
	r.git("rm", "-q", "side.py", "a.py")
	r.commit(4, "all gone")
	// Another root, and the same credential brought in twice.
	r.git("checkout", "-q", "--orphan", "other")
	r.git("rm", "-q", "-r", "-f", ".")
	r.put("side.py", leaky(1))
	r.commit(5, "again")
	r.git("tag", "light")
	e, s := r.history(scan.HistoryOptions{})
	e.want(t,
		`a.py:1 huggingface-token by Ada in "evil merge", 1 versions, head false, pushed false, [main] [] [] []`,
		`side.py:1 huggingface-token by Ada in "on side", 1 versions, head true, pushed false, [main other side] [] [light] []`,
	)
	if s.Commits != 6 || !s.Complete {
		t.Errorf("%+v", s)
	}
}

func TestHistoryRanges(t *testing.T) {
	r := newRepo(t)
	r.put("nb/old.py", leaky(1))
	first := r.commit(0, "old")
	r.put("new.py", leaky(2)+leaky(1))
	second := r.commit(10, "new")
	r.put("nb/x.md", "text\n"+leaky(3))
	r.commit(20, "newest")
	since, err := r.gitx().ParseDate(t.Context(), "2023-11-20")
	if err != nil {
		t.Fatal(err)
	}
	a, b := id(t, first), id(t, second)
	for _, c := range []struct {
		opt  scan.HistoryOptions
		want string
	}{
		{scan.HistoryOptions{Revs: []string{first + "..HEAD"}}, "nb/x.md newest, new.py new, new.py new"},
		{scan.HistoryOptions{Revs: []string{"HEAD~1"}}, "nb/old.py old, new.py new, new.py new"},
		{scan.HistoryOptions{Since: since}, "nb/x.md newest, new.py new, new.py new"},
		{scan.HistoryOptions{Paths: []string{"nb"}}, "nb/old.py old, nb/x.md newest"},
		{scan.HistoryOptions{Paths: []string{"*.md"}}, "nb/x.md newest"},
		{scan.HistoryOptions{Tips: []gitx.ID{b}, Not: []gitx.ID{a}}, "new.py new, new.py new"},
		{scan.HistoryOptions{Only: true}, ""},
	} {
		e, s := r.history(c.opt)
		if strings.ReplaceAll(e.names(), "new.py new, new.py new, nb", "nb") != c.want && !sameSet(e.names(), c.want) || !s.Complete {
			t.Errorf("%+v: %s, want %s", c.opt, e.names(), c.want)
		}
		for _, f := range e.findings {
			if !f.Commit.InHead || fmt.Sprint(f.Commit.Branches) != "[main]" {
				t.Errorf("%+v", f.Commit)
			}
		}
	}
	for _, bad := range []string{"nowhere", "HEAD~50..HEAD", "--all"} {
		if _, err := scan.History(t.Context(), scan.HistoryOptions{Git: r.gitx(), Revs: []string{bad}}, new(events)); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
	for _, bad := range []string{"no date", "", "2999-01-01"} {
		if when, err := r.gitx().ParseDate(t.Context(), bad); err == nil {
			t.Errorf("%q is %v", bad, when)
		}
	}
	if _, err := scan.History(t.Context(), scan.HistoryOptions{Git: gitx.Git{Dir: t.TempDir(), Env: append([]string{"GIT_CEILING_DIRECTORIES=/"}, isolated...)}}, new(events)); gitx.ExitCode(err) == 0 {
		t.Errorf("without a repository: %v", err)
	}
}

func sameSet(a, b string) bool {
	x, y := map[string]int{}, map[string]int{}
	for s := range strings.SplitSeq(a, ", ") {
		x[s]++
	}
	for s := range strings.SplitSeq(b, ", ") {
		y[s]++
	}
	return fmt.Sprint(x) == fmt.Sprint(y)
}

func id(t *testing.T, text string) gitx.ID {
	t.Helper()
	i, err := gitx.ParseID(text)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestHistoryOfStashes(t *testing.T) {
	r := newRepo(t)
	r.put("a.py", "1\n")
	r.commit(0, "root")
	for n := uint64(1); n <= 2; n++ { // the first is named by the reflog alone afterwards
		write(t, r.dir, "a.py", []byte(leaky(n)))
		r.git("stash", "-q", "-m", fmt.Sprint(n))
	}
	write(t, r.dir, "untracked.py", []byte(leaky(3)))
	r.put("a.py", leaky(4))
	r.commit(1, "dropped")
	r.git("reset", "-q", "--hard", "HEAD~1")
	e, _ := r.history(scan.HistoryOptions{})
	if e.names() != "a.py On main: 2" || fmt.Sprint(e.findings[0].Commit.Others) != "[refs/stash]" {
		t.Errorf("without reflogs: %q", e.lines)
	}
	e, s := r.history(scan.HistoryOptions{Reflog: true})
	if !sameSet(e.names(), "a.py On main: 1, a.py On main: 2, a.py dropped") || !s.Complete {
		t.Errorf("with reflogs: %q", e.lines)
	}
}

func TestHistoryOfClones(t *testing.T) {
	r := newRepo(t)
	for n := range uint64(4) {
		r.put(fmt.Sprintf("%d.py", n), leaky(n))
		r.put("same.py", leaky(10+n))
		r.commit(int(n), fmt.Sprint(n))
	}
	r.git("config", "uploadpack.allowFilter", "true")
	r.git("config", "uploadpack.allowAnySHA1InWant", "true")
	url := "file://" + filepath.ToSlash(r.dir)
	t.Run("shallow", func(t *testing.T) {
		c := r.at(t.TempDir())
		c.git("clone", "-q", "--depth=2", url, ".")
		e, s := c.history(scan.HistoryOptions{})
		if e.lines[0] != "unread .: this clone is shallow: what was before is not in it (git fetch --unshallow gets it)" || s.Complete || s.Unread != 1 {
			t.Errorf("%q", e.lines)
		}
		// A range that does not come to the edge is whole.
		if e, s = c.history(scan.HistoryOptions{Revs: []string{"HEAD~1..HEAD"}}); !s.Complete || e.names() != "3.py 3, same.py 3" {
			t.Errorf("%q", e.lines)
		}
	})
	t.Run("partial", func(t *testing.T) {
		c := r.at(t.TempDir())
		c.git("clone", "-q", "--filter=blob:none", url, ".")
		const lacks = ": this clone is partial and lacks its content (--fetch gets it) (commit "
		e, s := c.history(scan.HistoryOptions{})
		text := strings.Join(e.lines, "\n")
		if s.Complete || s.Unread != 1 || s.Findings != 5 || !strings.Contains(text, "unread same.py"+lacks) || !strings.HasSuffix(text, " and 2 more)") {
			t.Errorf("%+v\n%s", s, text)
		}
		if got := c.git("rev-list", "--objects", "--all", "--missing=print"); strings.Count(got, "\n?") != 3 {
			t.Errorf("something was fetched:\n%s", got)
		}
		// What is about to be pushed is here.
		head, before := id(t, c.git("rev-parse", "HEAD")), id(t, c.git("rev-parse", "HEAD~1"))
		if e, s = c.history(scan.HistoryOptions{Only: true, Tips: []gitx.ID{head}, Not: []gitx.ID{before}}); !s.Complete || s.Findings != 2 {
			t.Errorf("%+v %q", s, e.lines)
		}
		if e, s = c.history(scan.HistoryOptions{Fetch: true}); !s.Complete || s.Findings != 8 {
			t.Errorf("fetched: %+v %q", s, e.lines)
		}
	})
	t.Run("treeless", func(t *testing.T) {
		c := r.at(t.TempDir())
		c.git("clone", "-q", "--filter=tree:0", url, ".")
		e, s := c.history(scan.HistoryOptions{})
		if s.Complete || s.Unread == 0 || !strings.Contains(e.lines[0], "unread .: the tree of a commit is damaged or not in this repository") {
			t.Errorf("%+v %q", s, e.lines)
		}
		if e, s = c.history(scan.HistoryOptions{Fetch: true}); !s.Complete || s.Findings != 8 {
			t.Errorf("fetched: %+v %q", s, e.lines)
		}
	})
	t.Run("bare", func(t *testing.T) {
		c := r.at(t.TempDir())
		c.git("clone", "-q", "--bare", url, ".")
		if e, s := c.history(scan.HistoryOptions{}); !s.Complete || s.Findings != 8 || !e.findings[0].Commit.InHead {
			t.Errorf("%+v %q", s, e.lines)
		}
	})
}

func TestHistoryOfSHA256(t *testing.T) {
	r := newRepo(t, "--object-format=sha256")
	r.put("a.py", leaky(1))
	commit := r.commit(0, "one")
	e, s := r.history(scan.HistoryOptions{})
	if !s.Complete || e.names() != "a.py one" || e.findings[0].Commit.ID != commit || len(commit) != 64 {
		t.Errorf("%+v %q", s, e.lines)
	}
}

func TestHistoryOfStrangeFiles(t *testing.T) {
	r := newRepo(t)
	r.put("empty.ipynb", "")
	r.put("binary.bin", "\x00"+token(1))
	r.put("cut.ipynb", `{"cells": [{"source": "`+token(2))
	if err := os.Symlink("https://ada:"+token(3)+"@example.org/", filepath.Join(r.dir, "link.ipynb")); err != nil {
		t.Fatal(err)
	}
	r.git("add", "link.ipynb")
	sub := newRepo(t)
	sub.put("x.py", leaky(4))
	sub.commit(0, "x")
	r.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", sub.dir, "sub")
	there, gone := leaky(5), leaky(6)
	for name, content := range map[string]string{"there.txt": there, "gone.txt": gone} {
		sum := r.feed(content, "hash-object", "--stdin") // any 40 digits and 24 more
		sum += sum[:24]
		r.put(name, fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", sum, len(content)))
		if name == "there.txt" {
			write(t, r.dir, ".git/lfs/objects/"+sum[:2]+"/"+sum[2:4]+"/"+sum, []byte(content))
		}
	}
	r.env = append(append([]string{}, isolated...), "GIT_AUTHOR_NAME=J\xf6rg")
	r.put("caf\xe9.py", leaky(7))
	r.commit(0, "t\xfcr")
	e, s := r.history(scan.HistoryOptions{})
	// git turns what is not UTF-8 in a commit into it, taking it for Latin-1.
	const tail = ` by Jörg in "tür", 1 versions, head true, pushed false, [main] [] [] []`
	c := e.findings[0].Commit.ID[:12]
	e.want(t,
		"caf\xe9.py:1 huggingface-token"+tail,
		`cut.ipynb:1 huggingface-token`+tail,
		`unread cut.ipynb: line 1, column 61: not valid JSON: the file ends in the middle of it (its text was scanned as far as it goes) (commit `+c+`)`,
		`unread gone.txt: git LFS keeps its content, which is not in this clone (git lfs fetch gets it) (commit `+c+`)`,
		`link.ipynb:1 huggingface-token`+tail,
		`there.txt:1 huggingface-token`+tail,
	)
	if s.Skipped != 2 || s.Unread != 2 {
		t.Errorf("%+v", s)
	}
	if _, s = r.history(scan.HistoryOptions{SkipLFS: true}); s.Skipped != 4 || s.Unread != 1 || s.Findings != 3 {
		t.Errorf("without LFS %+v", s)
	}
}

// Objects that are damaged are said to be unread, and the others are read.
func TestHistoryOfDamage(t *testing.T) {
	build := func(t *testing.T) *repo {
		r := newRepo(t)
		for n := range uint64(3) {
			r.put(fmt.Sprintf("d%d/x.py", n), leaky(n))
			r.commit(int(n), fmt.Sprint(n))
		}
		return r
	}
	harm := func(r *repo, rev string) {
		r.t.Helper()
		name := r.git("rev-parse", rev)
		path := filepath.Join(r.dir, ".git", "objects", name[:2], name[2:])
		if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("damaged"), 0o600)); err != nil {
			r.t.Fatal(err)
		}
	}
	t.Run("blob", func(t *testing.T) {
		r := build(t)
		harm(r, "HEAD~1:d1/x.py")
		e, s := r.history(scan.HistoryOptions{})
		if s.Complete || s.Unread != 1 || e.names() != "d0/x.py 0, d2/x.py 2" || !strings.HasPrefix(e.lines[1], "unread d1/x.py: its content is not in this repository, or damaged (commit ") {
			t.Errorf("%+v %q", s, e.lines)
		}
	})
	t.Run("tree", func(t *testing.T) {
		r := build(t)
		harm(r, "HEAD:d1")
		e, s := r.history(scan.HistoryOptions{})
		if s.Complete || s.Unread == 0 || !strings.HasPrefix(e.lines[0], "unread .: ") || !strings.Contains(e.names(), "d0/x.py 0") {
			t.Errorf("%+v %q", s, e.lines)
		}
	})
	t.Run("commit", func(t *testing.T) {
		r := build(t)
		harm(r, "HEAD~1")
		e := new(events)
		s, err := scan.History(t.Context(), scan.HistoryOptions{Git: r.gitx()}, e)
		if s.Complete || err == nil && s.Unread == 0 {
			t.Errorf("%v %+v %q", err, s, e.lines)
		}
	})
	t.Run("ref", func(t *testing.T) {
		r := build(t)
		write(t, r.dir, ".git/refs/heads/broken", nil)
		if e, s := r.history(scan.HistoryOptions{}); s.Complete || s.Findings != 3 || !strings.Contains(e.lines[0], "refs/heads/broken") {
			t.Errorf("%+v %q", s, e.lines)
		}
	})
	t.Run("not a commit", func(t *testing.T) {
		r := build(t)
		r.git("tag", "-a", "-m", "x", "key", r.feed(leaky(9), "hash-object", "-w", "--stdin"))
		e, s := r.history(scan.HistoryOptions{})
		if s.Complete || s.Findings != 3 || e.lines[3] != "unread refs/tags/key: it names no commit, and what it names was not searched" {
			t.Errorf("%+v %q", s, e.lines)
		}
	})
}

// Replacements and grafts hide nothing.
func TestHistoryIsNotReplaced(t *testing.T) {
	r := newRepo(t)
	r.put("a.py", leaky(1))
	r.commit(0, "leak")
	r.put("a.py", "x\n")
	last := r.commit(1, "clean")
	r.git("replace", "--graft", last)
	write(t, r.dir, ".git/info/grafts", []byte(last+"\n"))
	if e, s := r.history(scan.HistoryOptions{}); e.names() != "a.py leak" || !s.Complete {
		t.Errorf("%+v %q", s, e.lines)
	}
}

func TestHistoryIsSilenced(t *testing.T) {
	r := newRepo(t)
	r.put("a.py", strings.TrimSpace(leaky(1))+" # nbseal:ignore\n")
	r.put("b.py", leaky(2))
	first := r.commit(0, "one")
	r.put("c.py", leaky(3))
	r.put("d.py", leaky(4))
	r.commit(1, "two")
	write(t, r.dir, ".gitleaksignore", []byte("c.py:huggingface-token:1\n"+first+":b.py:huggingface-token:1\n"+first+":d.py:huggingface-token:1\n"))
	e, s := r.history(scan.HistoryOptions{})
	if e.names() != "d.py two" || s.Suppressed != 3 {
		t.Errorf("%+v %q", s, e.lines)
	}
	known := func(f finding.Finding) bool { return f.Commit != nil && f.Secret.Len() > 0 }
	if e, s = r.history(scan.HistoryOptions{Options: scan.Options{Known: known}}); len(e.lines) != 0 || s.Suppressed != 4 {
		t.Errorf("%+v %q", s, e.lines)
	}
}

func TestHistoryIsInterrupted(t *testing.T) {
	r := newRepo(t)
	r.load(400, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := new(scan.Progress)
	go func() {
		for p.Files.Load() < 100 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	e := new(events)
	s, err := scan.History(ctx, scan.HistoryOptions{Git: r.gitx(), Options: scan.Options{Jobs: 1, Progress: p}}, e)
	if !errors.Is(err, context.Canceled) || s.Complete || s.Files < 100 || s.Findings == 0 || e.findings[0].Commit.Subject == "" {
		t.Errorf("%v %+v", err, s)
	}
	if p.TotalFiles.Load() != 400 || p.Commits.Load() != 400 {
		t.Errorf("%d files, %d commits", p.TotalFiles.Load(), p.Commits.Load())
	}
	full := errors.New("disk full")
	if _, err := scan.History(t.Context(), scan.HistoryOptions{Git: r.gitx()}, refuses{full}); !errors.Is(err, full) {
		t.Errorf("a handler's error: %v", err)
	}
}

type refuses struct{ err error }

func (r refuses) Finding(finding.Finding, string) error { return r.err }
func (r refuses) Risk(finding.Risk) error               { return r.err }
func (r refuses) Unread(finding.Unread) error           { return r.err }

// load makes a number of commits quickly, each with a version of a notebook of
// some size; one in a hundred brings in a credential, which the next one takes out.
func (r *repo) load(commits int, cells int) {
	r.t.Helper()
	var b strings.Builder
	filler := strings.Repeat("a line of text that says nothing\n", 30)
	for n := range commits {
		sources := []string{fmt.Sprintf("step = %d\n", n)}
		if n%100 == 50 {
			sources = append(sources, leaky(uint64(n)))
		}
		for range cells {
			sources = append(sources, filler)
		}
		src := notebook(r.t, sources...)
		subject := fmt.Sprintf("commit %d", n)
		fmt.Fprintf(&b, "commit refs/heads/main\ncommitter Ada <ada@example.org> %s\ndata %d\n%s\nM 100644 inline n%d.ipynb\ndata %d\n%s\n", day(n), len(subject), subject, n%7, len(src), src)
	}
	b.WriteString("done\n")
	r.feed(b.String(), "fast-import", "--quiet", "--done")
}
