// Package program follows exec:// to what a program prints: the first line of it
// without its end, as pass and its like mean it, or all of it. There is no shell.
// The program has nbseal's environment and messages, an empty input, and the
// manifest's directory to work in.
package program

import (
	"bytes"
	"context"

	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/secret"
)

type program struct{ host provider.Host }

// New returns the provider.
func New(h provider.Host) provider.Provider { return program{h} }

// maxLines bounds what may follow the first line, in bytes.
const maxLines = 1 << 20

func (p program) Get(ctx context.Context, req provider.Request) (secret.Value, error) {
	if req.Ref.Whole {
		out, err := p.host.Run(ctx, req, req.Ref.Command, provider.MaxValue)
		if err != nil {
			return secret.Value{}, err
		}
		return req.Value(out)
	}
	out, err := p.host.Run(ctx, req, req.Ref.Command, provider.MaxValue+maxLines)
	if err != nil {
		return secret.Value{}, err
	}
	line, rest, _ := bytes.Cut(out, []byte("\n"))
	clear(rest)
	return req.Value(bytes.TrimSuffix(line, []byte("\r")))
}
