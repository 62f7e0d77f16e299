package resolve

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
)

// waysTo returns the clean relative paths, with slashes, by which the notebook
// lies below the manifest's directory: as the paths are written, and with
// symbolic links resolved. A section of the manifest that matches any of them
// holds; no way means that the notebook is elsewhere.
func waysTo(notebook, manifest string) ([]string, error) {
	dir, err := filepath.Abs(filepath.Dir(manifest))
	if err != nil {
		return nil, err
	}
	realDir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	realNotebook, err := resolveLinks(notebook)
	if err != nil {
		return nil, err
	}
	// The notebook itself may be a link, in a folder that is none.
	realFolder, err := resolveLinks(filepath.Dir(notebook))
	if err != nil {
		return nil, err
	}
	var ways []string
	for _, to := range []string{filepath.Clean(notebook), realNotebook, filepath.Join(realFolder, filepath.Base(notebook))} {
		for _, from := range []string{dir, realDir} {
			way, err := filepath.Rel(from, to)
			if err == nil && filepath.IsLocal(way) && !slices.Contains(ways, filepath.ToSlash(way)) {
				ways = append(ways, filepath.ToSlash(way))
			}
		}
	}
	return ways, nil
}

// resolveLinks resolves the symbolic links in as much of the path as exists.
func resolveLinks(path string) (string, error) {
	path = filepath.Clean(path)
	resolved, err := filepath.EvalSymlinks(path)
	if parent := filepath.Dir(path); errors.Is(err, fs.ErrNotExist) && parent != path {
		if parent, err = resolveLinks(parent); err == nil {
			resolved = filepath.Join(parent, filepath.Base(path))
		}
	}
	return resolved, err
}
