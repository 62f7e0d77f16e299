package gitfilter_test

import (
	"bufio"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// state is what a failure must not change: the bytes of the index and of every
// file of the work tree, and that no lock is left.
func (r *repo) state() string {
	r.t.Helper()
	gitDir := strings.TrimSpace(r.git("rev-parse", "--absolute-git-dir"))
	var b strings.Builder
	add := func(name string) {
		content, err := os.ReadFile(name)
		if err != nil {
			r.t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s: %x\n", name, content)
	}
	add(filepath.Join(gitDir, "index"))
	if _, err := os.Stat(filepath.Join(gitDir, "index.lock")); err == nil {
		b.WriteString("index.lock\n")
	}
	err := filepath.WalkDir(r.Dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == ".git" {
			if d != nil && d.IsDir() && err == nil {
				return fs.SkipDir
			}
			return err
		}
		if !d.IsDir() {
			add(name)
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	fmt.Fprint(&b, r.git("rev-parse", "HEAD"), r.git("stash", "list"))
	return b.String()
}

// unchanged runs f, after which the state must be what it was.
func (r *repo) unchanged(f func()) {
	r.t.Helper()
	was := r.state()
	f()
	if is := r.state(); is != was {
		r.t.Errorf("the index or the work tree changed\nwas %.2000s\nis  %.2000s", was, is)
	}
}

func TestFileThatCannotBeCleaned(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		for _, name := range []string{"fail.nb", "abort.nb", "panic.nb", "exit.nb"} {
			r := newRepo(t, program)
			r.write("a.nb", before)
			r.write(name, "harmless\n")
			r.with(filterMode+"=pass").git("add", name)
			r.with(filterMode+"=pass").git("commit", "-qm", "start")
			r.write("z.nb", before)
			r.write(name, before)
			for _, args := range [][]string{
				{"add", "."}, {"add", name}, {"commit", "-qam", "x"}, {"commit", "-qm", "x", name}, {"stash"}, {"stash", "-u"}, {"add", "--renormalize", "."},
			} {
				r.unchanged(func() {
					r.t.Helper()
					if said := r.fails(args...); strings.Contains(said, private) {
						t.Errorf("git %v says %q", args, said)
					}
				})
			}
			if said := r.fails("add", name); !strings.Contains(said, name+": clean filter 'test' failed") {
				t.Errorf("git says %q", said)
			}
			r.sealed()
			// The others are none the worse.
			r.git("add", "a.nb", "z.nb")
			r.stores("z.nb", after)
		}
	})
}

// What required=true is for: without it git takes every failure for consent.
func TestWithoutRequired(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		for name, starts := range map[string]int{"fail.nb": 1, "abort.nb": 1, "panic.nb": 1, "exit.nb": 2} {
			r := newRepo(t, program)
			r.git("config", "filter.test.required", "false")
			r.write(name, before)
			r.write("z.nb", before)
			r.git("add", ".")
			r.stores(name, before)
			// Git asks no more after an abort. It learns that a filter ended when it
			// speaks with it: at the file that was answered last, or at the next one,
			// which is added as it is too.
			switch name {
			case "abort.nb", "panic.nb":
				r.stores("z.nb", before)
			default:
				r.stores("z.nb", after)
			}
			if got := r.count("start"); got != starts {
				t.Errorf("%s: %d starts, want %d", name, got, starts)
			}
		}
	})
}

// meeting is where a filter that waits is met.
type meeting struct {
	t    *testing.T
	l    net.Listener
	repo *repo // whose filters come here
}

func meet(t *testing.T, r *repo) *meeting {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &meeting{t, l, r.with(filterDial + "=" + l.Addr().String())}
}

// during starts git and calls f while its filter holds the content of a file; f
// may kill the process or let it go. It returns git's error.
func (m *meeting) during(f func(filter *os.Process, letGo func()), args ...string) error {
	m.t.Helper()
	ended := make(chan error, 1)
	go func() {
		_, err := m.repo.Output(m.t.Context(), args...)
		m.l.Close() // nobody will come
		ended <- err
	}()
	conn, err := m.l.Accept()
	if err != nil {
		m.t.Fatalf("the filter did not come: git: %v", <-ended)
	}
	defer conn.Close()
	var pid int
	if _, err := fmt.Fscan(bufio.NewReader(conn), &pid); err != nil {
		m.t.Fatal(err)
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		m.t.Fatal(err)
	}
	defer process.Release()
	f(process, func() { conn.Write([]byte{1}) })
	return <-ended
}

func TestFilterKilled(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		for _, args := range [][]string{{"add", "."}, {"commit", "-qam", "x"}, {"stash"}} {
			r := newRepo(t, program)
			r.write("a.nb", "1\n")
			r.write("wait.nb", "1\n")
			r.git("add", ".")
			r.git("commit", "-qm", "start")
			r.write("a.nb", before)
			r.write("wait.nb", before)
			r.unchanged(func() {
				err := meet(t, r).during(func(filter *os.Process, _ func()) {
					if err := filter.Kill(); err != nil {
						t.Fatal(err)
					}
				}, args...)
				if said := complaint(err); !strings.Contains(said, "wait.nb: clean filter 'test' failed") {
					t.Errorf("git %v: %v %q", args, err, said)
				}
			})
			r.sealed()
		}
	})
}

func TestTwoAtOnce(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		r := newRepo(t, program)
		r.write("wait.nb", before)
		r.write("b.nb", before)
		err := meet(t, r).during(func(_ *os.Process, letGo func()) {
			if said := r.fails("add", "b.nb"); !strings.Contains(said, "index.lock") {
				t.Errorf("the second git says %q", said)
			}
			letGo()
		}, "add", "wait.nb")
		if err != nil {
			t.Error(err, complaint(err))
		}
		r.stores("wait.nb", after)
		r.git("add", "b.nb")
		r.stores("b.nb", after)
		r.stores("wait.nb", after)
		r.holds("b.nb", before)
		r.git("commit", "-qm", "both")
		r.clean()
	})
}

// A git that ends takes its filter with it, whatever the filter is doing.
func TestGitKilled(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		r := newRepo(t, program)
		r.write("a.nb", before)
		r.write("wait.nb", before)
		m := meet(t, r)
		git, err := m.repo.Start(t.Context(), "add", ".")
		if err != nil {
			t.Fatal(err)
		}
		conn, err := m.l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		git.Stop()
		conn.Write([]byte{1})
		conn.Close()
		os.Remove(r.path(".git/index.lock")) // git says so itself
		r.git("add", "a.nb")
		r.stores("a.nb", after)
		r.holds("wait.nb", before)
		r.sealed()
		if !strings.Contains(r.logged(), "clean wait.nb") {
			t.Error("the filter was not at work")
		}
	})
}
