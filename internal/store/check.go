package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Problem is something about a store that its owner should look at.
type Problem struct {
	Path string // relative to the store's directory, with slashes
	What string
}

// Check looks at all files of the store, without an identity: whether they are
// whole as far as can be told without a key, whose they are, whether everybody
// can write them, whether the records belong to the values. Two files that were
// swapped show by that. Problems are in the order of paths.
func (s *Store) Check() ([]Problem, error) {
	root, err := s.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var found []Problem
	say := func(p, format string, args ...any) { found = append(found, Problem{p, fmt.Sprintf(format, args...)}) }
	err = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			if p == "." {
				return err
			}
			say(p, "it cannot be read: %v", err)
			return nil
		}
		if d.IsDir() && p != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		info, err := root.Lstat(p)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed since
		} else if err != nil {
			return err
		}
		if what := checkOwner(info); what != "" {
			say(p, "%s", what)
		}
		if n, ok := strings.CutSuffix(p, extension); ok && !d.IsDir() && !strings.HasPrefix(d.Name(), ".") {
			for _, what := range s.checkSecret(root, n, info) {
				say(p, "%s", what)
			}
		}
		switch {
		case d.Name() == recipientsName:
			if _, _, _, err := nearestRecipients(root, path.Dir(p)); err != nil {
				say(p, "%v", err)
			}
		case p == pendingName:
			say(p, "%v", ErrPending)
		case strings.HasSuffix(d.Name(), metaSuffix):
			n := path.Join(path.Dir(p), strings.TrimSuffix(strings.TrimPrefix(d.Name(), "."), metaSuffix))
			if _, err := root.Lstat(n + extension); errors.Is(err, fs.ErrNotExist) {
				say(p, "there is no secret for it; it can be removed")
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("checking store %q: %w", s.dir, err)
	}
	return found, nil
}

func (s *Store) checkSecret(root *os.Root, n string, info fs.FileInfo) (found []string) {
	if !info.Mode().IsRegular() {
		return []string{"it is not a regular file"}
	}
	if err := ValidateName(n); err != nil {
		return []string{"nbseal cannot read it: " + err.Error()}
	}
	m, file, err := readBoth(root, n)
	if file == nil && err != nil {
		return []string{"it cannot be read: " + err.Error()}
	}
	if _, damaged := dearmor(file); damaged != nil {
		found = append(found, damaged.Error())
	}
	if err != nil {
		return append(found, err.Error())
	}
	if _, ok := m.of(file); !ok && !m.empty() {
		found = append(found, "its record is about another value: another program wrote it, or it was put in the place of another")
	}
	return found
}
