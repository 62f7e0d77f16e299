// Package keyring follows keyring://SERVICE/USER to an entry of the keyring of
// the user's session, as package [keyring] of nbseal knows it.
//
// On Linux and macOS these are the entries that Python's keyring writes
// (https://pypi.org/project/keyring/); on Windows that one has names of its own.
package keyring

import (
	"context"
	"errors"
	"fmt"

	"github.com/nbseal/nbseal/internal/keyring"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/secret"
)

type ring struct{ keyring keyring.Keyring }

// New returns the provider.
func New(h provider.Host) provider.Provider {
	return ring{keyring.Keyring{Getenv: func(name string) string {
		value, _ := h.LookupEnv(name)
		return value
	}}}
}

func (p ring) Get(ctx context.Context, req provider.Request) (secret.Value, error) {
	if ctx.Err() != nil {
		return secret.Value{}, req.Fail("", context.Cause(ctx))
	}
	service, user := req.Ref.Account()
	v, err := p.keyring.Get(ctx, service, user)
	switch {
	case err == nil:
		return req.Value(v.Reveal())
	case ctx.Err() != nil:
		return secret.Value{}, req.Fail("", context.Cause(ctx))
	case errors.Is(err, keyring.ErrNotFound):
		return secret.Value{}, req.Fail("", fmt.Errorf("%w: %w", provider.ErrNotFound, err))
	case errors.Is(err, keyring.ErrNone):
		return secret.Value{}, req.Fail("a desktop session has a keyring; elsewhere keep the value in the store: nbseal set NAME", fmt.Errorf("%w: %w", provider.ErrLocked, err))
	}
	return secret.Value{}, req.Fail("unlock the keyring, by logging in to the desktop or with its own program, and try again", fmt.Errorf("%w: %w", provider.ErrLocked, err))
}
