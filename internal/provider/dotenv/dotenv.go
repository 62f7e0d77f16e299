// Package dotenv follows dotenv://FILE#KEY to a value in a .env file, and
// dotenv://FILE to a JSON object of all of them.
package dotenv

import (
	"context"

	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/secret"
)

type dotenv struct{ host provider.Host }

// New returns the provider.
func New(h provider.Host) provider.Provider { return dotenv{h} }

func (p dotenv) Get(ctx context.Context, req provider.Request) (secret.Value, error) {
	data, err := p.host.ReadFile(ctx, req)
	if err != nil {
		return secret.Value{}, err
	}
	defer clear(data)
	key := req.Ref.Fragment()
	pairs, err := Parse(data)
	if key == "" {
		if err != nil {
			return secret.Value{}, req.Fail("", err)
		}
		object, err := provider.Object(pairs)
		if err != nil {
			return secret.Value{}, req.Fail("", err)
		}
		return req.Value(object)
	}
	for i := len(pairs) - 1; i >= 0; i-- {
		if pairs[i].Name != key {
			continue
		}
		if refers(pairs[i].Value) {
			return secret.Value{}, req.Failf("%q refers with ${…} to a variable that the file does not set before it; nothing is taken from the environment", key)
		}
		return req.Value(pairs[i].Value)
	}
	if err != nil {
		return secret.Value{}, req.Failf("%w: the file sets no %q; %w", provider.ErrNotFound, key, err)
	}
	return secret.Value{}, req.Failf("%w: the file sets no %q", provider.ErrNotFound, key)
}
