// Package baseline keeps a list of findings that were accepted, so that a scan
// reports what is new.
//
// A finding is known by its rule and its credential, wherever it stands: moving
// a cell, editing its neighbours, renaming or copying the file changes nothing,
// and another value in the same place is new. The list holds no credential but
// an HMAC of each, under a random [Key] that is kept elsewhere. Whoever has the
// list without the key can neither guess a credential from it, however short,
// nor add a line that hides one.
//
// Whoever has the key can try out guesses. A credential that is known stays
// known in a new place: the list says that it is being dealt with, not where it
// may be. The format is specified in docs/spec/baseline.md.
package baseline

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/finding"
)

// version is that of the format.
const version = 1

// maxSize bounds a baseline's file, in bytes.
const maxSize = 256 << 20

// ErrNoKey says that none of the keys at hand is the baseline's.
var ErrNoKey = errors.New("the key it was made with is not at hand")

// SyntaxError says what is wrong with a baseline, and where.
type SyntaxError struct {
	Line   int // from 1
	Reason string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// Baseline is a list of findings that are known. It is not safe for concurrent
// use.
type Baseline struct {
	key     Key
	dir     string // absolute; paths are written relative to it
	entries map[string]entry
}

// entry is a line of the list; only its fingerprint counts.
type entry struct {
	Fingerprint string `json:"fingerprint"`
	Rule        string `json:"rule"`
	Path        string `json:"path"`
}

// New returns an empty baseline that belongs into the directory dir.
func New(key Key, dir string) *Baseline {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return &Baseline{key: key, dir: dir, entries: map[string]entry{}}
}

// Open reads the baseline at path. The error wraps ErrNoKey or a *SyntaxError,
// or is that of the file.
func Open(path string, ring *Keyring) (*Baseline, error) {
	src, err := readFile(path, maxSize)
	if err != nil {
		return nil, fmt.Errorf("reading the baseline: %w", err)
	}
	b, err := parse(src, filepath.Dir(path), ring.keys)
	if err != nil {
		return nil, fmt.Errorf("reading the baseline %q: %w", path, err)
	}
	return b, nil
}

// Renew returns an empty baseline to be written to path: with the key of the
// baseline that is there or, if none is there, the key that the environment
// names or else a new one. A new one is first added to the keyring's file, and
// made is true.
func Renew(path string, ring *Keyring) (b *Baseline, made bool, err error) {
	dir := filepath.Dir(path)
	switch old, err := Open(path, ring); {
	case err == nil:
		return New(old.key, dir), false, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, false, err
	}
	if ring.fixed {
		return New(ring.keys[0], dir), false, nil
	}
	key := newKey()
	if err := ring.add(key, path); err != nil {
		return nil, false, err
	}
	return New(key, dir), true, nil
}

// Has reports whether the finding is known. One without its credential never is.
func (b *Baseline) Has(f finding.Finding) bool {
	_, ok := b.entries[b.fingerprint(f)]
	return ok && f.Secret.Len() > 0
}

// Add makes the finding known.
func (b *Baseline) Add(f finding.Finding) {
	if f.Secret.Len() == 0 {
		return
	}
	p := b.fingerprint(f)
	if _, ok := b.entries[p]; !ok {
		b.entries[p] = entry{p, f.Rule, b.relative(f.Location.Path)}
	}
}

// Len is the number of credentials that are known.
func (b *Baseline) Len() int { return len(b.entries) }

// fingerprint is what stands for a finding in the list.
func (b *Baseline) fingerprint(f finding.Finding) string {
	return b.key.mac([]byte(f.Rule), []byte{0}, f.Secret.Reveal())
}

// mac is the first half of an HMAC-SHA256, in hexadecimal digits. Everything
// starts with words that keep this use of the key apart from any other.
func (k Key) mac(parts ...[]byte) string {
	h := hmac.New(sha256.New, k.value.Reveal())
	_, _ = io.WriteString(h, "nbseal baseline 1\x00")
	for _, p := range parts {
		_, _ = h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil)[:sha256.Size/2])
}

// check is what a list shows of its key. No finding has it for a fingerprint: a
// rule's id is not empty.
func (k Key) check() string { return k.mac([]byte{0}, []byte("key check")) }

// relative is the path as the list shows it, for people.
func (b *Baseline) relative(path string) string {
	if path == "-" {
		return path
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return filepath.Base(path)
	}
	rel, err := filepath.Rel(b.dir, abs)
	if err != nil {
		return filepath.Base(path)
	}
	return filepath.ToSlash(rel)
}

// Marshal returns the list in its file format: one finding a line, ordered by
// path, rule and fingerprint.
func (b *Baseline) Marshal() []byte {
	var list []entry
	for _, e := range b.entries {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b entry) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Fingerprint, b.Fingerprint))
	})
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\n \"version\": %d,\n \"key_check\": %q,\n \"findings\": [", version, b.key.check())
	for i, e := range list {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n  ")
		line, _ := json.Marshal(e) // strings always marshal
		out.Write(line)
	}
	if len(list) > 0 {
		out.WriteString("\n ")
	}
	out.WriteString("]\n}\n")
	return out.Bytes()
}

// Write puts the list into the file at path, whole or not at all. The file can
// be read by everybody, as what git checks out: it holds no secret.
func (b *Baseline) Write(path string) error {
	if err := atomicfile.Write(path, b.Marshal(), atomicfile.Mode(0o644), atomicfile.KeepMode()); err != nil {
		return fmt.Errorf("writing the baseline: %w", err)
	}
	return nil
}

// readFile reads a file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(src)) > limit {
		err = fmt.Errorf("%q is larger than %d bytes", path, limit)
	}
	return src, err
}
