// Package manifest reads nbseal.toml, which says what the names of secrets mean
// in a project and which notebooks may have which.
//
//	[secrets]
//	DB_PASSWORD = "nbseal://team/db"
//	API_KEY     = { from = "env://API_KEY" }
//
//	[notebooks."reports/**/*.ipynb"]
//	allow = ["DB_PASSWORD"]
//
//	[clean]
//	outputs = "strip"
//
// It holds names and references, never values, and its errors quote neither what
// stands where a reference should, in case it is a value after all.
//
// Parsing runs nothing and reads nothing else. It accepts every reference of a
// scheme that nbseal knows, also of those that this version cannot follow.
// A program that is named is neither looked for nor run, a file not looked at.
// Whether to trust a manifest that came with a repository is not decided here.
package manifest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Filename is the name of a manifest's file.
const Filename = "nbseal.toml"

// maxSize bounds a manifest's file, in bytes: over a thousand secrets. The TOML
// library's time grows with the square of the number of keys.
const maxSize = 64 << 10

// Manifest is what an nbseal.toml says. It does not change.
type Manifest struct {
	filename string
	digest   [sha256.Size]byte
	deny     bool // notebooks that no section matches
	secrets  map[string]Secret
	sections []section // in the order of their patterns
	clean    []cleanSection
}

// Find returns the path of the manifest that holds for files in dir: that of dir
// or of the nearest directory above it, up to the root of the file system. It is
// "" if there is none. Symbolic links in dir are resolved first, as in a working
// directory. Whatever has the name counts as a manifest, so that one that cannot
// be read is not passed over.
func Find(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", fmt.Errorf("looking for %s: %w", Filename, err)
	}
	for {
		path := filepath.Join(dir, Filename)
		if _, err := os.Lstat(path); err == nil {
			return path, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("looking for %s: %w", Filename, err)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil
		}
		dir = parent
	}
}

// Load reads the manifest at path, of at most 64 KiB.
func Load(path string) (*Manifest, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("reading the manifest %q: it is not a regular file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	return Parse(data, path)
}

// Parse reads a manifest of at most 64 KiB. The filename is for errors, which
// begin with "filename:line:column: ", counted from 1, the column in bytes, and
// its directory is what patterns of notebooks are relative to.
func Parse(data []byte, filename string) (*Manifest, error) {
	if len(data) > maxSize {
		return nil, fmt.Errorf("%s: it is larger than %d bytes", filename, maxSize)
	}
	m, err := decode(bytes.TrimPrefix(data, []byte("\ufeff")))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", filename, err)
	}
	m.filename, m.digest = filename, sha256.Sum256(data)
	return m, nil
}

// Filename is the path that the manifest was read from.
func (m *Manifest) Filename() string { return m.filename }

// Names returns the names of all secrets, sorted.
func (m *Manifest) Names() []string {
	names := make([]string, 0, len(m.secrets))
	for n := range m.secrets {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Digest is the SHA-256 of the manifest's bytes.
func (m *Manifest) Digest() [sha256.Size]byte { return m.digest }

// Secret returns what the manifest says of the secret of that name.
func (m *Manifest) Secret(name string) (Secret, bool) {
	s, ok := m.secrets[name]
	return s, ok
}

// Place is where the name of a secret stands: "filename:line:column".
func (m *Manifest) Place(name string) string {
	s := m.secrets[name]
	return fmt.Sprintf("%s:%d:%d", m.filename, s.Line, s.Column)
}
