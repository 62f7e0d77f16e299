package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/nbseal/nbseal/internal/secret"
)

// maxFile is the largest file that is read, in bytes: a value of MaxValue bytes
// in armor, with room for hundreds of recipients.
const maxFile = 2*MaxValue + 1<<20

// intro begins every age file (https://age-encryption.org/v1).
const intro = "age-encryption.org/v1\n"

func readFile(root *os.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	return readAll(f, maxFile)
}

func readAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("it is larger than %d bytes", limit)
	}
	return data, nil
}

func encrypt(v secret.Value, recipients []age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, recipients...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(v.Reveal()); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// dearmor returns the binary form of an age file, and says what is wrong with
// its header without quoting it: the file may be anything, also plaintext.
func dearmor(file []byte) ([]byte, error) {
	if len(file) == 0 {
		return nil, errors.New("the file is empty")
	}
	if bytes.HasPrefix(file, []byte(armor.Header)) {
		binary, err := io.ReadAll(armor.NewReader(bytes.NewReader(file)))
		if err != nil {
			return nil, errors.New("the file is damaged: its armor does not decode")
		}
		file = binary
	}
	if !bytes.HasPrefix(file, []byte(intro)) {
		return nil, errors.New("it is not an age file")
	}
	if _, err := age.ExtractHeader(bytes.NewReader(file)); err != nil {
		return nil, errors.New("the file is damaged: its age header does not parse")
	}
	return file, nil
}

// openWith calls open with the identities and tells what failed: it is ErrLocked
// if none is given or none fits, the error of an identity as it is, and anything
// else is damage.
func openWith(identities []age.Identity, open func([]age.Identity) error) error {
	if len(identities) == 0 {
		return fmt.Errorf("%w: no identity is given", ErrLocked)
	}
	var failed error // of an identity, which says nothing about the file
	watched := make([]age.Identity, len(identities))
	for i, id := range identities {
		watched[i] = unwrapFunc(func(stanzas []*age.Stanza) ([]byte, error) {
			key, err := id.Unwrap(stanzas)
			failed = err
			return key, err
		})
	}
	err := open(watched)
	if none, is := errors.AsType[*age.NoIdentityMatchError](err); is {
		for _, err := range none.Errors {
			if tried, is := errors.AsType[*triedError](err); is {
				return fmt.Errorf("%w: %w", ErrLocked, tried)
			}
		}
		return fmt.Errorf("%w: no identity given fits the file", ErrLocked)
	} else if failed != nil {
		return failed
	} else if err != nil {
		return fmt.Errorf("the file is damaged: %w", err)
	}
	return nil
}

func decrypt(file []byte, identities []age.Identity) (secret.Value, error) {
	file, err := dearmor(file)
	if err != nil {
		return secret.Value{}, err
	}
	var r io.Reader
	err = openWith(identities, func(watched []age.Identity) error {
		r, err = age.Decrypt(bytes.NewReader(file), watched...)
		return err
	})
	if err != nil {
		return secret.Value{}, err
	}
	// The plaintext is shorter than the file; the buffer never grows and leaves
	// no copy behind.
	buf := bytes.NewBuffer(make([]byte, 0, len(file)+bytes.MinRead))
	_, err = buf.ReadFrom(r)
	v := secret.New(buf.Bytes())
	if err == nil && v.Len() > MaxValue {
		v.Wipe()
		return secret.Value{}, fmt.Errorf("the value is longer than %d bytes", MaxValue)
	}
	if err != nil {
		v.Wipe()
		return secret.Value{}, fmt.Errorf("the file is damaged: %w", err)
	}
	return v, nil
}

// unwrapFunc is a function that is an age.Identity.
type unwrapFunc func(stanzas []*age.Stanza) ([]byte, error)

// Unwrap calls f.
func (f unwrapFunc) Unwrap(stanzas []*age.Stanza) ([]byte, error) { return f(stanzas) }
