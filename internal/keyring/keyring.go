// Package keyring keeps texts in the keyring of the user's session: the Secret
// Service on Linux (GNOME Keyring, KWallet, KeePassXC), the Keychain on macOS,
// the Credential Manager on Windows.
//
// Entries are found by a service and a user, under the attributes that Python's
// keyring and go-keyring use, so that what one stored the others find.
//
// It answers soon or says that it could not: a keyring that is absent is
// [ErrNone], one that is locked is [ErrLocked], and neither makes it wait for a
// dialogue that nobody sees. It does not unlock: logging in does, or the
// keyring's own program. On Linux the text passes the session's bus, a socket of
// the same user, as it is; whatever runs as the user can ask the keyring too.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nbseal/nbseal/internal/secret"
)

// Errors to branch on.
var (
	ErrNone     = errors.New("there is no keyring in this session")
	ErrLocked   = errors.New("the keyring is locked")
	ErrNotFound = errors.New("the keyring has no such entry")
)

// Wait is how long a call lasts at most, unless its context ends sooner.
const Wait = 900 * time.Millisecond

// Keyring is the keyring of the session that an environment describes. Its
// methods may be called at once.
type Keyring struct {
	// Getenv looks up variables as os.Getenv does. On Linux
	// DBUS_SESSION_BUS_ADDRESS says where the session's bus is, else it is the
	// socket "bus" in XDG_RUNTIME_DIR; no bus is started.
	Getenv func(string) string
}

// Get returns the text of an entry, or ErrNotFound, ErrLocked, ErrNone or
// context.DeadlineExceeded.
func (k Keyring) Get(ctx context.Context, service, user string) (secret.Value, error) {
	ctx, cancel := context.WithTimeout(ctx, Wait)
	defer cancel()
	v, err := k.get(ctx, service, user)
	if err != nil {
		return secret.Value{}, fmt.Errorf("asking the keyring for %q of %q: %w", user, service, err)
	}
	return v, nil
}

// Set makes text the entry for a service and a user, new or not. Windows takes
// 2560 bytes, macOS about 3000.
func (k Keyring) Set(ctx context.Context, service, user string, text secret.Value) error {
	ctx, cancel := context.WithTimeout(ctx, Wait)
	defer cancel()
	if err := k.set(ctx, service, user, text); err != nil {
		return fmt.Errorf("storing %q of %q in the keyring: %w", user, service, err)
	}
	return nil
}

// Delete removes an entry. It is ErrNotFound if there is none.
func (k Keyring) Delete(ctx context.Context, service, user string) error {
	ctx, cancel := context.WithTimeout(ctx, Wait)
	defer cancel()
	if err := k.remove(ctx, service, user); err != nil {
		return fmt.Errorf("removing %q of %q from the keyring: %w", user, service, err)
	}
	return nil
}
