//go:build unix

package baseline_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/baseline"
)

func TestKeysArePrivate(t *testing.T) {
	dir := t.TempDir()
	path := accept(t, ring(t, env(dir)))
	file := filepath.Join(dir, "nbseal", "baseline.key")
	for name, want := range map[string]os.FileMode{file: 0o600, filepath.Dir(file): 0o700, path: 0o644} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode&^want != 0 {
			t.Errorf("%s has mode %04o", name, mode)
		}
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := baseline.OpenKeyring(env(dir)); err == nil || !strings.Contains(err.Error(), "open to others") {
		t.Errorf("got %v", err)
	}
}
