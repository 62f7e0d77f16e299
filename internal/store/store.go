// Package store keeps secrets in a directory of age files, laid out as passage
// (https://github.com/FiloSottile/passage) lays it out: NAME.age for each secret,
// where a "/" in NAME is a folder, encrypted to the recipients in the nearest
// .age-recipients above it. Every age tool opens the files.
//
// When [Store.Put] or [Store.Remove] returns, the change survives a kill and, as
// far as the disk tells the truth, a loss of power. Readers see a secret's old
// value or its new one. Any number of processes may read and write at once.
// Nothing outside of the directory is read or written, whatever symbolic links
// are in it. Secrets' plaintext is in memory only; [WriteIdentityFile] alone writes
// a key in clear, for tests and CI.
//
// Beside NAME.age a hidden file keeps when the secret was made, changed and
// expires, and, encrypted, a note and where to revoke it ([About]).
//
// It hides values and notes, not names, sizes or times. It does not notice that
// someone who can write to the directory put back an older file or replaced one
// by a file of his own, since anyone can encrypt to a recipient; nor that he
// added a recipient.
package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"filippo.io/age"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/secret"
)

// Errors to branch on.
var (
	ErrNoStore  = errors.New("there is no store")
	ErrNotExist = errors.New("no such secret in the store")
	ErrLocked   = errors.New("the store is locked")
)

// MaxValue is the longest value, in bytes.
const MaxValue = 1 << 20

const (
	extension = ".age"
	lockName  = ".nbseal.lock"
)

// Store is a directory of secrets. It holds nothing open, and its methods may be
// called at once.
type Store struct {
	dir     string
	now     func() time.Time
	plugins *Plugins
	swept   atomic.Bool
}

// Option changes how a store works.
type Option func(*Store)

// AllowPlugins lets recipients that need a plugin run it. Whoever can write to
// the store's directory chooses which of the age-plugin-* programs in PATH.
func AllowPlugins(p *Plugins) Option { return func(s *Store) { s.plugins = p } }

// Clock sets the clock that times of change are read from.
func Clock(now func() time.Time) Option { return func(s *Store) { s.now = now } }

func newStore(dir string, opts []Option) *Store {
	s := &Store{dir: dir, now: time.Now}
	for _, o := range opts {
		o(s)
	}
	return s
}

// Open returns the store in dir. It is ErrNoStore if dir has no .age-recipients.
// No identity is needed before [Store.Get].
func Open(dir string, opts ...Option) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening store %q: %w", dir, err)
	}
	info, err := os.Stat(filepath.Join(dir, recipientsName))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w at %q: it has no file %s", ErrNoStore, dir, recipientsName)
	} else if err != nil {
		return nil, fmt.Errorf("opening store %q: %w", dir, err)
	}
	return newStore(dir, opts), nil
}

// Create makes a store in dir, and dir with mode 0700 if there is none, whose
// secrets are encrypted to all of the recipients, in the form of lines of a
// recipients file. It is fs.ErrExist if there is a store already. Files that are
// in dir stay as they are.
func Create(ctx context.Context, dir string, recipients ...string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("creating store %q: %w", dir, err)
	}
	s := newStore(dir, nil)
	text := strings.Join(recipients, "\n") + "\n"
	if _, err := parseRecipients([]byte(text)); err != nil {
		return nil, fmt.Errorf("creating store %q: reading recipients: %w", dir, err)
	}
	if err := atomicfile.MkdirPrivate(dir); err != nil {
		return nil, fmt.Errorf("creating store %q: %w", dir, err)
	}
	err = s.locked(ctx, func(root *os.Root) error {
		return atomicfile.WriteIn(root, recipientsName, []byte(text), atomicfile.IfAbsent())
	})
	if err != nil {
		return nil, fmt.Errorf("creating store %q: %w", dir, err)
	}
	return s, nil
}

// gitFiles keep a store well in git: what is of one machine stays out, and a short
// age file is not taken for text, whose line ends git may change.
var gitFiles = []struct{ name, content string }{
	{".gitignore", lockName + "\n" + pendingName + "\n*.tmp\n"},
	{".gitattributes", "*" + extension + " binary\n"},
}

// CreateProject is Create for a directory that is in git: it writes a .gitignore
// and a .gitattributes there, unless there are some.
func CreateProject(ctx context.Context, dir string, recipients ...string) (*Store, error) {
	s, err := Create(ctx, dir, recipients...)
	if err != nil {
		return nil, err
	}
	for _, f := range gitFiles {
		err := atomicfile.Write(filepath.Join(s.dir, f.name), []byte(f.content), atomicfile.IfAbsent(), atomicfile.Mode(0o644))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("creating store %q: %w", s.dir, err)
		}
	}
	return s, nil
}

// Dir is the absolute path of the store's directory.
func (s *Store) Dir() string { return s.dir }

// Names returns the names of all secrets, sorted. What begins with "." is not
// looked at, and files that other tools put there under a name that ValidateName
// refuses are left out. Folders that are symbolic links are not entered.
func (s *Store) Names() ([]string, error) {
	root, err := s.open()
	if err != nil {
		return nil, fmt.Errorf("listing the store: %w", err)
	}
	defer root.Close()
	names := []string{}
	err = walk(root, func(p string, d fs.DirEntry) error {
		n, ok := strings.CutSuffix(p, extension)
		if ok && !d.IsDir() && ValidateName(n) == nil {
			names = append(names, n)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing store %q: %w", s.dir, err)
	}
	slices.Sort(names)
	return names, nil
}

// Has reports whether there is a secret of that name, exactly as written, also
// where the file system does not tell capital letters from small ones.
func (s *Store) Has(n string) (bool, error) {
	if err := ValidateName(n); err != nil {
		return false, err
	}
	root, err := s.open()
	if err != nil {
		return false, err
	}
	defer root.Close()
	found, _, err := locate(root, n)
	if err != nil {
		return false, fmt.Errorf("looking for secret %q: %w", n, err)
	}
	return found, nil
}

// Get returns the value of a secret, opened with the first of the identities
// that can. It is ErrNotExist if there is none of that name, ErrLocked if no
// identity is given or none fits, or the error of an identity. No part of a
// file's plaintext is returned before all of it was authenticated.
func (s *Store) Get(n string, identities ...age.Identity) (secret.Value, error) {
	root, err := s.find(n)
	if err != nil {
		return secret.Value{}, err
	}
	defer root.Close()
	sealed, err := readFile(root, n+extension)
	if errors.Is(err, fs.ErrNotExist) { // removed since, or a dangling link
		return secret.Value{}, fmt.Errorf("%w: %q", ErrNotExist, n)
	} else if err != nil {
		return secret.Value{}, fmt.Errorf("reading %q: %w", s.file(n), err)
	}
	v, err := decrypt(sealed, identities)
	if err != nil {
		return secret.Value{}, fmt.Errorf("opening %q: %w", s.file(n), err)
	}
	return v, nil
}

// Put makes v, of at most MaxValue bytes, the value of a secret, new or not.
// It refuses a name that differs from an existing one, or from a folder, in
// nothing but capital letters: not every file system could hold both. It waits
// for other writers until ctx is done. What is known about the secret is kept,
// but for the day on which the old value expired.
func (s *Store) Put(ctx context.Context, n string, v secret.Value) error {
	return s.PutAbout(ctx, n, v, About{})
}

// PutAbout is Put with something to be known about the secret.
func (s *Store) PutAbout(ctx context.Context, n string, v secret.Value, about About) error {
	if err := ValidateName(n); err != nil {
		return err
	}
	if v.Len() > MaxValue {
		return fmt.Errorf("storing %q: the value is longer than %d bytes", n, MaxValue)
	}
	err := s.locked(ctx, func(root *os.Root) error { return s.put(root, n, v, about) })
	if err != nil {
		return fmt.Errorf("storing %q: %w", n, err)
	}
	return nil
}

func (s *Store) put(root *os.Root, n string, v secret.Value, about About) error {
	found, twin, err := locate(root, n)
	if err != nil {
		return err
	} else if !found && twin != "" {
		return fmt.Errorf("the store has %q, which differs in nothing but capital letters", twin)
	}
	list, _, _, err := nearestRecipients(root, path.Dir(n))
	if err != nil {
		return err
	}
	// Looked at before anything is written.
	if info, err := root.Lstat(n + extension); err == nil && !info.Mode().IsRegular() {
		return errors.New("what is in its place is not a regular file")
	}
	recipients := s.usable(list)
	sealed, err := encrypt(v, recipients)
	if err != nil {
		return err
	}
	if err := atomicfile.MkdirIn(root, path.Dir(n)); err != nil {
		return err
	}
	var m meta
	var old []byte
	if found {
		if m, old, err = readBoth(root, n); err != nil {
			return err
		}
	}
	if err := m.apply(about, recipients); err != nil {
		return err
	}
	m.renew(old, sealed, s.now(), about)
	// The record first: it tells by the digest which value it is about, so that a
	// kill between the two leaves the old value with the old record.
	if err := writeMeta(root, n, m); err != nil {
		return err
	}
	return atomicfile.WriteIn(root, n+extension, sealed)
}

// Remove removes a secret, and its folders if nothing else is in them. It is
// ErrNotExist if there is none. The disk may keep the old, encrypted bytes. It
// waits for other writers until ctx is done.
func (s *Store) Remove(ctx context.Context, n string) error {
	if err := ValidateName(n); err != nil {
		return err
	}
	err := s.locked(ctx, func(root *os.Root) error {
		found, _, err := locate(root, n)
		if err != nil {
			return err
		} else if !found {
			return ErrNotExist
		}
		if err := atomicfile.RemoveIn(root, n+extension); err != nil {
			return err
		}
		if err := atomicfile.RemoveIn(root, metaPath(n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for dir := path.Dir(n); dir != "."; dir = path.Dir(dir) {
			entries, err := fs.ReadDir(root.FS(), dir)
			if err != nil {
				return err
			} else if len(entries) > 0 {
				break
			}
			if err := atomicfile.RemoveIn(root, dir); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("removing %q: %w", n, err)
	}
	return nil
}

// find opens the store's directory if there is a secret of that name in it.
func (s *Store) find(n string) (*os.Root, error) {
	if err := ValidateName(n); err != nil {
		return nil, err
	}
	root, err := s.open()
	if err != nil {
		return nil, err
	}
	found, twin, err := locate(root, n)
	if err == nil && found {
		return root, nil
	}
	root.Close()
	switch {
	case err != nil:
		return nil, fmt.Errorf("looking for secret %q: %w", n, err)
	case twin != "":
		return nil, fmt.Errorf("%w: %q (there is %q)", ErrNotExist, n, twin)
	}
	return nil, fmt.Errorf("%w: %q", ErrNotExist, n)
}

func (s *Store) file(n string) string { return filepath.Join(s.dir, filepath.FromSlash(n)+extension) }

func (s *Store) open() (*os.Root, error) {
	root, err := os.OpenRoot(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w at %q", ErrNoStore, s.dir)
	}
	return root, err
}

// locked calls f while no other process writes to the store. The first time it
// removes what killed writers left.
func (s *Store) locked(ctx context.Context, f func(*os.Root) error) (err error) {
	root, err := s.open()
	if err != nil {
		return err
	}
	defer root.Close()
	// A link here could have a file made elsewhere.
	if info, err := root.Lstat(lockName); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("the store's %s is not a regular file", lockName)
	}
	unlock, err := atomicfile.Lock(ctx, filepath.Join(s.dir, lockName))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if !s.swept.Load() {
		// Leftovers are ciphertext and do no harm: a failure to remove them is
		// no reason not to store, and the next writer tries again.
		s.swept.Store(sweep(root) == nil)
	}
	return f(root)
}

func sweep(root *os.Root) error {
	return walk(root, func(p string, d fs.DirEntry) error {
		if !d.IsDir() {
			return nil
		}
		_, err := atomicfile.Sweep(root, p)
		return err
	})
}

// walk calls f for the root, which is ".", and all that is below it in the order
// of names, except what begins with "." or vanishes meanwhile.
func walk(root *os.Root, f func(p string, d fs.DirEntry) error) error {
	return fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && p != "." && errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case p != "." && strings.HasPrefix(d.Name(), ".") && d.IsDir():
			return fs.SkipDir
		case p != "." && strings.HasPrefix(d.Name(), "."):
			return nil
		}
		return f(p, d)
	})
}

// locate reports whether the file of a secret is there with exactly its name.
// If not, twin is the name, of it or of a folder above it, that differs in
// nothing but capital letters, or "". It compares names itself, because a file
// system may take one for the other.
func locate(root *os.Root, n string) (found bool, twin string, err error) {
	dir := "."
	segments := strings.Split(n, "/")
	for i, seg := range segments {
		last := i == len(segments)-1
		if last {
			seg += extension
		}
		entries, err := fs.ReadDir(root.FS(), dir)
		if err != nil {
			return false, "", err
		}
		found, twin = false, ""
		for _, e := range entries {
			if last && e.IsDir() || !last && e.Type().IsRegular() {
				continue
			}
			if e.Name() == seg {
				found = true
			} else if strings.EqualFold(e.Name(), seg) {
				twin = strings.TrimSuffix(path.Join(dir, e.Name()), extension)
			}
		}
		if !found {
			return false, twin, nil
		}
		dir = path.Join(dir, seg)
	}
	return true, "", nil
}
