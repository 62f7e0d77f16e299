//go:build !linux

package keyring

import (
	"context"
	"errors"

	"github.com/zalando/go-keyring"

	"github.com/nbseal/nbseal/internal/secret"
)

// within ends with ctx. The system's call has no end of its own: one that it
// does not answer stays behind until it does.
func within[T any](ctx context.Context, call func() (T, error)) (T, error) {
	type answer struct {
		v   T
		err error
	}
	done := make(chan answer, 1)
	go func() {
		v, err := call()
		done <- answer{v, err}
	}()
	select {
	case a := <-done:
		return a.v, explain(a.err)
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func explain(err error) error {
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return ErrNotFound
	case errors.Is(err, keyring.ErrUnsupportedPlatform):
		return ErrNone
	}
	return err
}

func (k Keyring) get(ctx context.Context, service, user string) (secret.Value, error) {
	return within(ctx, func() (secret.Value, error) {
		text, err := keyring.Get(service, user)
		return secret.New([]byte(text)), err
	})
}

func (k Keyring) set(ctx context.Context, service, user string, text secret.Value) error {
	_, err := within(ctx, func() (struct{}, error) {
		return struct{}{}, keyring.Set(service, user, string(text.Reveal()))
	})
	return err
}

func (k Keyring) remove(ctx context.Context, service, user string) error {
	_, err := within(ctx, func() (struct{}, error) {
		return struct{}{}, keyring.Delete(service, user)
	})
	return err
}
