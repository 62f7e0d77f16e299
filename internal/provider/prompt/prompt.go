// Package prompt follows prompt:// and prompt://TEXT by asking a person.
package prompt

import (
	"context"
	"fmt"

	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/secret"
)

type prompt struct{ host provider.Host }

// New returns the provider.
func New(h provider.Host) provider.Provider { return prompt{h} }

func (p prompt) Get(ctx context.Context, req provider.Request) (secret.Value, error) {
	if ctx.Err() != nil {
		return secret.Value{}, req.Fail("", context.Cause(ctx))
	}
	if p.host.Prompt == nil {
		return secret.Value{}, req.Fail("run it on a terminal", fmt.Errorf("%w: nobody can be asked here", provider.ErrLocked))
	}
	v, err := p.host.Prompt(ctx, req.Name, req.Ref.Rest)
	if err != nil {
		return secret.Value{}, req.Failf("asking for the value: %w", err)
	}
	return req.Value(v.Reveal())
}
