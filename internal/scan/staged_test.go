package scan_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/gitx"
	"github.com/nbseal/nbseal/internal/scan"
)

func (r *repo) staged(opt scan.StagedOptions) (*events, finding.Summary) {
	r.t.Helper()
	opt.Git = gitx.Git{Dir: filepath.Join(r.dir, opt.Git.Dir), Env: r.env}
	e := new(events)
	s, err := scan.Staged(r.t.Context(), opt, e)
	if err != nil {
		r.t.Fatal(err)
	}
	return e, s
}

func TestStaged(t *testing.T) {
	r := newRepo(t)
	if e, s := r.staged(scan.StagedOptions{}); !s.Complete || s.Files != 0 || len(e.lines) != 0 {
		t.Errorf("an empty index: %+v %q", s, e.lines)
	}
	r.put("old.py", leaky(1))
	r.put("d/nb.ipynb", string(notebook(t, "x = 1", leaky(2))))
	unborn := []string{"d/nb.ipynb:1 huggingface-token", "old.py:1 huggingface-token"}
	e, s := r.staged(scan.StagedOptions{})
	e.want(t, unborn...)
	if s.Files != 2 || s.Notebooks != 1 || !s.Complete {
		t.Errorf("%+v", s)
	}
	r.commit(0, "first")
	write(t, r.dir, "old.py", []byte("clean\n")) // in the work tree alone
	write(t, r.dir, "other.py", []byte(leaky(3)))
	if e, _ = r.staged(scan.StagedOptions{}); len(e.lines) != 0 {
		t.Errorf("nothing staged: %q", e.lines)
	}
	e, _ = r.staged(scan.StagedOptions{All: true})
	e.want(t, unborn...)
	r.git("add", "other.py")
	write(t, r.dir, "other.py", []byte("clean\n"))
	r.git("rm", "-q", "-f", "old.py")
	for _, dir := range []string{"", "d"} {
		e, s = r.staged(scan.StagedOptions{Git: gitx.Git{Dir: dir}})
		if e.want(t, "other.py:1 huggingface-token"); s.Files != 1 {
			t.Errorf("in %q: %+v", dir, s)
		}
	}
	if e, _ = r.staged(scan.StagedOptions{All: true, Paths: []string{"d"}}); len(e.lines) != 1 {
		t.Errorf("within d: %q", e.lines)
	}
	if e, _ = r.staged(scan.StagedOptions{All: true, Git: gitx.Git{Dir: "d"}, Paths: []string{"*.ipynb"}}); len(e.lines) != 1 {
		t.Errorf("in d, *.ipynb: %q", e.lines)
	}
	write(t, r.dir, ".gitleaksignore", []byte("other.py:huggingface-token:1\n"))
	if e, s = r.staged(scan.StagedOptions{}); len(e.lines) != 0 || s.Suppressed != 1 {
		t.Errorf("silenced: %+v %q", s, e.lines)
	}
	if _, err := scan.Staged(t.Context(), scan.StagedOptions{Git: r.gitx()}, refuses{errors.New("x")}); err != nil {
		t.Errorf("a silenced finding is handed on: %v", err)
	}
}

func TestStagedSpecialEntries(t *testing.T) {
	r := newRepo(t)
	r.put("a.py", "1\n")
	r.commit(0, "first")
	write(t, r.dir, "intended.ipynb", []byte(leaky(1)))
	r.git("add", "-N", "intended.ipynb")
	r.put("empty.ipynb", "")
	if err := os.Symlink("https://ada:"+token(2)+"@example.org/", filepath.Join(r.dir, "link.ipynb")); err != nil {
		t.Fatal(err)
	}
	r.git("add", "link.ipynb")
	sub := newRepo(t)
	sub.put("x.py", leaky(3))
	sub.commit(0, "x")
	r.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", sub.dir, "sub") // isolated is not for git before 2.31
	r.put("gone.ipynb", "version https://git-lfs.github.com/spec/v1\noid sha256:"+strings.Repeat("ab", 32)+"\nsize 9\n")
	r.put("binary", "\x00"+token(4))
	e, s := r.staged(scan.StagedOptions{})
	e.want(t, "unread gone.ipynb: git LFS keeps its content, which is not in this clone (git lfs fetch gets it)", "link.ipynb:1 huggingface-token")
	if s.Skipped != 3 || s.Complete { // the intention, the submodule, the binary file
		t.Errorf("%+v", s)
	}
}

func TestStagedConflict(t *testing.T) {
	r := newRepo(t)
	r.put("d/a.py", "# base\n"+leaky(1))
	r.commit(0, "base")
	r.git("checkout", "-q", "-b", "side")
	r.put("d/a.py", "# side\n"+leaky(1)+leaky(2))
	r.commit(1, "side")
	r.git("checkout", "-q", "main")
	r.put("d/a.py", "# main\n"+leaky(1)+"\n\n"+leaky(3))
	r.commit(2, "main")
	merge := exec.CommandContext(t.Context(), "git", "merge", "-q", "side")
	merge.Dir, merge.Env = r.dir, append(os.Environ(), r.env...)
	if err := merge.Run(); err == nil {
		t.Fatal("no conflict")
	}
	write(t, r.dir, "e/x", nil)
	e, s := r.staged(scan.StagedOptions{Git: gitx.Git{Dir: "e"}})
	e.want(t, "d/a.py:2 huggingface-token", "d/a.py:3 huggingface-token", "d/a.py:5 huggingface-token")
	if s.Files != 1 || !s.Complete {
		t.Errorf("%+v", s)
	}
}

func TestStagedSparseIndex(t *testing.T) {
	r := newRepo(t)
	for n := range uint64(4) {
		r.put(fmt.Sprintf("d%d/a.py", n), leaky(n))
	}
	r.commit(0, "all")
	r.git("sparse-checkout", "set", "--cone", "--sparse-index", "d1")
	write(t, r.dir, "d1/new.py", []byte(leaky(9)))
	r.git("add", "d1/new.py")
	e, s := r.staged(scan.StagedOptions{})
	if e.want(t, "d1/new.py:1 huggingface-token"); !s.Complete {
		t.Errorf("%+v", s)
	}
	if e, _ = r.staged(scan.StagedOptions{All: true}); len(e.lines) != 5 {
		t.Errorf("%q", e.lines)
	}
}
