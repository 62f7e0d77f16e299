package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/secret"
)

// maxIdentity bounds an identity file, in bytes.
const maxIdentity = 1 << 20

// Identity opens what is encrypted to its recipients. It is an age.Identity, and
// unlike those of package age it does not show its key when printed.
type Identity struct {
	text       secret.Value // an identity file
	recipients []string
	unwrap     unwrapFunc
}

// NewIdentity makes a new X25519 identity.
func NewIdentity() (*Identity, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("making an identity: %w", err)
	}
	return parseIdentity(secret.New([]byte("# recipient: " + id.Recipient().String() + "\n" + id.String() + "\n")))
}

// LoadIdentityFile reads an age identity file that is not protected by a
// passphrase: native identities, one a line, and comments. Except on Windows,
// nobody but its owner may have permissions on it.
func LoadIdentityFile(path string) (*Identity, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the identity file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading the identity file: %w", err)
	}
	if err := checkPrivate(path, info); err != nil {
		return nil, err
	}
	data, err := readAll(f, maxIdentity)
	if err != nil {
		return nil, fmt.Errorf("reading identity file %q: %w", path, err)
	}
	text := secret.New(data)
	if bytes.HasPrefix(data, []byte(armor.Header)) || bytes.HasPrefix(data, []byte(intro)) {
		return nil, fmt.Errorf("reading identity file %q: it is encrypted", path)
	}
	id, err := parseIdentity(text)
	if err != nil {
		text.Wipe()
		return nil, fmt.Errorf("reading identity file %q: %w", path, err)
	}
	return id, nil
}

// WriteIdentityFile writes id in clear to a new file that its owner alone may
// read, in a directory that it makes with mode 0700 if there is none. It is
// fs.ErrExist if there is such a file.
func WriteIdentityFile(path string, id *Identity) error {
	if id.text.Len() == 0 {
		return errors.New("writing the identity file: the identity was forgotten")
	}
	if err := atomicfile.MkdirPrivate(filepath.Dir(path)); err != nil {
		return fmt.Errorf("writing the identity file: %w", err)
	}
	if err := atomicfile.Write(path, id.text.Reveal(), atomicfile.IfAbsent()); err != nil {
		return fmt.Errorf("writing the identity file: %w", err)
	}
	return nil
}

// Recipients returns the text form of the recipients that the identity opens.
func (id *Identity) Recipients() []string { return slices.Clone(id.recipients) }

// Unwrap returns the file key in one of the stanzas, or age.ErrIncorrectIdentity.
func (id *Identity) Unwrap(stanzas []*age.Stanza) ([]byte, error) { return id.unwrap(stanzas) }

// parseIdentity reads an identity file line by line, because the errors of
// package age may quote a part of a key.
func parseIdentity(text secret.Value) (*Identity, error) {
	id := &Identity{text: text}
	var all []age.Identity
	n := 0
	for line := range strings.Lines(string(text.Reveal())) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parsed, err := age.ParseIdentities(strings.NewReader(line))
		if err != nil {
			return nil, fmt.Errorf("line %d is not a native age identity", n)
		}
		for _, p := range parsed {
			switch p := p.(type) {
			case *age.X25519Identity:
				id.recipients = append(id.recipients, p.Recipient().String())
			case *age.HybridIdentity:
				id.recipients = append(id.recipients, p.Recipient().String())
			default:
				return nil, fmt.Errorf("line %d is of a kind that is not supported", n)
			}
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("there is no identity in it")
	}
	id.unwrap = func(stanzas []*age.Stanza) ([]byte, error) {
		for _, p := range all {
			key, err := p.Unwrap(stanzas)
			if errors.Is(err, age.ErrIncorrectIdentity) {
				continue
			}
			return key, err
		}
		return nil, age.ErrIncorrectIdentity
	}
	return id, nil
}
