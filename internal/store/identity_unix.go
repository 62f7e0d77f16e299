//go:build unix

package store

import (
	"fmt"
	"io/fs"
	"strings"
)

func checkPrivate(path string, info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		quoted := "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
		return fmt.Errorf("identity file %q is open to others (mode %04o): run chmod 600 %s", path, mode, quoted)
	}
	return nil
}
