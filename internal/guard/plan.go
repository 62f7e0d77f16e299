package guard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/nbseal/nbseal/internal/atomicfile"
)

// Plan is what will be done, in this order, and what will not.
type Plan struct {
	Dir       string     `json:"dir"` // top of the work tree, or the bare repository; empty: all of the user's
	Steps     []Step     `json:"steps"`
	Conflicts []Conflict `json:"conflicts,omitempty"`
	Notes     []string   `json:"notes,omitempty"` // what a person should know or do afterwards

	config string // whose lock is held
	again  func(context.Context) (*Plan, error)
	made   []Step // Steps as they were planned
}

// Step is one change to one file.
type Step struct {
	What    string   `json:"what"` // as "add the filter to the configuration"
	Path    string   `json:"path"`
	From    string   `json:"from,omitempty"`    // where the file at Path was, if that is what the step does
	Added   []string `json:"added,omitempty"`   // lines, without line breaks
	Removed []string `json:"removed,omitempty"` // lines
	Record  bool     `json:"record,omitempty"`  // it keeps nbseal's own record, which is of no interest to a person

	action        action
	before, after []byte // for write; nil: no file. before is also what rename replaces
	hook          bool   // before may be gone by then, and its mode does not matter
	perm          fs.FileMode
}

type action int

const (
	write  action = iota
	keep          // gives the file at From a second name, so that it can be replaced
	rename        // From to Path, which may be replaced
	mkdir
	rmdir // if it is empty
)

// Apply does the steps, while git's lock on the configuration keeps others from
// doing theirs. When one fails, those before it are undone, and the error is
// that of the step, joined with what could not be undone. It is
// atomicfile.ErrChanged if somebody has changed a file since the plan was made.
func (p *Plan) Apply(ctx context.Context) error {
	if len(p.Steps) == 0 {
		return nil
	}
	unlock, err := lockConfig(p.config)
	if err != nil {
		return err
	}
	defer unlock()
	// Others may have been at work while this was planned. Now they wait.
	if now, err := p.again(ctx); err != nil {
		return err
	} else if !reflect.DeepEqual(now.made, p.made) {
		return fmt.Errorf("looking at what is there once more: %w", atomicfile.ErrChanged)
	}
	for i := range p.Steps {
		err := ctx.Err()
		if err == nil {
			err = p.Steps[i].do(ctx)
		}
		if err == nil {
			continue
		}
		err = fmt.Errorf("%s: %w", p.Steps[i].What, err)
		for _, done := range slices.Backward(p.Steps[:i]) {
			// The context may be what ended this.
			if uerr := done.undo(context.WithoutCancel(ctx)); uerr != nil {
				err = errors.Join(err, fmt.Errorf("undoing %q: %w", done.What, uerr))
			}
		}
		return err
	}
	return nil
}

func (s *Step) do(ctx context.Context) error {
	switch s.action {
	case keep:
		return keepAside(s.From, s.Path)
	case rename:
		return moveFile(s.From, s.Path)
	case mkdir:
		return os.Mkdir(s.Path, 0o777)
	case rmdir:
		if err := os.Remove(s.Path); err != nil && exists(s.Path) && isEmpty(s.Path) {
			return err
		}
		return nil
	}
	return s.write()
}

func (s *Step) write() error {
	if s.after == nil {
		now, err := read(s.Path)
		if err != nil {
			return err
		}
		if !bytes.Equal(now, s.before) {
			return fmt.Errorf("removing %q: %w", s.Path, atomicfile.ErrChanged)
		}
		return os.Remove(s.Path)
	}
	opts := []atomicfile.Option{atomicfile.Mode(s.perm)}
	switch {
	case s.before == nil || s.hook && !exists(s.Path):
		opts = append(opts, atomicfile.IfAbsent())
	case s.hook: // one that git ignored was not executable
		opts = append(opts, atomicfile.IfUnchanged(s.before))
	default:
		opts = append(opts, atomicfile.KeepMode(), atomicfile.IfUnchanged(s.before))
	}
	return atomicfile.Write(s.Path, s.after, opts...)
}

// undo takes back what do has done.
func (s Step) undo(ctx context.Context) error {
	switch s.action {
	case keep:
		return moveFile(s.Path, s.From)
	case rename:
		if err := keepAside(s.Path, s.From); err != nil || s.before == nil {
			return err
		}
		s.after, s.before = s.before, []byte{}
		if exists(s.Path) {
			var err error
			if s.before, err = read(s.Path); err != nil {
				return err
			}
		}
		return s.write()
	case mkdir:
		s.action = rmdir
	case rmdir:
		s.action = mkdir
	case write:
		s.before, s.after = s.after, s.before
	}
	return s.do(ctx)
}

// keepAside gives a hook a second name, and leaves the first one where it can:
// then there is a hook at every moment. A symbolic link must go, or else what it
// leads to would be replaced.
func keepAside(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if exists(to) {
		return fmt.Errorf("%q is in the way", to)
	}
	if info.Mode().IsRegular() && os.Link(from, to) == nil {
		return nil
	}
	return os.Rename(from, to)
}

// moveFile is os.Rename, which does nothing if both are names of one file.
func moveFile(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if exists(from) {
		return os.Remove(from)
	}
	return nil
}

func isEmpty(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) == 0
}

// lockConfig takes the lock that git takes to change a configuration file: the
// file of the same name with ".lock" behind, made by whoever holds it.
func lockConfig(path string) (unlock func(), err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	lock := path + ".lock"
	f, err := os.OpenFile(lock, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%q exists: another git changes the configuration at this moment, or has crashed; if none runs, delete that file", lock)
	} else if err != nil {
		return nil, err
	}
	return func() { f.Close(); os.Remove(lock) }, nil
}
