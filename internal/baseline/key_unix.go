//go:build unix

package baseline

import (
	"fmt"
	"io/fs"
)

func checkPrivate(_ string, info fs.FileInfo) error {
	// A pipe, as shells make for <(command), has no mode that tells anything.
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&0o077 != 0 {
		return fmt.Errorf("it is open to others (mode %04o); run chmod 600 on it", mode.Perm())
	}
	return nil
}
