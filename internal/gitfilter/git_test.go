package gitfilter_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	before = "one\n" + private + "\nthree\n"
	after  = "one\n" + sealed + "\nthree\n"
)

func TestManyFilesOneStart(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		r := newRepo(t, program)
		for i := range 300 {
			r.write(fmt.Sprintf("d%d/%d.nb", i%7, i), before)
		}
		r.write("plain.txt", "no filter here\n")
		r.git("add", ".")
		if starts, files := r.count("start"), r.count("clean"); starts != 1 || files != 300 {
			t.Errorf("%d starts, %d files", starts, files)
		}
		r.stores("d0/0.nb", after)
		r.holds("d0/0.nb", before)
		r.git("commit", "-qm", "all")
		r.clean()

		for i := range 300 {
			os.Remove(r.path(fmt.Sprintf("d%d/%d.nb", i%7, i)))
		}
		r.forget()
		r.git("checkout", "-q", "--", ".")
		if starts := r.count("start"); starts != 1 {
			t.Errorf("%d starts for a checkout", starts)
		}
		r.holds("d0/0.nb", after)
		r.clean()
	})
}

// With required=true git ends at a filter that does not offer smudge, so that
// a filter that only cleans must offer both.
func TestSmudgeMustBeOffered(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		r := newRepo(t, program)
		r.write("a.nb", before)
		r.git("add", ".")
		r.git("commit", "-qm", "a")
		os.Remove(r.path("a.nb"))
		said := r.with(filterMode+"=clean-only").fails("checkout", "-q", "--", "a.nb")
		if !strings.Contains(said, "smudge filter") {
			t.Errorf("git says %q", said)
		}
		r.git("checkout", "-q", "--", "a.nb")
		r.holds("a.nb", after)
	})
}

func TestSizes(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		r := newRepo(t, program)
		random := make([]byte, 2*65516+1)
		rand.NewChaCha8([32]byte{}).Read(random)
		want := map[string]string{}
		for _, n := range []int{0, 1, 65515, 65516, 65517, 65520, 2 * 65516, 2*65516 + 1} {
			name := fmt.Sprintf("%d.nb", n)
			want[name] = string(random[:n])
			r.write(name, want[name])
		}
		r.git("add", ".")
		for name, content := range want {
			r.stores(name, content)
			os.Remove(r.path(name))
		}
		r.git("commit", "-qm", "sizes")
		r.git("checkout", "-q", "--", ".")
		for name, content := range want {
			if r.read(name) != content {
				t.Errorf("the work tree has other bytes of %s", name)
			}
		}
		r.clean()

		// Git itself says whether a large file came back as it was.
		large := bytes.Repeat(random[:1<<16], 1<<10)
		copy(large[len(large)-len(private):], private)
		r.write("large.nb", string(large))
		r.git("-c", "core.compression=0", "add", ".")
		r.write("plain", string(large[:len(large)-len(private)])+sealed)
		if got, want := r.git("rev-parse", ":large.nb"), r.git("hash-object", "plain"); got != want {
			t.Errorf("the index has %s of a file of 64 MiB, want %s", got, want)
		}
	})
}

func TestPaths(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		r := newRepo(t, program)
		names := []string{"a=b.nb", " a .nb", "größe/naïve.nb", "-rf.nb", "'$(x)\".nb"}
		if filepath.Separator == '/' {
			names = append(names, "line\nbreak.nb", "\xff\xfe.nb", "end.nb\n")
			r.write(".gitattributes", "*.nb filter=test\n*.nb* filter=test\n")
		}
		for _, name := range names {
			r.write(name, before)
		}
		r.git("add", ".")
		log := r.logged()
		for _, name := range names {
			if !strings.Contains(log, "clean "+name+"\n") {
				t.Errorf("the filter was not asked for %q: %q", name, log)
			}
			r.stores(name, after)
		}
		r.git("commit", "-qm", "paths")
		r.clean()
	})
}

func TestLineEndings(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		r := newRepo(t, program)
		r.git("config", "core.autocrlf", "true")
		crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
		r.write("a.nb", crlf(before))
		r.git("add", ".")
		r.stores("a.nb", after)
		r.git("commit", "-qm", "crlf")
		r.clean()
		os.Remove(r.path("a.nb"))
		r.git("checkout", "-q", "--", ".")
		r.holds("a.nb", crlf(after))
		r.clean()
		// Without conversion the filter's bytes are git's.
		r.git("config", "core.autocrlf", "false")
		r.write("b.nb", crlf(before))
		r.git("add", "b.nb")
		r.stores("b.nb", crlf(after))
	})
}

// page is a file of twenty lines, with some of them replaced.
func page(lines map[int]string) string {
	var b strings.Builder
	for i := range 20 {
		if text, ok := lines[i]; ok {
			b.WriteString(text + "\n")
		} else {
			fmt.Fprintf(&b, "line %d\n", i)
		}
	}
	return b.String()
}

func TestStashMergeRebase(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		r := newRepo(t, program)
		r.write("a.nb", page(nil))
		r.git("add", ".")
		r.git("commit", "-qm", "start")

		r.write("a.nb", page(map[int]string{2: private}))
		r.git("stash", "-q")
		r.holds("a.nb", page(nil))
		r.clean()
		r.git("stash", "pop", "-q")
		r.holds("a.nb", page(map[int]string{2: sealed}))
		r.git("commit", "-qam", "first")
		r.clean()

		r.git("checkout", "-qb", "side", "HEAD~")
		r.write("a.nb", page(map[int]string{10: "x = " + private}))
		r.git("commit", "-qam", "second")
		r.git("checkout", "-qb", "third", "main")
		r.write("a.nb", page(map[int]string{2: sealed, 18: private}))
		r.git("commit", "-qam", "third")
		r.git("merge", "-q", "-m", "merge", "side")
		r.holds("a.nb", page(map[int]string{2: sealed, 10: "x = " + sealed, 18: sealed}))
		r.clean()

		r.git("checkout", "-q", "side")
		r.git("-c", "merge.renormalize=true", "rebase", "-q", "main")
		r.holds("a.nb", page(map[int]string{2: sealed, 10: "x = " + sealed}))
		r.clean()
		r.git("cherry-pick", "third~")
		r.holds("a.nb", page(map[int]string{2: sealed, 10: "x = " + sealed, 18: sealed}))
		r.clean()
		r.git("revert", "--no-edit", "HEAD")
		r.git("reset", "-q", "--hard", "main")
		r.holds("a.nb", page(map[int]string{2: sealed}))
		r.clean()
	})
}

func TestAddPatch(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		r := newRepo(t, program)
		r.write("a.nb", page(nil))
		r.git("add", ".")
		r.git("commit", "-qm", "start")
		r.write("a.nb", page(map[int]string{1: private, 18: private}))
		if _, err := r.Feed(t.Context(), strings.NewReader("y\nn\n"), "add", "-p"); err != nil {
			t.Fatal(err, complaint(err))
		}
		r.stores("a.nb", page(map[int]string{1: sealed}))
		r.holds("a.nb", page(map[int]string{1: private, 18: private}))
		if got := r.git("diff"); strings.Contains(got, private) || !strings.Contains(got, "+"+sealed) {
			t.Errorf("diff: %s", got)
		}
		r.git("commit", "-qm", "half")
		r.git("commit", "-qam", "rest")
		r.clean()
	})
}

func TestArchiveWorktreeSubmodule(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		r := newRepo(t, program)
		r.write("d/a.nb", before)
		r.git("add", ".")
		r.git("commit", "-qm", "a")

		archive := tar.NewReader(bytes.NewReader([]byte(r.git("archive", "HEAD", "d/a.nb"))))
		found := false
		for {
			h, err := archive.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if h.Name != "d/a.nb" {
				continue
			}
			content, _ := io.ReadAll(archive)
			found = string(content) == after
		}
		if !found {
			t.Error("the archive has no d/a.nb, or another")
		}
		if got := r.git("cat-file", "--filters", "HEAD:d/a.nb"); got != after {
			t.Errorf("cat-file --filters: %q", got)
		}

		tree := r.at(filepath.Join(t.TempDir(), "tree"))
		r.git("worktree", "add", "-q", tree.Dir)
		tree.holds("d/a.nb", after)
		tree.write("d/b.nb", before)
		tree.git("add", ".")
		tree.git("commit", "-qm", "b")
		tree.clean()

		super := newRepo(t, program)
		super.git("submodule", "--quiet", "add", r.Dir, "sub")
		sub := r.at(filepath.Join(super.Dir, "sub"))
		sub.holds("d/a.nb", after)
		sub.write("d/a.nb", before+before)
		sub.git("commit", "-qam", "more")
		sub.clean()
		super.git("commit", "-qam", "sub")
		super.clean()
	})
}

func TestPartialAndSparse(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		r := newRepo(t, program)
		for _, name := range []string{"in/a.nb", "in/b.nb", "out/c.nb", "top.nb"} {
			r.write(name, before+name)
		}
		r.git("add", ".")
		r.git("commit", "-qm", "all")
		r.git("config", "uploadpack.allowFilter", "true")
		r.git("config", "uploadpack.allowAnySHA1InWant", "true")

		clone := r.at(filepath.Join(t.TempDir(), "clone"))
		r.git("clone", "-q", "--filter=blob:none", "--no-checkout", "file://"+filepath.ToSlash(r.Dir), clone.Dir)
		clone.git("sparse-checkout", "init", "--cone")
		clone.git("sparse-checkout", "set", "in")
		clone.git("checkout", "-q", "main")
		clone.holds("in/a.nb", after+"in/a.nb")
		clone.holds("top.nb", after+"top.nb")
		if _, err := os.Stat(clone.path("out/c.nb")); err == nil {
			t.Error("out/c.nb is in the work tree")
		}
		clone.write("in/a.nb", before)
		clone.git("commit", "-qam", "changed")
		clone.git("sparse-checkout", "disable")
		clone.holds("out/c.nb", after+"out/c.nb")
		clone.clean()
	})
}

func TestSHA256(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		r := newRepo(t, program, "--object-format=sha256")
		r.write("a.nb", before)
		r.git("add", ".")
		r.stores("a.nb", after)
		r.git("commit", "-qm", "a")
		os.Remove(r.path("a.nb"))
		r.git("checkout", "-q", "--", ".")
		r.holds("a.nb", after)
		r.clean()
	})
}
