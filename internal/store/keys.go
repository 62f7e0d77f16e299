package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"filippo.io/age"

	"github.com/nbseal/nbseal/internal/keyring"
	"github.com/nbseal/nbseal/internal/secret"
)

// keyringService is under what the keyring has identities.
const keyringService = "nbseal"

// Keys finds the identities of a user, in the order that docs/spec/store.md has:
// those that open without asking first. It looks at one only when a file is of a
// kind that it could open and those before it did not. It is an age.Identity, and
// its methods may be called at once; while it asks, the others wait.
//
// Where no identity fits, the error is ErrLocked and says what was tried.
type Keys struct {
	dir    string // the personal store's
	getenv func(string) string

	mu      sync.Mutex
	sources []*source
}

// source is a place where an identity may be.
type source struct {
	where string
	kinds func(stanzaType string) bool
	open  func() (age.Identity, error)

	opened bool
	id     age.Identity
	err    error // of opening
}

// FindKeys returns the identities of the user whose personal store is in dir.
// With NBSEAL_IDENTITY_FILE set it is that file alone.
//
// A project's directory is not looked at: it comes with what others put there.
func FindKeys(dir string, getenv func(string) string, p Prompts) (*Keys, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("finding identities: %w", err)
	}
	k := &Keys{dir: dir, getenv: getenv}
	ask := p.Passphrase
	p.Passphrase = func(path string) (secret.Value, error) {
		if ask == nil {
			return secret.Value{}, &askError{fmt.Errorf("%w: nobody can be asked for a passphrase", ErrLocked)}
		}
		v, err := ask(path)
		if err != nil {
			return v, &askError{err}
		}
		return v, nil
	}
	if path := getenv("NBSEAL_IDENTITY_FILE"); path != "" {
		k.add(path, func(string) bool { return true }, func() (age.Identity, error) { return OpenIdentityFile(path, p) })
		return k, nil
	}
	k.add("the keyring", isNative, k.fromKeyring)
	beside := filepath.Join(filepath.Dir(dir), "identities")
	k.add(beside, func(string) bool { return true }, func() (age.Identity, error) { return OpenIdentityFile(beside, p) })
	home := getenv("HOME")
	if home == "" {
		home = getenv("USERPROFILE")
	}
	if home != "" {
		for _, kind := range []string{"ssh-ed25519", "ssh-rsa"} {
			path := filepath.Join(home, ".ssh", "id_"+strings.TrimPrefix(kind, "ssh-"))
			k.add(path, func(t string) bool { return t == kind }, func() (age.Identity, error) { return OpenIdentityFile(path, p) })
		}
	}
	sealed, err := IdentityPath(dir)
	if err != nil {
		return nil, fmt.Errorf("finding identities: %w", err)
	}
	k.add(sealed, isNative, func() (age.Identity, error) {
		return OpenIdentity(sealed, func() (secret.Value, error) { return p.Passphrase(sealed) })
	})
	return k, nil
}

func (k *Keys) add(where string, kinds func(string) bool, open func() (age.Identity, error)) {
	k.sources = append(k.sources, &source{where: where, kinds: kinds, open: open})
}

// isNative reports whether a stanza is for a key of age itself.
func isNative(stanzaType string) bool {
	return stanzaType == "X25519" || stanzaType == "mlkem768x25519"
}

// askError is an error of asking a person, who is then not asked for more.
type askError struct{ error }

func (e *askError) Unwrap() error { return e.error }

// Unwrap returns the file key in one of the stanzas. An identity that is there
// but cannot be opened does not end the search, unless somebody was asked for its
// passphrase and gave a wrong one or none.
func (k *Keys) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	tried := &triedError{}
	for _, s := range k.sources {
		if !slices.ContainsFunc(stanzas, func(st *age.Stanza) bool { return s.kinds(st.Type) }) {
			continue
		}
		if !s.opened {
			s.id, s.err = s.open()
			s.opened = true
		}
		err := s.err
		if err == nil {
			var key []byte
			if key, err = s.id.Unwrap(stanzas); err == nil {
				return key, nil
			}
		}
		if _, asked := errors.AsType[*askError](err); asked || errors.Is(err, ErrPassphrase) {
			return nil, err
		}
		tried.add(s.where, err)
	}
	if len(k.sources) == 1 && len(tried.failed) == 1 {
		return nil, tried.failed[0]
	}
	return nil, tried
}

// isAbsent reports whether there simply is no identity.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, keyring.ErrNone) || errors.Is(err, keyring.ErrNotFound)
}

// triedError says which identities were tried. For package age it is an identity
// that does not fit.
type triedError struct {
	list   []string
	failed []error // of identities that are there
}

func (e *triedError) add(where string, err error) {
	what := err.Error()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		what = "it is not there"
		if strings.Contains(where, ".ssh") {
			what += ", and an ssh-agent cannot decrypt"
		}
	case errors.Is(err, keyring.ErrNone):
		what = "there is none in this session"
	case errors.Is(err, keyring.ErrNotFound):
		what = "it has no identity of nbseal"
	case errors.Is(err, keyring.ErrLocked):
		what = "it is locked"
	case errors.Is(err, context.DeadlineExceeded):
		what = "it does not answer"
	case errors.Is(err, age.ErrIncorrectIdentity):
		what = "it does not fit"
	}
	if !isAbsent(err) && !errors.Is(err, age.ErrIncorrectIdentity) {
		e.failed = append(e.failed, err)
	}
	e.list = append(e.list, where+": "+what)
}

func (e *triedError) Error() string {
	if len(e.list) == 0 {
		return "no identity is of a kind that fits the file"
	}
	return "no identity opens the file; tried were " + strings.Join(e.list, "; ")
}

// Unwrap returns why identities that are there could not be used.
func (e *triedError) Unwrap() []error { return e.failed }

func (e *triedError) Is(target error) bool { return target == age.ErrIncorrectIdentity }

// Found returns the places of identities that exist, in the order in which they
// are tried, without opening any. The keyring is asked.
func (k *Keys) Found() []string {
	var found []string
	for _, s := range k.sources {
		if s.where == "the keyring" {
			v, err := keyring.Keyring{Getenv: k.getenv}.Get(context.Background(), keyringService, k.dir)
			v.Wipe()
			if err == nil {
				found = append(found, s.where)
			}
		} else if _, err := os.Stat(s.where); err == nil {
			found = append(found, s.where)
		}
	}
	return found
}

func (k *Keys) fromKeyring() (age.Identity, error) {
	return LoadFromKeyring(context.Background(), keyring.Keyring{Getenv: k.getenv}, k.dir)
}

// LoadFromKeyring returns the identity that the keyring has for the store in dir.
// Errors are those of package keyring.
func LoadFromKeyring(ctx context.Context, ring keyring.Keyring, dir string) (*Identity, error) {
	text, err := ring.Get(ctx, keyringService, dir)
	if err != nil {
		return nil, err
	}
	id, err := parseIdentity(text, nil)
	if err != nil {
		text.Wipe()
		return nil, fmt.Errorf("reading the identity in the keyring: %w", err)
	}
	return id, nil
}

// SaveToKeyring puts id into the keyring, for the store in dir, which must be an
// absolute path. It is fs.ErrExist if there is an identity for it: with a lost
// identity go all secrets that only it opens.
func SaveToKeyring(ctx context.Context, ring keyring.Keyring, dir string, id *Identity) error {
	if id.text.Len() == 0 {
		return errors.New("storing the identity: it was forgotten")
	}
	old, err := ring.Get(ctx, keyringService, dir)
	old.Wipe()
	if err == nil {
		return fmt.Errorf("storing the identity: the keyring has one for %q: %w", dir, fs.ErrExist)
	} else if !errors.Is(err, keyring.ErrNotFound) {
		return err
	}
	return ring.Set(ctx, keyringService, dir, id.text)
}
