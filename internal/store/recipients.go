package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"filippo.io/age"
)

const (
	recipientsName = ".age-recipients"

	// maxRecipients bounds a recipients file, in bytes: 500 of the longest.
	maxRecipients = 1 << 20
)

// checkRecipients returns an error unless text is the content of a recipients
// file to which something can be encrypted; classic and post-quantum recipients
// do not mix.
func checkRecipients(text string) error {
	recipients, err := age.ParseRecipients(strings.NewReader(text))
	if err != nil {
		return fmt.Errorf("reading recipients: %w", err)
	}
	w, err := age.Encrypt(io.Discard, recipients...)
	if err != nil {
		return fmt.Errorf("encrypting to the recipients: %w", err)
	}
	return w.Close()
}

// nearestRecipients returns the recipients for files in the folder dir: those in
// the recipients file there or in the nearest folder above, as passage has it.
func nearestRecipients(root *os.Root, dir string) ([]age.Recipient, error) {
	for {
		p := path.Join(dir, recipientsName)
		text, err := readRecipients(root, p)
		if err == nil {
			recipients, err := age.ParseRecipients(bytes.NewReader(text))
			if err != nil {
				return nil, fmt.Errorf("reading %q, which can hold native age recipients only: %w", p, err)
			}
			return recipients, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading %q: %w", p, err)
		}
		if dir == "." {
			return nil, fmt.Errorf("%w: its %s is gone", ErrNoStore, recipientsName)
		}
		dir = path.Dir(dir)
	}
}

func readRecipients(root *os.Root, p string) ([]byte, error) {
	f, err := root.Open(p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, maxRecipients)
}
