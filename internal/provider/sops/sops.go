// Package sops follows sops://FILE#PATH to a part of a file that SOPS has
// encrypted (https://getsops.io), and sops://FILE to all of it as JSON, by
// running the program sops, which finds the key as it always does.
package sops

import (
	"context"

	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/secret"
)

type sops struct{ host provider.Host }

// New returns the provider.
func New(h provider.Host) provider.Provider { return sops{h} }

func (p sops) Get(ctx context.Context, req provider.Request) (secret.Value, error) {
	// Read here first, so that a missing file is told as everywhere.
	sealed, err := p.host.ReadFile(ctx, req)
	if err != nil {
		return secret.Value{}, err
	}
	clear(sealed)
	path, err := p.host.File(req.Ref.Path())
	if err != nil {
		return secret.Value{}, req.Fail("", err)
	}
	// The path is absolute, so it is never taken for an option.
	plain, err := p.host.Run(ctx, req, []string{"sops", "--decrypt", "--output-type", "json", path}, provider.MaxFile)
	if err != nil {
		return secret.Value{}, err
	}
	defer clear(plain)
	value, err := provider.Pick(plain, provider.Steps(req.Ref.Fragment()))
	if err != nil {
		return secret.Value{}, req.Fail("", err)
	}
	return req.Value(value)
}
