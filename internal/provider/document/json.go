// Package document follows json://FILE#PATH and yaml://FILE#PATH to a part of a
// document, and without a path to all of it, as JSON. [provider.Steps] says how
// a path is written.
//
// A scalar is what is written: a YAML 0123 is that text, not a number in base 8.
package document

import (
	"context"

	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/secret"
)

// JSON returns the provider of json://.
func JSON(h provider.Host) provider.Provider {
	return document{h, provider.Pick}
}

// YAML returns the provider of yaml://.
func YAML(h provider.Host) provider.Provider {
	return document{h, pickYAML}
}

type document struct {
	host provider.Host
	pick func(data []byte, steps []string) ([]byte, error)
}

func (p document) Get(ctx context.Context, req provider.Request) (secret.Value, error) {
	data, err := p.host.ReadFile(ctx, req)
	if err != nil {
		return secret.Value{}, err
	}
	defer clear(data)
	value, err := p.pick(data, provider.Steps(req.Ref.Fragment()))
	if err != nil {
		return secret.Value{}, req.Fail("", err)
	}
	return req.Value(value)
}
