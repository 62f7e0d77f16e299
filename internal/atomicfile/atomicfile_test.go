package atomicfile_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/atomicfile"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// names returns what is in dir, joined by blanks.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func TestWriteIsPrivateAndLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	put(t, path, "old and longer than the new")
	for _, want := range []string{"new", "", strings.Repeat("x", 3<<20)} {
		if err := atomicfile.Write(path, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != want {
			t.Errorf("read %d bytes, want %d", len(got), len(want))
		}
	}
	if got := names(t, dir); got != "f" {
		t.Errorf("the directory holds %s", got)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestWriteTakesLongAndRelativeNames(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"f", strings.Repeat("n", 255), strings.Repeat("ü", 127)} {
		if err := atomicfile.Write(name, []byte("x")); err != nil {
			t.Error(err)
		} else if read(t, name) != "x" {
			t.Errorf("%q is not written", name)
		}
	}
}

func TestChecksRunLastAndProtectTheTarget(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	put(t, path, "old")
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		opt  atomicfile.Option
		want error
	}{
		"check":   {atomicfile.Check(func() error { return boom }), boom},
		"changed": {atomicfile.IfUnchanged([]byte("other")), atomicfile.ErrChanged},
		"shorter": {atomicfile.IfUnchanged([]byte("ol")), atomicfile.ErrChanged},
		"longer":  {atomicfile.IfUnchanged([]byte("older")), atomicfile.ErrChanged},
		"present": {atomicfile.IfAbsent(), fs.ErrExist},
	} {
		if err := atomicfile.Write(path, []byte("new"), c.opt); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
		if got := read(t, path) + " " + names(t, dir); got != "old f" {
			t.Errorf("%s: left %s", name, got)
		}
	}

	// A program that saves while the new content is on its way is noticed.
	save := atomicfile.Check(func() error { return os.WriteFile(path, []byte("saved"), 0o600) })
	if err := atomicfile.Write(path, []byte("new"), save, atomicfile.IfUnchanged([]byte("old"))); !errors.Is(err, atomicfile.ErrChanged) {
		t.Errorf("got %v", err)
	}
	if err := atomicfile.Write(path, []byte("new"), atomicfile.IfUnchanged([]byte("saved"))); err != nil || read(t, path) != "new" {
		t.Errorf("got %v", err)
	}
	gone := filepath.Join(dir, "gone")
	if err := atomicfile.Write(gone, nil, atomicfile.IfUnchanged(nil)); !errors.Is(err, atomicfile.ErrChanged) {
		t.Errorf("a missing file counts as unchanged: %v", err)
	}
	if err := atomicfile.Write(gone, nil, atomicfile.IfAbsent()); err != nil {
		t.Error(err)
	}
}

func TestIfAbsentLetsOneOfManyIn(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	won := make(chan string, 16)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			mine := fmt.Sprint("writer ", i)
			err := atomicfile.Write(path, []byte(mine), atomicfile.IfAbsent())
			if err == nil {
				won <- mine
			} else if !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if close(won); len(won) != 1 || read(t, path) != <-won || names(t, dir) != "f" {
		t.Errorf("%d writers won, left %s", len(won), names(t, dir))
	}
}

func TestCheckThatPanicsLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	func() {
		defer func() { _ = recover() }()
		_ = atomicfile.Write(filepath.Join(dir, "f"), []byte("x"), atomicfile.Check(func() error { panic("check") }))
	}()
	if got := names(t, dir); got != "" {
		t.Errorf("left %s", got)
	}
}

func TestWriteRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, dir + "/", filepath.Join(dir, "no", "f"), ""} {
		if err := atomicfile.Write(path, []byte("x")); err == nil {
			t.Errorf("wrote %q", path)
		}
	}
	if got := names(t, dir); got != "" {
		t.Errorf("left %s", got)
	}
}

func TestWriteInStaysInside(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	put(t, filepath.Join(outside, "f"), "theirs")
	for link, to := range map[string]string{"folder": outside, "f": filepath.Join(outside, "f")} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, name := range []string{"f", "folder/f", "folder/new", "../f", "folder/../../f"} {
		if err := atomicfile.WriteIn(root, name, []byte("x")); err == nil {
			t.Errorf("wrote %q", name)
		}
	}
	if got := names(t, outside) + read(t, filepath.Join(outside, "f")); got != "ftheirs" {
		t.Errorf("outside is now %q", got)
	}
	if err := atomicfile.MkdirIn(root, "a/b"); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.WriteIn(root, "a/b/c", []byte("x")); err != nil || read(t, filepath.Join(dir, "a/b/c")) != "x" {
		t.Errorf("got %v", err)
	}
	if err := atomicfile.RemoveIn(root, "a/b/c"); err != nil || names(t, filepath.Join(dir, "a/b")) != "" {
		t.Errorf("got %v", err)
	}
}

func TestMkdirPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		if err := atomicfile.MkdirPrivate(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if info, err := os.Stat(d); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
	put(t, filepath.Join(dir, "f"), "")
	if err := atomicfile.MkdirPrivate(filepath.Join(dir, "f")); err == nil {
		t.Error("a file was taken for a directory")
	}
}

func TestSweepTakesOnlyOurs(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()

	// Take the name from a write at work, as a killed process would leave it.
	var temp string
	err = atomicfile.Write(filepath.Join(dir, "f"), []byte("x"), atomicfile.Check(func() error { temp = names(t, dir); return nil }))
	if err != nil || !strings.HasPrefix(temp, ".f.nbseal-") || !atomicfile.IsTemp(temp) {
		t.Fatalf("temporary name %q, %v", temp, err)
	}
	put(t, filepath.Join(dir, temp), "")
	foreign := []string{".f.nbseal-SHORT.tmp", ".f.nbseal-.tmp", ".g.tmp", "f.nbseal-ABCDEFGHIJKLMNOPQRSTUVWXYZ.tmp", ".nbseal-ABCDEFGHIJKLMNOPQRSTUVWXYZ.tmp", temp + "~"}
	for _, f := range foreign {
		put(t, filepath.Join(dir, f), "")
	}
	if n, err := atomicfile.Sweep(root, "."); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if got := strings.Fields(names(t, dir)); len(got) != len(foreign)+1 {
		t.Errorf("left %q", got)
	}
}

func TestLockExcludes(t *testing.T) {
	dir := t.TempDir()
	lock, path := filepath.Join(dir, "lock"), filepath.Join(dir, "n")
	put(t, path, "0")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				unlock, err := atomicfile.Lock(t.Context(), lock)
				if err != nil {
					t.Error(err)
					return
				}
				var n int
				if _, err := fmt.Sscan(read(t, path), &n); err != nil {
					t.Error(err)
				}
				if err := atomicfile.Write(path, []byte(fmt.Sprint(n+1))); err != nil {
					t.Error(err)
				}
				if err := unlock(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := read(t, path); got != "40" {
		t.Errorf("counted to %s, want 40", got)
	}
}

func TestLockGivesUpWithItsContext(t *testing.T) {
	lock := filepath.Join(t.TempDir(), "lock")
	unlock, err := atomicfile.Lock(t.Context(), lock)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := atomicfile.Lock(ctx, lock); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	// The one who gave up does not keep the lock.
	if unlock, err = atomicfile.Lock(t.Context(), lock); err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}
