package baseline

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/secret"
)

// Key is what a baseline is made with: 32 random bytes.
type Key struct{ value secret.Value }

// keySize is the length of a key, in bytes.
const keySize = 32

// keyPrefix begins the text form of a key; 43 letters of base64url follow.
const keyPrefix = "nbseal-baseline-key-1-"

func newKey() Key {
	b := make([]byte, keySize)
	_, _ = rand.Read(b) // it never fails: crypto/rand
	return Key{secret.New(b)}
}

// text is the key as a file or variable holds it.
func (k Key) text() []byte {
	return base64.RawURLEncoding.AppendEncode([]byte(keyPrefix), k.value.Reveal())
}

func parseKey(text []byte) (Key, error) {
	rest, ok := bytes.CutPrefix(bytes.TrimSpace(text), []byte(keyPrefix))
	if !ok {
		return Key{}, fmt.Errorf("a key begins with %q", keyPrefix)
	}
	b, err := base64.RawURLEncoding.Strict().AppendDecode(nil, rest)
	if err != nil || len(b) != keySize {
		return Key{}, errors.New("a key has 43 letters of base64url behind its prefix")
	}
	return Key{secret.New(b)}, nil
}

// Keyring is the keys at hand.
type Keyring struct {
	keys  []Key
	path  string // of the file they are from; "" when they are from a variable
	fixed bool   // the environment names them: new ones are not added
}

// OpenKeyring reads the keys that the environment names, which getenv looks up
// as os.Getenv does: the one in $NBSEAL_BASELINE_KEY, else those in the file
// $NBSEAL_BASELINE_KEY_FILE, else those in the user's own file nbseal/baseline.key
// under $XDG_CONFIG_HOME, %AppData% on Windows, or ~/.config. The user's own
// file need not be there. Files must be readable by their owner alone.
func OpenKeyring(getenv func(string) string) (*Keyring, error) {
	if text := getenv("NBSEAL_BASELINE_KEY"); text != "" {
		key, err := parseKey([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("reading NBSEAL_BASELINE_KEY: %w", err)
		}
		return &Keyring{keys: []Key{key}, fixed: true}, nil
	}
	if path := getenv("NBSEAL_BASELINE_KEY_FILE"); path != "" {
		keys, err := readKeys(path)
		if err == nil && len(keys) == 0 {
			err = errors.New("it holds no key")
		}
		if err != nil {
			return nil, fmt.Errorf("reading the baseline's key in %q: %w", path, err)
		}
		return &Keyring{keys: keys, path: path, fixed: true}, nil
	}
	path, err := userFile(getenv)
	if err != nil { // it has no keys and takes none
		return &Keyring{}, nil
	}
	keys, err := readKeys(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the baseline's key in %q: %w", path, err)
	}
	return &Keyring{keys: keys, path: path}, nil
}

// Path is the file that holds the keys, or would; "" when they are from a
// variable or there is no place for them.
func (r *Keyring) Path() string { return r.path }

// userFile is the user's own file of keys.
func userFile(getenv func(string) string) (string, error) {
	dir := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) { // the specification says to ignore it
		dir = ""
		if runtime.GOOS == "windows" {
			dir = getenv("AppData")
		} else if home := getenv("HOME"); home != "" {
			dir = filepath.Join(home, ".config")
		}
	}
	if dir == "" {
		return "", errors.New("nothing says where the baseline's key is kept: set NBSEAL_BASELINE_KEY_FILE")
	}
	return filepath.Join(dir, "nbseal", "baseline.key"), nil
}

// maxKeys bounds a file of keys, in bytes.
const maxKeys = 1 << 20

// readKeys reads a file with a key on each line, but for blank lines and those
// that begin with "#".
func readKeys(path string) ([]Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := checkPrivate(path, info); err != nil {
		return nil, err
	}
	src, err := readFile(path, maxKeys)
	if err != nil {
		return nil, err
	}
	defer clear(src)
	var keys []Key
	n := 0
	for line := range bytes.Lines(src) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		key, err := parseKey(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// add appends a key to the keyring's file, with the path of the baseline that
// it is for as a comment.
func (r *Keyring) add(key Key, baseline string) error {
	if r.path == "" {
		return errors.New("nothing says where the baseline's key is kept: set NBSEAL_BASELINE_KEY_FILE")
	}
	old, err := readFile(r.path, maxKeys)
	option := atomicfile.IfUnchanged(old)
	if errors.Is(err, fs.ErrNotExist) {
		option, err = atomicfile.IfAbsent(), atomicfile.MkdirPrivate(filepath.Dir(r.path))
	}
	if err != nil {
		return fmt.Errorf("adding a key to %q: %w", r.path, err)
	}
	defer clear(old)
	if abs, err := filepath.Abs(baseline); err == nil {
		baseline = abs
	}
	text := bytes.Clone(old)
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	text = fmt.Appendf(text, "# %s\n", strings.Map(printable, baseline))
	text = append(append(text, key.text()...), '\n')
	defer clear(text)
	if err := atomicfile.Write(r.path, text, option); err != nil {
		return fmt.Errorf("adding a key to %q: %w", r.path, err)
	}
	r.keys = append(r.keys, key)
	return nil
}

// printable keeps a path on one line of a file.
func printable(r rune) rune {
	if r < 0x20 || r == 0x7f {
		return '?'
	}
	return r
}
