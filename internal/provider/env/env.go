// Package env follows env://VARIABLE to an environment variable of this process.
package env

import (
	"context"

	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/secret"
)

type env struct{ host provider.Host }

// New returns the provider.
func New(h provider.Host) provider.Provider { return env{h} }

func (p env) Get(ctx context.Context, req provider.Request) (secret.Value, error) {
	if ctx.Err() != nil {
		return secret.Value{}, req.Fail("", context.Cause(ctx))
	}
	v, ok := p.host.LookupEnv(req.Ref.Rest)
	switch {
	case !ok:
		return secret.Value{}, req.Failf("%w: environment variable %s is not set", provider.ErrNotFound, req.Ref.Rest)
	case v == "":
		return secret.Value{}, req.Failf("%w: environment variable %s is empty", provider.ErrEmpty, req.Ref.Rest)
	}
	return req.Value([]byte(v))
}
