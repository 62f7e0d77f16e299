// Package fernet follows fernet://FILE#PATH to a part of a JSON document that
// Python's cryptography has encrypted, and fernet://FILE to all of what was
// encrypted, whatever it is. The key is what the reference's own key leads to.
package fernet

import (
	"context"
	"errors"

	"github.com/nbseal/nbseal/internal/fernet"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/secret"
)

type tokens struct{ host provider.Host }

// New returns the provider.
func New(h provider.Host) provider.Provider { return tokens{h} }

func (p tokens) Get(ctx context.Context, req provider.Request) (secret.Value, error) {
	token, err := p.host.ReadFile(ctx, req)
	if err != nil {
		return secret.Value{}, err
	}
	key, err := fernet.ParseKey(req.Key.Reveal())
	if err != nil {
		return secret.Value{}, req.Failf("its key, from %s: %w", req.Ref.Key, err)
	}
	defer key.Wipe()
	message, _, err := fernet.Open(key, token, fernet.Options{})
	if err != nil {
		hint := ""
		if errors.Is(err, fernet.ErrKey) {
			hint = "the key that made the file is needed; key = … says where it comes from"
		}
		return secret.Value{}, req.Fail(hint, err)
	}
	path := req.Ref.Fragment()
	if path == "" {
		return req.Value(message.Reveal())
	}
	defer message.Wipe()
	value, err := provider.Pick(message.Reveal(), provider.Steps(path))
	if err != nil {
		return secret.Value{}, req.Fail("", err)
	}
	return req.Value(value)
}
