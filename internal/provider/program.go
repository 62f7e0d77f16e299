package provider

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// Run runs a program without a shell and returns what it prints, at most max
// bytes. Its input is empty, its working directory h.Dir. A program that does
// not end when ctx is done is killed; one that has started others, which hold
// its output open, is waited for a second. The caller clears what is returned.
func (h Host) Run(ctx context.Context, req Request, argv []string, max int) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, req.Fail("", context.Cause(ctx))
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stderr, cmd.WaitDelay = h.Dir, h.Environ, h.Stderr, time.Second/2
	out := &capped{buf: make([]byte, 0, 4096), max: max}
	cmd.Stdout = out
	err := cmd.Run()
	if err == nil && !out.over {
		return out.buf, nil
	}
	clear(out.buf)
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("running %q: %w", argv[0], context.Cause(ctx))
	case out.over:
		err = fmt.Errorf("running %q: %w", argv[0], ErrTooLong)
	case errors.Is(err, exec.ErrNotFound):
		return nil, req.Fail("install "+fmt.Sprintf("%q", argv[0])+", or put its directory into PATH", fmt.Errorf("running %q: there is no such program in PATH", argv[0]))
	case errors.As(err, &exit):
		// Not what it said: that may hold the value, or half of it.
		return nil, req.Fail("run it by hand to see why", fmt.Errorf("running %q: it failed with %v", argv[0], exit.ProcessState))
	default:
		err = fmt.Errorf("running %q: %w", argv[0], err)
	}
	return nil, req.Fail("", err)
}

// capped keeps what is written up to max bytes, and remembers that there was
// more. It clears what it outgrows.
type capped struct {
	buf  []byte
	max  int
	over bool
}

func (c *capped) Write(p []byte) (int, error) {
	if len(c.buf)+len(p) > c.max {
		c.over = true
		return 0, ErrTooLong
	}
	if len(c.buf)+len(p) > cap(c.buf) {
		grown := make([]byte, len(c.buf), min(c.max, 2*cap(c.buf)+len(p)))
		copy(grown, c.buf)
		clear(c.buf)
		c.buf = grown
	}
	c.buf = append(c.buf, p...)
	return len(p), nil
}
