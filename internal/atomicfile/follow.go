package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// maxLinks is how many symbolic links in a row follow takes; Linux takes as
// many (path_resolution(7)).
const maxLinks = 40

var errTooManyLinks = errors.New("too many levels of symbolic links")

// follow returns the directory, free of symbolic links, and the base name of
// the file that a write through path would reach. The file need not exist, its
// directory must.
func follow(path string) (dir, base string, err error) {
	for range maxLinks {
		dir, base = filepath.Split(path)
		if base == "" || base == "." || base == ".." {
			return "", "", errors.New("it is a directory")
		}
		if dir == "" {
			dir = "."
		}
		if dir, err = filepath.EvalSymlinks(dir); err != nil {
			return "", "", err
		}
		info, err := os.Lstat(filepath.Join(dir, base))
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode()&fs.ModeSymlink == 0 {
			return dir, base, nil
		} else if err != nil {
			return "", "", err
		}
		to, err := os.Readlink(filepath.Join(dir, base))
		if err != nil {
			return "", "", err
		}
		if path = to; !filepath.IsAbs(to) {
			// Not filepath.Join, which drops "x/.." though x may be a link.
			path = dir + string(filepath.Separator) + to
		}
	}
	return "", "", errTooManyLinks
}
