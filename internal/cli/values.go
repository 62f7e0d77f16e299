package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

func newReader(b []byte) io.Reader { return bytes.NewReader(b) }

func (a *app) values(ctx context.Context, nb string, names []string) (map[string]secret.Value, error) {
	s, id, err := a.openStore()
	if err != nil {
		return nil, err
	}
	out := map[string]secret.Value{}
	for _, n := range names {
		v, err := s.Get(n, id)
		if err != nil {
			return nil, &nameError{fmt.Errorf("%s: %w", n, err), n}
		}
		out[n] = v
	}
	return out, nil
}
func (a *app) manifestNames() ([]string, error) { return nil, nil }
func errorCode(err error) string {
	switch {
	case errors.Is(err, store.ErrNotExist):
		return "unknown"
	case errors.Is(err, store.ErrLocked):
		return "locked"
	case errors.Is(err, store.ErrNoStore):
		return "no-store"
	}
	return "failed"
}
