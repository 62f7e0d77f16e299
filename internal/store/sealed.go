package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"filippo.io/age"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/secret"
)

// ErrPassphrase says that a passphrase does not open an identity file.
var ErrPassphrase = errors.New("wrong passphrase")

// maxWorkFactor is the highest scrypt work factor accepted, as a power of two:
// 1 GiB of memory and a few seconds. The default of package age is 18.
const maxWorkFactor = 20

// SealOption changes how an identity is sealed.
type SealOption func(*age.ScryptRecipient)

// WorkFactor sets the cost of trying a passphrase to 2^logN, logN from 1 to 20,
// instead of package age's default. Tests lower it.
func WorkFactor(logN int) SealOption {
	return func(r *age.ScryptRecipient) { r.SetWorkFactor(min(logN, maxWorkFactor)) }
}

// SealIdentity writes id, encrypted with a passphrase that is not empty, to a new
// file, in a directory that it makes with mode 0700 if there is none. It is
// fs.ErrExist if there is such a file: with a lost identity go all secrets that
// only it opens. The file is one that age itself reads.
func SealIdentity(path string, id *Identity, passphrase secret.Value, opts ...SealOption) error {
	if id.text.Len() == 0 {
		return errors.New("sealing the identity: it was forgotten")
	}
	r, err := age.NewScryptRecipient(string(passphrase.Reveal()))
	if err != nil {
		return fmt.Errorf("sealing the identity: %w", err)
	}
	for _, o := range opts {
		o(r)
	}
	sealed, err := encrypt(id.text, []age.Recipient{r})
	if err != nil {
		return fmt.Errorf("sealing the identity: %w", err)
	}
	text, err := armored(sealed)
	if err != nil {
		return fmt.Errorf("sealing the identity: %w", err)
	}
	if err := atomicfile.MkdirPrivate(filepath.Dir(path)); err != nil {
		return fmt.Errorf("sealing the identity: %w", err)
	}
	if err := atomicfile.Write(path, []byte(text), atomicfile.IfAbsent()); err != nil {
		return fmt.Errorf("sealing the identity: %w", err)
	}
	return nil
}

// SealedIdentity is an identity in a file protected by a passphrase, for which it
// asks when it is first needed, and only then. It is an age.Identity, and its
// methods may be called at once; while it asks, the others wait.
type SealedIdentity struct {
	path string
	file []byte // in binary form
	ask  func() (secret.Value, error)

	mu     sync.Mutex
	opened *Identity
	err    error // of the only attempt
}

// OpenIdentity reads the identity file at path, which is fs.ErrNotExist if it is
// missing. Not before a secret needs it does it call ask for the passphrase,
// which it wipes after use, once: an error of ask, or ErrPassphrase, stays the
// answer until [SealedIdentity.Forget].
func OpenIdentity(path string, ask func() (secret.Value, error)) (*SealedIdentity, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the identity file: %w", err)
	}
	defer f.Close()
	data, err := readAll(f, maxIdentity)
	if err != nil {
		return nil, fmt.Errorf("reading identity file %q: %w", path, err)
	}
	file, err := dearmor(data)
	if err != nil {
		return nil, fmt.Errorf("reading identity file %q: %w", path, err)
	}
	if !strings.HasPrefix(string(file[len(intro):]), "-> scrypt ") {
		return nil, fmt.Errorf("reading identity file %q: it is not protected by a passphrase", path)
	}
	return &SealedIdentity{path: path, file: file, ask: ask}, nil
}

// Unwrap returns the file key in one of the stanzas, or age.ErrIncorrectIdentity,
// ErrPassphrase or the error of asking.
func (s *SealedIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	id, err := s.Open()
	if err != nil {
		return nil, err
	}
	return id.Unwrap(stanzas)
}

// Open returns the identity, and asks for the passphrase if that was not done.
func (s *SealedIdentity) Open() (*Identity, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened == nil && s.err == nil {
		s.opened, s.err = s.unseal()
	}
	return s.opened, s.err
}

// Forget drops the opened identity, and what went wrong, so that the passphrase
// is asked for again. What Open returned still opens secrets; it cannot be sealed.
func (s *SealedIdentity) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened != nil {
		s.opened.text.Wipe()
	}
	s.opened, s.err = nil, nil
}

func (s *SealedIdentity) unseal() (*Identity, error) {
	passphrase, err := s.ask()
	if err != nil {
		return nil, fmt.Errorf("asking for the passphrase of %q: %w", s.path, err)
	}
	defer passphrase.Wipe()
	if passphrase.Len() == 0 {
		return nil, fmt.Errorf("opening identity file %q: %w", s.path, ErrPassphrase)
	}
	key, err := age.NewScryptIdentity(string(passphrase.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("opening identity file %q: %w", s.path, err)
	}
	key.SetMaxWorkFactor(maxWorkFactor)
	text, err := decrypt(s.file, []age.Identity{key})
	if errors.Is(err, ErrLocked) {
		return nil, fmt.Errorf("opening identity file %q: %w", s.path, ErrPassphrase)
	} else if err != nil {
		return nil, fmt.Errorf("opening identity file %q: %w", s.path, err)
	}
	id, err := parseIdentity(text, nil)
	if err != nil {
		text.Wipe()
		return nil, fmt.Errorf("opening identity file %q: %w", s.path, err)
	}
	return id, nil
}
