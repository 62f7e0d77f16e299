package atomicfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode/utf8"
)

// A temporary file for NAME is called .NAME.nbseal-RANDOM.tmp.
const (
	tempInfix  = ".nbseal-"
	tempSuffix = ".tmp"

	// maxTempBase is how many bytes of NAME are taken, so that the whole stays
	// under the 255 bytes that common file systems allow.
	maxTempBase = 180
)

func tempName(base string) string {
	if len(base) > maxTempBase {
		base = base[:maxTempBase]
		for !utf8.ValidString(base) && len(base) > maxTempBase-utf8.UTFMax {
			base = base[:len(base)-1]
		}
	}
	return "." + base + tempInfix + rand.Text() + tempSuffix
}

// IsTemp reports whether a file of that base name is a temporary file of this
// package.
func IsTemp(base string) bool {
	rest, ok := strings.CutSuffix(base, tempSuffix)
	if !ok || !strings.HasPrefix(rest, ".") {
		return false
	}
	at := strings.LastIndex(rest, tempInfix)
	// rand.Text is at least 26 letters of base32.
	return at > 0 && len(rest)-at-len(tempInfix) >= 26 &&
		strings.Trim(rest[at+len(tempInfix):], "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// Sweep removes the temporary files in one folder of root and returns how many
// there were. The caller must hold a lock that all writers of that folder take,
// or it removes the file of a writer at work, whose write then fails.
func Sweep(root *os.Root, dir string) (int, error) {
	entries, err := fs.ReadDir(root.FS(), path.Clean(dir))
	if err != nil {
		return 0, fmt.Errorf("sweeping %q: %w", dir, err)
	}
	n := 0
	for _, e := range entries {
		if !e.Type().IsRegular() || !IsTemp(e.Name()) {
			continue
		}
		if err := root.Remove(path.Join(dir, e.Name())); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return n, fmt.Errorf("sweeping %q: %w", dir, err)
		}
		n++
	}
	return n, nil
}
