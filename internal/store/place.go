package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// Origin says whose a store is.
type Origin string

// The origins.
const (
	Personal Origin = "personal" // in the user's own directories, or where NBSEAL_STORE says
	Project  Origin = "project"  // in a project's .nbseal/store, which its files bring along
)

// Place is where a store is.
type Place struct {
	Origin Origin
	Dir    string
}

// ProjectDir is where the store of the project in dir is.
func ProjectDir(dir string) string { return filepath.Join(dir, ".nbseal", "store") }

// FindProject returns the directory of the store of the project that dir is in:
// .nbseal/store in dir, with symbolic links resolved, or in the nearest directory
// above it, or "" if there is none.
func FindProject(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", fmt.Errorf("looking for the project's store: %w", err)
	}
	for {
		if is, err := isProject(dir); err != nil {
			return "", fmt.Errorf("looking for the project's store: %w", err)
		} else if is {
			return ProjectDir(dir), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil
		}
		dir = parent
	}
}

// isProject reports whether the project in dir has a store. Links to one are an
// error: they would have files written elsewhere.
func isProject(dir string) (bool, error) {
	store := ProjectDir(dir)
	if _, err := os.Stat(filepath.Join(store, recipientsName)); errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	for _, p := range []string{filepath.Dir(store), store} {
		if info, err := os.Lstat(p); err != nil {
			return false, err
		} else if !info.IsDir() {
			return false, fmt.Errorf("%q is not a directory but a link", p)
		}
	}
	return true, nil
}

// Places returns the stores that a command in dir means, in the order in which
// they are looked at: the project's, if dir is in a project that has one, and the
// personal one, whether it exists or not. With NBSEAL_STORE set it is that one
// alone.
//
// What is to be stored goes to the first, unless the user says which. A project's
// store comes with recipients that others chose: say to whom a value goes before
// it does, and let nobody's project have a say that the user does not trust.
func Places(dir string, getenv func(string) string) ([]Place, error) {
	personal, err := DefaultDir(getenv)
	if err != nil {
		return nil, err
	}
	if personal, err = filepath.Abs(personal); err != nil {
		return nil, fmt.Errorf("looking for the stores: %w", err)
	}
	places := []Place{{Personal, personal}}
	if getenv("NBSEAL_STORE") != "" {
		return places, nil
	}
	project, err := FindProject(dir)
	if err != nil {
		return nil, err
	}
	if project != "" && project != personal {
		places = slices.Insert(places, 0, Place{Project, project})
	}
	return places, nil
}

// Listed is a secret in one of several stores.
type Listed struct {
	Info
	Place    Place
	Shadowed bool // an earlier store has a secret of that name
}

// List returns the secrets of several stores, by name, those of one name in the
// order of the stores. Places without a store are passed over.
func List(places []Place) ([]Listed, error) {
	var all []Listed
	seen := map[string]bool{}
	for _, p := range places {
		s, err := Open(p.Dir)
		if errors.Is(err, ErrNoStore) {
			continue
		} else if err != nil {
			return nil, err
		}
		infos, err := s.Infos()
		if err != nil {
			return nil, err
		}
		for _, i := range infos {
			all = append(all, Listed{i, p, seen[i.Name]})
		}
		for _, i := range infos {
			seen[i.Name] = true
		}
	}
	slices.SortStableFunc(all, func(a, b Listed) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}
