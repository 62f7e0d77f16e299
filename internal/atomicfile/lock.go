package atomicfile

import (
	"context"
	"fmt"
	"os"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// Lock takes the exclusive lock on the file at path, which it makes, empty and
// with mode 0600, if there is none. It waits until ctx is done. Everyone who
// reads, changes and writes the same thing takes the same lock; the file is
// beside that thing, not the thing itself, which is replaced by writing. It must
// never be removed: two holders could have two files of one name.
//
// The lock excludes other calls in this process too and is not reentrant. It is
// advisory (flock, or LockFileEx on Windows), and the system releases it when
// the process ends, however it ends. On some network file systems it excludes
// only this host's processes.
func Lock(ctx context.Context, path string) (unlock func() error, err error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("locking %q: %w", path, context.Cause(ctx))
	}
	type result struct {
		f   *lockedfile.File
		err error
	}
	got := make(chan result)
	// The system call cannot be interrupted. When ctx is done first, this
	// goroutine stays until the lock is free, and then lets go of it at once.
	go func() {
		f, err := lockedfile.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		select {
		case got <- result{f, err}:
		case <-ctx.Done():
			if err == nil {
				_ = f.Close() // nothing was written
			}
		}
	}()
	select {
	case r := <-got:
		if r.err != nil {
			return nil, fmt.Errorf("locking %q: %w", path, r.err)
		}
		return r.f.Close, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("locking %q, which is held elsewhere: %w", path, context.Cause(ctx))
	}
}
