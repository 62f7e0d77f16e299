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
	return parseIdentity(secret.New([]byte("# recipient: "+id.Recipient().String()+"\n"+id.String()+"\n")), nil)
}

// NewPostQuantumIdentity makes a new hybrid identity, of ML-KEM-768 and X25519.
// Programs older than age 1.3 do not know its recipients.
func NewPostQuantumIdentity() (*Identity, error) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return nil, fmt.Errorf("making an identity: %w", err)
	}
	return parseIdentity(secret.New([]byte("# recipient: "+id.Recipient().String()+"\n"+id.String()+"\n")), nil)
}

// LoadIdentityFile reads an age identity file that is not protected by a
// passphrase: native identities, one a line, and comments. Except on Windows,
// nobody but its owner may have permissions on it.
func LoadIdentityFile(path string) (*Identity, error) {
	text, err := readIdentityFile(path)
	if err != nil {
		return nil, err
	}
	if isAge(text.Reveal()) {
		return nil, fmt.Errorf("reading identity file %q: it is encrypted", path)
	}
	return parseIdentityFile(path, text, nil)
}

// Prompts are the ways to ask a person for what an identity needs.
type Prompts struct {
	// Passphrase asks for the passphrase of what is at path. It is wiped after use.
	Passphrase func(path string) (secret.Value, error)
	Plugins    *Plugins // nil if none may run
}

// OpenIdentityFile reads an identity file of any kind: native identities and
// those of plugins, such a file protected by a passphrase, or a private SSH key,
// with a passphrase or without. It asks for a passphrase when a secret needs it,
// and once: what came of it stays the answer. Except on Windows, nobody but its
// owner may have permissions on a file without a passphrase.
func OpenIdentityFile(path string, p Prompts) (age.Identity, error) {
	text, err := readIdentityFile(path)
	if err != nil {
		return nil, err
	}
	switch {
	case isAge(text.Reveal()):
		return OpenIdentity(path, func() (secret.Value, error) { return p.Passphrase(path) })
	case bytes.HasPrefix(text.Reveal(), []byte("-----BEGIN ")):
		return openSSH(path, text, p)
	}
	return parseIdentityFile(path, text, p.Plugins)
}

// readIdentityFile reads a file that only its owner may have permissions on, if
// it is not encrypted.
func readIdentityFile(path string) (secret.Value, error) {
	f, err := os.Open(path)
	if err != nil {
		return secret.Value{}, fmt.Errorf("reading the identity file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return secret.Value{}, fmt.Errorf("reading the identity file: %w", err)
	}
	data, err := readAll(f, maxIdentity)
	if err != nil {
		return secret.Value{}, fmt.Errorf("reading identity file %q: %w", path, err)
	}
	if !isAge(data) {
		if err := checkPrivate(path, info); err != nil {
			clear(data)
			return secret.Value{}, err
		}
	}
	return secret.New(data), nil
}

func isAge(file []byte) bool {
	return bytes.HasPrefix(file, []byte(armor.Header)) || bytes.HasPrefix(file, []byte(intro))
}

func parseIdentityFile(path string, text secret.Value, plugins *Plugins) (*Identity, error) {
	id, err := parseIdentity(text, plugins)
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

// Recipients returns the text form of the recipients that the identity opens, as
// far as it tells them: of plugins it does not.
func (id *Identity) Recipients() []string { return slices.Clone(id.recipients) }

// Unwrap returns the file key in one of the stanzas, or age.ErrIncorrectIdentity.
func (id *Identity) Unwrap(stanzas []*age.Stanza) ([]byte, error) { return id.unwrap(stanzas) }

// parseIdentity reads an identity file line by line, because the errors of
// package age may quote a part of a key.
func parseIdentity(text secret.Value, plugins *Plugins) (*Identity, error) {
	id := &Identity{text: text}
	var all []age.Identity
	n := 0
	for line := range strings.Lines(string(text.Reveal())) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "AGE-PLUGIN-") {
			p, err := plugins.identity(line)
			if err != nil {
				return nil, fmt.Errorf("line %d is not an identity of a plugin", n)
			}
			all = append(all, p)
			continue
		}
		parsed, err := age.ParseIdentities(strings.NewReader(line))
		if err != nil {
			return nil, fmt.Errorf("line %d is not an age identity", n)
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
