package scan

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// target is one thing to read, or why it cannot be.
type target struct {
	path    string
	err     error
	skipped bool // stepped over by design
}

// walk calls visit for the files at and below paths, ordered by path, each
// once, until visit returns false.
func walk(ctx context.Context, paths []string, visit func(target) bool) {
	for _, root := range roots(paths) {
		if root == Stdin {
			if !visit(target{path: Stdin}) {
				return
			}
			continue
		}
		info, err := os.Stat(root)
		if err != nil || !info.IsDir() {
			if !visit(target{path: root, err: err}) {
				return
			}
			continue
		}
		if !walkDir(ctx, root, visit) {
			return
		}
	}
}

// roots cleans and sorts the paths asked for, and drops what another includes.
func roots(paths []string) []string {
	list := make([]string, 0, len(paths))
	for _, p := range paths {
		if p != Stdin {
			p = filepath.Clean(p)
		}
		list = append(list, p)
	}
	slices.SortFunc(list, comparePaths)
	list = slices.Compact(list)
	var out []string
	for _, p := range list {
		if n := len(out); n > 0 && isBelow(p, out[n-1]) && !isFile(out[n-1]) {
			continue
		}
		out = append(out, p)
	}
	return out
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err != nil || !info.IsDir()
}

// isBelow reports whether path is inside dir, by name alone.
func isBelow(path, dir string) bool {
	if dir == "." {
		return !filepath.IsAbs(path) && path != Stdin && path != ".." && !strings.HasPrefix(path, ".."+string(filepath.Separator))
	}
	return strings.HasPrefix(path, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
}

// comparePaths orders paths name by name, as directories list.
func comparePaths(a, b string) int {
	return slices.CompareFunc(split(a), split(b), strings.Compare)
}

func split(path string) []string { return strings.Split(filepath.ToSlash(path), "/") }

// walkDir visits the files below a directory, entries in the order of names.
func walkDir(ctx context.Context, root string, visit func(target) bool) bool {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return again(visit(target{path: path, err: err}))
		case d.IsDir():
			if path != root && isStepped(path, d.Name()) {
				return cmp.Or(again(visit(target{path: path, skipped: true})), fs.SkipDir)
			}
			return nil
		case !d.Type().IsRegular():
			return again(visit(target{path: path, skipped: true}))
		}
		return again(visit(target{path: path}))
	})
	return err == nil
}

var errStop = errors.New("stop")

func again(more bool) error {
	if more {
		return nil
	}
	return errStop
}

// isStepped reports whether a directory below the one asked for holds other
// people's files or a version control's own.
func isStepped(path, name string) bool {
	switch name {
	case ".git", ".hg", ".svn", "node_modules", "__pycache__":
		return true
	}
	_, err := os.Stat(filepath.Join(path, "pyvenv.cfg")) // PEP 405
	return err == nil
}
