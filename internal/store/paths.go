package store

import (
	"errors"
	"path/filepath"
	"runtime"
)

// DefaultDir is where the user's store is, in an environment that getenv looks
// up as os.Getenv does: $NBSEAL_STORE, else nbseal/store under $XDG_DATA_HOME,
// %LocalAppData% on Windows, or ~/.local/share. As the XDG Base Directory
// Specification demands, a relative $XDG_DATA_HOME counts for nothing.
func DefaultDir(getenv func(string) string) (string, error) {
	if dir := getenv("NBSEAL_STORE"); dir != "" {
		return dir, nil
	}
	if data := getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "nbseal", "store"), nil
	}
	if runtime.GOOS == "windows" {
		if data := getenv("LocalAppData"); data != "" {
			return filepath.Join(data, "nbseal", "store"), nil
		}
		return "", errors.New("neither NBSEAL_STORE nor LocalAppData says where the store is")
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".local", "share", "nbseal", "store"), nil
	}
	return "", errors.New("neither NBSEAL_STORE, XDG_DATA_HOME nor HOME says where the store is")
}

// IdentityPath is the passphrase-protected identity file that belongs to the
// store in dir: identity.age beside it.
func IdentityPath(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.Join(filepath.Dir(dir), "identity.age"), nil
}
