package guard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/nbseal/nbseal/internal/gitx"
)

// Unguarded reports whether dir is in a clone whose .gitattributes name the
// filter while no driver is set up: git then commits notebooks as they are, and
// says nothing. It starts git only where attributes name the filter; elsewhere
// it costs a few system calls. It sees .gitattributes in dir and above it, up to
// the top of the work tree, and .git/info/attributes where .git is a directory.
// Outside of repositories, and without git, it is false.
func Unguarded(ctx context.Context, g gitx.Git) (bool, error) {
	dir, err := filepath.Abs(g.Dir)
	if err != nil {
		return false, err
	}
	if g.Getenv("GIT_DIR") != "" {
		repo, err := g.Repository(ctx)
		if err != nil || repo.Bare() {
			return false, nil
		}
		dir = repo.Top
	}
	named, top := false, false
	for ; !top; dir = filepath.Dir(dir) {
		if dir == filepath.Dir(dir) {
			return false, nil
		}
		top = exists(filepath.Join(dir, ".git")) || g.Getenv("GIT_DIR") != ""
		named = named || names(filepath.Join(dir, ".gitattributes")) || top && names(filepath.Join(dir, ".git", "info", "attributes"))
	}
	if !named {
		return false, nil
	}
	driver, err := g.ConfigSection(ctx, "filter."+FilterName)
	if errors.Is(err, gitx.ErrNoGit) {
		return false, nil
	}
	return err == nil && driver["process"] == "" && driver["clean"] == "", err
}

// names reports whether an attributes file names the filter. What cannot be
// read does not: git will say so.
func names(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil || !bytes.Contains(text, []byte("filter="+FilterName)) {
		return false
	}
	for _, r := range rules(text) {
		if r.filter == FilterName {
			return true
		}
	}
	return false
}
