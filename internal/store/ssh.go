package store

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"github.com/nbseal/nbseal/internal/secret"
)

// openSSH reads a private SSH key. An ssh-agent is of no use for it: agents sign,
// and nothing else.
func openSSH(path string, text secret.Value, p Prompts) (age.Identity, error) {
	pem := text.Reveal()
	id, err := agessh.ParseIdentity(pem)
	if missing, is := errors.AsType[*ssh.PassphraseMissingError](err); is {
		return openSealedSSH(path, pem, missing.PublicKey, p)
	}
	defer text.Wipe()
	if err != nil {
		// The error of the parser may tell what stands in the file.
		return nil, fmt.Errorf("reading SSH key %q: it is damaged, or neither ed25519 nor RSA", path)
	}
	return id, nil
}

// openSealedSSH needs the public key to know whether a file is for it, before it
// asks for the passphrase. Older formats do not hold it; then it is in path.pub.
func openSealedSSH(path string, pem []byte, public ssh.PublicKey, p Prompts) (age.Identity, error) {
	if public == nil {
		f, err := os.Open(path + ".pub")
		if err != nil {
			return nil, fmt.Errorf("reading SSH key %q: its public key is needed: %w", path, err)
		}
		defer f.Close()
		line, err := readAll(f, maxLine)
		if err != nil {
			return nil, fmt.Errorf("reading %q: %w", path+".pub", err)
		}
		if public, _, _, _, err = ssh.ParseAuthorizedKey(line); err != nil {
			return nil, fmt.Errorf("reading %q: it is not a public SSH key", path+".pub")
		}
	}
	s := &sealedSSH{path: path}
	var err error
	s.key, err = agessh.NewEncryptedSSHIdentity(public, pem, func() ([]byte, error) {
		v, err := p.Passphrase(path)
		if err != nil {
			s.asking = err
			return nil, err
		}
		defer v.Wipe()
		s.asked = true
		return append([]byte(nil), v.Reveal()...), nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading SSH key %q: it is neither ed25519 nor RSA", path)
	}
	return s, nil
}

// sealedSSH is an SSH key with a passphrase. It asks once, and never for a file
// that is not for the key.
type sealedSSH struct {
	path string

	mu     sync.Mutex
	key    *agessh.EncryptedSSHIdentity
	asked  bool  // and somebody answered
	asking error // of asking
	err    error // of the only attempt
}

func (s *sealedSSH) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	before := s.asked
	key, err := s.key.Unwrap(stanzas)
	switch {
	case err == nil || errors.Is(err, age.ErrIncorrectIdentity):
		return key, err
	case s.asking != nil:
		s.err = fmt.Errorf("asking for the passphrase of %q: %w", s.path, s.asking)
	case s.asked && !before:
		s.err = fmt.Errorf("opening SSH key %q: %w", s.path, ErrPassphrase)
	default:
		s.err = fmt.Errorf("opening with SSH key %q: %w", s.path, err)
	}
	return nil, s.err
}
