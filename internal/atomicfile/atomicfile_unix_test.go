//go:build unix

package atomicfile_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/nbseal/nbseal/internal/atomicfile"
)

func TestModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, c := range []struct {
		before fs.FileMode // 0 for no file
		opts   []atomicfile.Option
		want   fs.FileMode
	}{
		{0o644, nil, 0o600},
		{0, []atomicfile.Option{atomicfile.Mode(0o755)}, 0o755},
		{0, []atomicfile.Option{atomicfile.Mode(0o666)}, 0o644},
		{0o640, []atomicfile.Option{atomicfile.KeepMode()}, 0o640},
		{0o666, []atomicfile.Option{atomicfile.KeepMode()}, 0o666},
		{0o400, []atomicfile.Option{atomicfile.KeepMode()}, 0o400},
		{0, []atomicfile.Option{atomicfile.KeepMode()}, 0o600},
		{0, []atomicfile.Option{atomicfile.KeepMode(), atomicfile.Mode(0o644)}, 0o644},
	} {
		_ = os.Remove(path)
		if c.before != 0 {
			put(t, path, "old")
			if err := os.Chmod(path, c.before); err != nil {
				t.Fatal(err)
			}
		}
		umask := syscall.Umask(0o022)
		err := atomicfile.Write(path, []byte("new"), c.opts...)
		syscall.Umask(umask)
		if info, serr := os.Stat(path); err != nil || serr != nil || info.Mode().Perm() != c.want {
			t.Errorf("before %v: got %v, %v, %v; want %v", c.before, info.Mode(), err, serr, c.want)
		}
	}
}

func TestKeepModeKeepsTheGroup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	put(t, path, "old")
	// Root may take any group, others one that they are in.
	gid := 12345
	if os.Getuid() != 0 {
		groups, err := os.Getgroups()
		if err != nil || len(groups) == 0 {
			t.Fatal("no groups", err)
		}
		gid = groups[len(groups)-1]
	}
	if err := os.Chown(path, -1, gid); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o664); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(path, []byte("new"), atomicfile.KeepMode()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := int(info.Sys().(*syscall.Stat_t).Gid); got != gid || info.Mode().Perm() != 0o664 {
		t.Errorf("group %d mode %v, want %d 0664", got, info.Mode(), gid)
	}
}

func TestWriteFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "real", "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{
		"folder": "real/deep", "one": "two", "two": "folder/../target", // real/target, not target
		"dangling": "real/new", "loop": "loop", "fifo": "/dev/null",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	put(t, filepath.Join(dir, "real", "target"), "old")
	for link, target := range map[string]string{"one": "real/target", "dangling": "real/new", "folder/f": "real/deep/f"} {
		if err := atomicfile.Write(filepath.Join(dir, link), []byte(link)); err != nil {
			t.Error(err)
		} else if got := read(t, filepath.Join(dir, target)); got != link {
			t.Errorf("%s holds %q", target, got)
		}
	}
	for _, link := range []string{"loop", "fifo", "folder"} {
		if err := atomicfile.Write(filepath.Join(dir, link), []byte("x")); err == nil {
			t.Errorf("wrote through %s", link)
		}
	}
	if got, want := names(t, dir), "dangling fifo folder loop one real two"; got != want {
		t.Errorf("the directory holds %s, want %s", got, want)
	}
	if info, err := os.Lstat(filepath.Join(dir, "one")); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
}

// A reader that looks while others write sees one content or another, whole.
func TestReadersSeeWholeFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	content := func(i int) []byte {
		b := make([]byte, 100_000)
		for j := range b {
			b[j] = byte('a' + i%26)
		}
		return b
	}
	if err := atomicfile.Write(path, content(0)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		var err error
		for i := 0; i < 50 && err == nil; i++ {
			err = atomicfile.Write(path, content(i))
		}
		done <- err
	}()
	for {
		b, err := os.ReadFile(path)
		if err != nil || len(b) != 100_000 || b[0] != b[len(b)-1] {
			t.Fatal("torn:", len(b), err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
	}
}

func TestErrorNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "f")
	err := atomicfile.Write(path, []byte("content"))
	if err == nil || fmt.Sprintf("writing %q", path) != err.Error()[:len(path)+10] {
		t.Errorf("got %v", err)
	}
}
