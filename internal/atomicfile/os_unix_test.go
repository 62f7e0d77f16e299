//go:build unix

package atomicfile

import (
	"io/fs"
	"testing"
)

func TestWithoutGroup(t *testing.T) {
	for mode, want := range map[fs.FileMode]fs.FileMode{0o664: 0o644, 0o660: 0o600, 0o604: 0o604, 0o775: 0o755, 0o646: 0o646, 0o600: 0o600} {
		if got := withoutGroup(mode); got != want {
			t.Errorf("withoutGroup(%o) = %o, want %o", mode, got, want)
		}
	}
}
