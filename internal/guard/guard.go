// Package guard puts in place what keeps credentials out of a repository, takes
// it away again, and tells what of it is there: attributes that name the filter,
// the filter's driver in git's configuration, and hooks.
//
// It promises that a plan says all that will be done before anything is; that
// the driver is in force before attributes name it, and longer; that bytes which
// a user had are there afterwards, in the same order, and that taking away gives
// back the very files that were there if nobody changed them since; that doing a
// thing twice is doing it once; and that a step which fails undoes those before
// it. Hooks that were there run on. Hooks that another program manages are left
// to it: the plan says which lines to add.
//
// It does not promise that a guarded repository is clean: what was committed
// before is found by scanning. Hooks can be skipped (git commit --no-verify),
// and filters be switched off, by whoever has the repository. It prints nothing.
//
// docs/spec/guard.md lists every file and key that it touches.
package guard

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nbseal/nbseal/internal/gitx"
	"github.com/nbseal/nbseal/internal/store"
)

// Options says what to guard, and how.
type Options struct {
	Git  gitx.Git // its Dir is in the repository
	Self string   // path of the running program

	Global  bool     // for all repositories of this user
	Private bool     // attributes in .git/info/attributes instead of .gitattributes
	NoHooks bool     // filter only
	Replace bool     // the filter takes the place of another one that notebooks have
	Text    []string // more patterns of gitattributes, for notebooks kept as text: "*.qmd"
}

// Conflict is a thing that a plan leaves as it is, and so unguarded.
type Conflict struct {
	What string   `json:"what"`
	Do   []string `json:"do"` // what a person can do, one instruction or line to add each
}

// target is where the things of one installation are.
type target struct {
	Options
	repo    gitx.Repo // zero if Global
	git     gitx.Git
	program program

	state      string // path of the record
	config     string
	attributes string // empty in a bare repository
	hooks      gitx.Hooks
	hooksKnown bool // hooks is a directory that may be used
}

func locate(ctx context.Context, o Options) (*target, error) {
	t := &target{Options: o, git: o.Git}
	for _, p := range o.Text {
		if err := checkPattern(p); err != nil {
			return nil, err
		}
	}
	var err error
	if t.program, err = findProgram(o); err != nil {
		return nil, err
	}
	if o.Global {
		return t, t.locateGlobal(ctx)
	}
	if t.repo, err = o.Git.Repository(ctx); err != nil {
		return nil, err
	}
	t.git = t.repo.Git
	t.state = filepath.Join(t.repo.CommonDir, "nbseal", "guard.json")
	// Not config.worktree: attributes are in all work trees, so the driver must be.
	t.config = filepath.Join(t.repo.CommonDir, "config")
	if t.hooks, err = t.repo.Hooks(ctx); err != nil {
		return nil, err
	}
	t.hooksKnown = true
	switch {
	case t.repo.Bare():
	case o.Private:
		t.attributes, err = t.repo.Path(ctx, "info/attributes")
	default:
		t.attributes = filepath.Join(t.repo.Top, ".gitattributes")
	}
	return t, err
}

func (t *target) locateGlobal(ctx context.Context) (err error) {
	if t.config, err = t.git.GlobalConfig(exists); err != nil {
		return err
	}
	if t.attributes, err = t.git.GlobalAttributes(ctx); err != nil {
		return err
	}
	data, err := store.DefaultDir(func(name string) string {
		if name == "NBSEAL_STORE" {
			return ""
		}
		return t.git.Getenv(name)
	})
	if err != nil {
		return fmt.Errorf("finding where to record what is installed: %w", err)
	}
	t.state = filepath.Join(filepath.Dir(data), "guard.json")
	// Setting core.hooksPath would switch off the hooks of every repository, so
	// there are global hooks only where the user has made a place for them.
	t.hooks.Dir, t.hooksKnown, err = t.git.Config(ctx, "core.hooksPath", "--global", "--path")
	if t.hooksKnown && !filepath.IsAbs(t.hooks.Dir) {
		t.hooksKnown = false // a place in each repository
	}
	t.hooks.Set, t.hooks.Local = t.hooksKnown, t.hooksKnown
	return err
}

// Repositories lists the top of the repository that g.Dir is in and those of all
// its submodules that are checked out, at any depth.
func Repositories(ctx context.Context, g gitx.Git) ([]string, error) {
	repo, err := g.Repository(ctx)
	if err != nil {
		return nil, err
	}
	if repo.Bare() {
		return []string{repo.GitDir}, nil
	}
	tops := []string{repo.Top}
	subs, err := submodules(ctx, repo)
	if err != nil {
		return nil, err
	}
	if len(subs) > 0 && g.Getenv("GIT_DIR") != "" {
		return nil, errors.New("listing submodules: GIT_DIR is set, which hides them")
	}
	for _, dir := range subs {
		below, err := Repositories(ctx, gitx.Git{Dir: dir, Program: g.Program, Env: g.Env})
		if err != nil {
			return nil, err
		}
		tops = append(tops, below...)
	}
	return tops, nil
}

// submodules are the directories of those that are checked out.
func submodules(ctx context.Context, repo gitx.Repo) ([]string, error) {
	if repo.Bare() || !exists(filepath.Join(repo.Top, ".gitmodules")) {
		return nil, nil
	}
	entries, err := repo.Tracked(ctx)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, e := range entries {
		dir := filepath.Join(repo.Top, filepath.FromSlash(e.Path))
		if e.Mode == "160000" && exists(filepath.Join(dir, ".git")) {
			dirs = append(dirs, dir)
		}
	}
	return dirs, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// maxFile bounds what is read of a file that is edited.
const maxFile = 16 << 20

// read returns the content of a file, and nil if there is none. A file that
// exists is never nil.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("reading %q: it is not a regular file", path)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("reading %q: it is larger than 16 MiB", path)
	}
	b, err := os.ReadFile(path)
	if b == nil && err == nil {
		b = []byte{}
	}
	return b, err
}
