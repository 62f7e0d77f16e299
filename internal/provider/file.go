package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrOutside reports a file that lies outside of the project, for a request that
// is confined to it.
var ErrOutside = errors.New("the file lies outside of the project")

// File returns where the file of a reference is: an absolute path. A path that
// begins with ~/ is below the home directory, a relative one below h.Dir.
func (h Host) File(path string) (string, error) {
	if rest, ok := strings.CutPrefix(filepath.ToSlash(path), "~/"); ok {
		if h.Home == "" {
			return "", errors.New("there is no home directory for ~/")
		}
		return filepath.Join(h.Home, filepath.FromSlash(rest)), nil
	}
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	return filepath.Join(h.Dir, path), nil
}

// Inside reports whether the path of a reference is below h.Dir as it is written.
func Inside(path string) bool {
	return filepath.IsLocal(filepath.FromSlash(path)) && !strings.HasPrefix(filepath.ToSlash(path), "~/")
}

// ReadFile reads the file of a request, of at most MaxFile. The caller clears
// what it returns.
func (h Host) ReadFile(ctx context.Context, req Request) ([]byte, error) {
	path, err := h.File(req.Ref.Path())
	if err != nil {
		return nil, req.Fail("", err)
	}
	data, err := h.read(ctx, path, req)
	var hint string
	switch {
	case err == nil:
		return data, nil
	case errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("%w: there is no file %q", ErrNotFound, path)
		hint = "paths are relative to the directory of the manifest"
	case errors.Is(err, fs.ErrPermission):
		err = fmt.Errorf("reading %q: %w", path, fs.ErrPermission)
		hint = "make the file readable for you: chmod u+r"
	}
	return nil, req.Fail(hint, err)
}

func (h Host) read(ctx context.Context, path string, req Request) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	f, err := h.open(path, req)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("reading %q: it is not a regular file", path)
	case info.Size() > MaxFile:
		return nil, fmt.Errorf("reading %q: it is larger than %d bytes", path, MaxFile)
	}
	// One byte more than there is, so that nothing is moved while it grows.
	data := make([]byte, 0, info.Size()+1)
	for {
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case errors.Is(err, io.EOF):
			return data, nil
		case err != nil:
			clear(data)
			return nil, err
		case len(data) == cap(data):
			clear(data)
			return nil, fmt.Errorf("reading %q: it grew in the meantime", path)
		}
	}
}

// open opens for reading; a pipe does not hold it up.
func (h Host) open(path string, req Request) (*os.File, error) {
	if !req.Confined {
		return os.OpenFile(path, os.O_RDONLY|nonBlocking, 0)
	}
	way, err := filepath.Rel(h.Dir, path)
	if err != nil || !filepath.IsLocal(way) {
		return nil, fmt.Errorf("%w: %q", ErrOutside, path)
	}
	root, err := os.OpenRoot(h.Dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.OpenFile(way, os.O_RDONLY|nonBlocking, 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		// os has no error of its own for a link that leads out.
		return nil, fmt.Errorf("%w, or cannot be read: %q", ErrOutside, path)
	}
	return f, err
}
