package store

import (
	"fmt"
	"sync"

	"filippo.io/age"
)

// Opener holds an identity that is unlocked, for a process that opens files for
// others for some time. It gives away keys of single files, never the identity:
// what a caller sends are the stanzas of a file's header, what it gets is the key
// to that file. It is an age.Identity, and its methods may be called at once.
//
// It keeps nothing of the identity's text and of the passphrase. The key itself
// stays in the memory that package age has for it until Close; then nothing
// refers to it, and when Go uses the memory anew is not known.
type Opener struct {
	mu         sync.Mutex
	id         age.Identity
	recipients []string
}

// NewOpener takes id over: its text is wiped, it cannot be written or sealed any
// more.
func NewOpener(id *Identity) *Opener {
	id.text.Wipe()
	return &Opener{id: unwrapFunc(id.unwrap), recipients: id.Recipients()}
}

// Unwrap returns the file key in one of the stanzas, age.ErrIncorrectIdentity or,
// after Close, ErrLocked.
func (o *Opener) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	o.mu.Lock()
	id := o.id
	o.mu.Unlock()
	if id == nil {
		return nil, fmt.Errorf("%w: it was closed", ErrLocked)
	}
	return id.Unwrap(stanzas)
}

// Recipients returns the text form of the recipients that it opens.
func (o *Opener) Recipients() []string { return append([]string(nil), o.recipients...) }

// Close drops the identity.
func (o *Opener) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.id = nil
}
