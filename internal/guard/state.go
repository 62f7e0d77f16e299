package guard

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbseal/nbseal/internal/gitx"
)

// record says what was installed, so that it can be taken back. It has no bytes
// but those that nbseal wrote and the attribute lines that it replaced.
type record struct {
	Version int          `json:"version"`
	Files   []fileRecord `json:"files,omitempty"`
	Hooks   []hookRecord `json:"hooks,omitempty"`
}

// position is a path that still leads there when the repository has been moved.
type position struct {
	Base string `json:"base,omitempty"` // "git": the common directory; "tree": the work tree's top
	Root string `json:"root,omitempty"` // where the top was
	Path string `json:"path"`           // below the base, with slashes, or absolute
}

type fileRecord struct {
	position
	Created bool   `json:"created,omitempty"`
	Hunks   []hunk `json:"hunks"`
}

type hookRecord struct {
	position
	Name   string `json:"name"`
	Script string `json:"script"`
	Aside  bool   `json:"aside,omitempty"` // there was a hook, now beside it
	Made   int    `json:"made,omitempty"`  // so many directories were made: that of the hooks, and those above
}

func (t *target) position(path string) position {
	if t.repo.CommonDir != "" {
		if rel, err := filepath.Rel(t.repo.CommonDir, path); err == nil && filepath.IsLocal(rel) {
			return position{Base: "git", Path: filepath.ToSlash(rel)}
		}
	}
	if t.repo.Top != "" {
		if rel, err := filepath.Rel(t.repo.Top, path); err == nil && filepath.IsLocal(rel) {
			return position{Base: "tree", Root: t.repo.Top, Path: filepath.ToSlash(rel)}
		}
	}
	return position{Path: path}
}

// path is where the position is now. A file of another work tree stays there.
func (p position) path(repo gitx.Repo) string {
	switch p.Base {
	case "git":
		return filepath.Join(repo.CommonDir, filepath.FromSlash(p.Path))
	case "tree":
		root := p.Root
		if !exists(root) {
			root = repo.Top
		}
		return filepath.Join(root, filepath.FromSlash(p.Path))
	}
	return p.Path
}

// check refuses a record that leads out of where it may.
func (p position) check() error {
	if p.Base != "" && !filepath.IsLocal(filepath.FromSlash(p.Path)) || p.Base == "" && !filepath.IsAbs(p.Path) {
		return fmt.Errorf("%q is no path of a file that nbseal installs", p.Path)
	}
	return nil
}

// loadRecord reads the record; without one it is empty.
func (t *target) loadRecord() (record, []byte, error) {
	var r record
	text, err := read(t.state)
	if err != nil || text == nil {
		return r, nil, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, text, fmt.Errorf("reading %q, the record of what was installed: %w", t.state, err)
	}
	if r.Version != 1 {
		return r, text, fmt.Errorf("reading %q, the record of what was installed: it is of version %d, which this nbseal does not know", t.state, r.Version)
	}
	for _, f := range r.Files {
		err = f.check()
		if err == nil && slices.ContainsFunc(f.Hunks, func(h hunk) bool { return strings.Trim(h.Lead, "\r\n") != "" }) {
			err = fmt.Errorf("%q has a change that nbseal does not make", f.Path)
		}
		if err != nil {
			break
		}
	}
	for _, h := range r.Hooks {
		if err == nil {
			err = h.check()
		}
	}
	if err != nil {
		err = fmt.Errorf("reading %q, the record of what was installed: %w", t.state, err)
	}
	return r, text, err
}

func (r record) marshal() []byte {
	if len(r.Files)+len(r.Hooks) == 0 {
		return nil
	}
	r.Version = 1
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		panic(err) // strings and numbers only
	}
	return append(text, '\n')
}

// file is the record of the file at path, and its index; -1: there is none.
func (r record) file(t *target, path string) (fileRecord, int) {
	i := slices.IndexFunc(r.Files, func(f fileRecord) bool { return f.path(t.repo) == path })
	if i < 0 {
		return fileRecord{position: t.position(path)}, -1
	}
	return r.Files[i], i
}

func (r *record) setFile(t *target, f fileRecord) {
	_, i := r.file(t, f.path(t.repo))
	switch {
	case i < 0 && len(f.Hunks) > 0:
		r.Files = append(r.Files, f)
	case i >= 0 && len(f.Hunks) == 0:
		r.Files = slices.Delete(r.Files, i, i+1)
	case i >= 0:
		r.Files[i] = f
	}
}

func (r *record) setHook(t *target, h hookRecord) {
	i := slices.IndexFunc(r.Hooks, func(old hookRecord) bool { return old.path(t.repo) == h.path(t.repo) })
	if i < 0 {
		r.Hooks = append(r.Hooks, h)
	} else {
		r.Hooks[i] = h
	}
}
