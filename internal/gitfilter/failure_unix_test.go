//go:build unix

package gitfilter_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/gitx"
)

// wrapped is the same with git started by another program.
func (r *repo) wrapped(program string, args ...string) func(gitArgs ...string) error {
	git := gitx.Git{Dir: r.Dir, Env: r.Env, Program: program}
	return func(gitArgs ...string) error {
		_, err := git.Output(r.t.Context(), append(append(append([]string(nil), args...), r.Program), gitArgs...)...)
		return err
	}
}

// A write beyond the limit fails as one on a full disk does, at the same calls.
// No mount is needed, and root is held to it as well.
func (r *repo) onFullDisk(blocks int) func(args ...string) error {
	return r.wrapped("sh", "-c", fmt.Sprintf(`trap "" XFSZ; ulimit -f %d; exec "$@"`, blocks), "sh")
}

func TestFullDisk(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		r := newRepo(t, program)
		r.write("a.nb", before)
		r.git("add", ".")
		r.git("commit", "-qm", "start")
		for i := range 40 {
			r.write(fmt.Sprintf("%d.nb", i), fmt.Sprint(before, i))
		}
		r.write("a.nb", before+before)
		// Objects still fit, the index of 40 files does not.
		r.unchanged(func() {
			err := r.onFullDisk(1)("add", ".")
			if gitx.ExitCode(err) == 0 || !strings.Contains(complaint(err), "index") {
				t.Errorf("git says %v %q", err, complaint(err))
			}
		})
		// The index fits, the object of one file does not.
		large := make([]byte, 1<<20)
		rand.NewChaCha8([32]byte{}).Read(large)
		r.write("large.nb", private+string(large))
		for _, args := range [][]string{{"add", "."}, {"commit", "-qam", "x"}, {"stash", "-u"}} {
			if args[0] == "commit" {
				r.git("add", "-N", "large.nb")
			}
			r.unchanged(func() {
				err := r.onFullDisk(64)(args...)
				if gitx.ExitCode(err) == 0 || args[0] != "stash" && !strings.Contains(complaint(err), "unable to write loose object file") {
					t.Errorf("git %v says %v %q", args, err, complaint(err))
				}
			})
		}
		r.sealed()
		r.git("add", ".")
		r.stores("large.nb", sealed+string(large))
	})
}

// asOwner runs git with no more rights than a file's owner has. Root is brought
// down to that by giving up its capabilities.
func (r *repo) asOwner() func(args ...string) error {
	r.t.Helper()
	if os.Geteuid() != 0 {
		return r.wrapped("env")
	}
	if runtime.GOOS != "linux" {
		r.t.Fatal("root writes where nobody may: run this test as a user")
	}
	return r.wrapped("setpriv", "--inh-caps=-all", "--bounding-set=-all")
}

// readOnly takes the right to write from a folder and all below it.
func readOnly(t *testing.T, top string) {
	t.Helper()
	var folders []string
	err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			folders = append(folders, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if err := os.Chmod(folder, 0o555); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(folder, 0o755) })
	}
}

func TestReadOnlyStore(t *testing.T) {
	withGit(t, func(t *testing.T, program string) {
		for _, part := range []string{".git/objects", ".git"} {
			r := newRepo(t, program)
			r.write("a.nb", "1\n")
			r.git("add", ".")
			r.git("commit", "-qm", "start")
			r.write("a.nb", before)
			r.write("b.nb", before)
			readOnly(t, r.path(part))
			for _, args := range [][]string{{"add", "."}, {"commit", "-qam", "x"}, {"stash"}} {
				r.unchanged(func() {
					err := r.asOwner()(args...)
					if gitx.ExitCode(err) == 0 || !strings.Contains(strings.ToLower(complaint(err)), "permission") && args[0] != "stash" {
						t.Errorf("git %v with %s read-only: %v %q", args, part, err, complaint(err))
					}
				})
			}
			r.sealed()
		}
	})
}
