package gitx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

var (
	// ErrNotRepository reports that git found no repository.
	ErrNotRepository = errors.New("not in a git repository")

	// ErrNoWorkTree reports a directory inside of a repository's own folder.
	ErrNoWorkTree = errors.New("inside of a git directory, not in a work tree")

	// ErrOwner reports that git refuses a repository that belongs to somebody
	// else: https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
	ErrOwner = errors.New("the repository belongs to another user, so git does not read it")
)

// Repo is a repository, and the Git that runs at its top. All paths are absolute.
type Repo struct {
	Git
	Top       string // of the work tree; empty if the repository is bare
	GitDir    string // of this work tree
	CommonDir string // of all work trees; GitDir if there is one only
}

// Bare reports whether the repository has no work tree.
func (r Repo) Bare() bool { return r.Top == "" }

// Repository finds the repository that g.Dir is in, or that GIT_DIR names.
// Errors are ErrNotRepository, ErrNoWorkTree, ErrOwner, each wrapped with what
// git said, and those of Output.
func (g Git) Repository(ctx context.Context) (Repo, error) {
	fail := func(err error) (Repo, error) { return Repo{}, fmt.Errorf("finding the repository: %w", because(err)) }
	// One question each: a path may hold line breaks.
	flags, err := g.Line(ctx, "rev-parse", "--is-bare-repository")
	if err != nil {
		return fail(err)
	}
	bare := flags == "true"
	r := Repo{Git: g}
	if r.GitDir, err = g.path(ctx, "--absolute-git-dir"); err != nil {
		return fail(err)
	}
	if r.CommonDir, err = g.path(ctx, "--git-common-dir"); err != nil {
		return fail(err)
	}
	if bare {
		r.Dir = r.GitDir
	} else {
		if r.Top, err = g.path(ctx, "--show-toplevel"); err != nil {
			return fail(err)
		}
		r.Dir = r.Top
	}
	// These may be relative to the directory that we leave.
	if g.Getenv("GIT_DIR") != "" {
		r.Env = append(r.Env[:len(r.Env):len(r.Env)], "GIT_DIR="+r.GitDir)
		if !r.Bare() {
			r.Env = append(r.Env, "GIT_WORK_TREE="+r.Top)
		}
	}
	return r, nil
}

// Path is where git has a file of its own, as "info/attributes" or "config":
// the path for this work tree, with core.hooksPath and its like heeded.
func (r Repo) Path(ctx context.Context, name string) (string, error) {
	return r.path(ctx, "--git-path", name)
}

// path asks rev-parse for one path and makes it absolute.
func (g Git) path(ctx context.Context, args ...string) (string, error) {
	out, err := g.Output(ctx, append([]string{"rev-parse"}, args...)...)
	if err != nil {
		return "", err
	}
	p := strings.TrimSuffix(string(out), "\n")
	if runtime.GOOS == "windows" {
		p = strings.TrimSuffix(p, "\r")
	}
	p = filepath.FromSlash(p)
	if !filepath.IsAbs(p) {
		p = filepath.Join(g.Dir, p)
	}
	return filepath.Abs(p)
}

// because puts a name to what git said, where a caller would do something else.
func because(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	for _, known := range []struct {
		words string
		err   error
	}{
		{"dubious ownership", ErrOwner},
		{"unsafe repository", ErrOwner}, // git 2.35.2 and 2.35.3
		{"not a git repository", ErrNotRepository},
		{"must be run in a work tree", ErrNoWorkTree},
	} {
		if strings.Contains(e.Stderr, known.words) {
			return fmt.Errorf("%w: %w", known.err, err)
		}
	}
	return err
}

// Getenv is a variable as git will see it.
func (g Git) Getenv(name string) string {
	for i := len(g.Env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(g.Env[i], name+"="); ok {
			return value
		}
	}
	return os.Getenv(name)
}
