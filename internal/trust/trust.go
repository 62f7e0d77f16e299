// Package trust remembers which manifests a person has looked at and allowed to
// name more than what their names mean without them: by path, links resolved,
// and by content. A manifest that was changed, moved or copied is no longer one
// of them.
//
// What is remembered is a private file, one JSON object:
//
//	{"v":1,"manifests":{"/home/ana/project/nbseal.toml":"<SHA-256 in hex>"}}
//
// It holds no secret. Whoever can write to it decides what is trusted, so a file
// that others can write to, or own, is refused. It says nothing about programs
// and files that a manifest names: those can change without it.
package trust

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nbseal/nbseal/internal/atomicfile"
)

// Filename is the usual name of the file, which stands beside the store.
const Filename = "trust.json"

// maxFile bounds the file, in bytes: over 10,000 manifests.
const maxFile = 4 << 20

const version = 1

// State is what the file says of a manifest.
type State int

const (
	Unknown State = iota // nobody has looked at it
	Changed              // it was trusted with another content
	Trusted
)

// Digest is the SHA-256 of a manifest's bytes.
type Digest = [sha256.Size]byte

// File is a file of trusted manifests. Its methods may be called at once, also
// by several processes.
type File struct{ path string }

// At returns the File at path. It need not exist: then nothing is trusted.
func At(path string) File { return File{path} }

type content struct {
	V         int               `json:"v"`
	Manifests map[string]string `json:"manifests"`
}

// State returns what the file says of the manifest at that path with that
// digest. When it cannot be read, the error says why, and the state is Unknown.
func (f File) State(manifest string, digest Digest) (State, error) {
	c, err := f.read()
	if err != nil {
		return Unknown, err
	}
	path, err := real(manifest)
	if err != nil {
		return Unknown, err
	}
	switch c.Manifests[path] {
	case "":
		return Unknown, nil
	case hex.EncodeToString(digest[:]):
		return Trusted, nil
	}
	return Changed, nil
}

// Trust remembers the manifest at that path with that digest, which must be of
// the bytes that the person was shown.
func (f File) Trust(ctx context.Context, manifest string, digest Digest) error {
	path, err := real(manifest)
	if err != nil {
		return err
	}
	_, err = f.change(ctx, func(m map[string]string) { m[path] = hex.EncodeToString(digest[:]) })
	return err
}

// Revoke forgets the manifest at that path, and reports whether it was known.
// The manifest need not exist any more.
func (f File) Revoke(ctx context.Context, manifest string) (bool, error) {
	path, err := real(manifest)
	if errors.Is(err, fs.ErrNotExist) {
		path, err = filepath.Abs(manifest)
	}
	if err != nil {
		return false, err
	}
	return f.change(ctx, func(m map[string]string) { delete(m, path) })
}

// real is the one path of a manifest.
func real(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return "", fmt.Errorf("looking for the manifest: %w", err)
	}
	return path, nil
}

// change reports whether there were fewer manifests after it.
func (f File) change(ctx context.Context, apply func(map[string]string)) (fewer bool, err error) {
	if err := atomicfile.MkdirPrivate(filepath.Dir(f.path)); err != nil {
		return false, err
	}
	unlock, err := atomicfile.Lock(ctx, f.path+".lock")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	c, err := f.read()
	if err != nil {
		return false, err
	}
	before := len(c.Manifests)
	apply(c.Manifests)
	data, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return false, err
	}
	return len(c.Manifests) < before, atomicfile.Write(f.path, append(data, '\n'))
}

func (f File) read() (content, error) {
	c := content{V: version, Manifests: map[string]string{}}
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("reading what is trusted: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil {
		err = private(info)
	}
	var data []byte
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(file, maxFile+1))
	}
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	if err != nil {
		return c, fmt.Errorf("reading what is trusted, %q: %w", f.path, err)
	}
	c = content{}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil || c.V != version || c.Manifests == nil {
		return c, fmt.Errorf("reading what is trusted, %q: it is damaged, or of another version; without it nothing is trusted", f.path)
	}
	return c, nil
}
