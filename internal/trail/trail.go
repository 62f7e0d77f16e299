// Package trail tells who changed a secret of a store and when, as git has it:
// the commits of the current branch that changed its file, or who can read it.
//
// It believes the commits: names and dates are what their authors wrote, and a
// history that was rewritten is the history. A file that was encrypted anew, for
// other recipients, counts as changed; git cannot know that the value is the
// same. It decrypts nothing.
package trail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/nbseal/nbseal/internal/gitx"
	"github.com/nbseal/nbseal/internal/store"
)

// ErrNoGit says that a store is in no git repository.
var ErrNoGit = errors.New("the store is not in a git repository")

// Step is a commit that has to do with a secret.
type Step struct {
	gitx.Commit
	Value      string // "set" or "removed" if it changed the secret's file, else ""
	Recipients bool   // it changed a recipients file that counts, or could count, for the secret
}

// Of returns the steps of a secret in the store in dir, the newest first: none if
// git has never seen it. git runs as g says, in that directory. It is ErrNoGit
// outside of a repository.
func Of(ctx context.Context, g gitx.Git, dir, name string) ([]Step, error) {
	if err := store.ValidateName(name); err != nil {
		return nil, err
	}
	fail := func(err error) ([]Step, error) {
		return nil, fmt.Errorf("reading the history of %q: %w", name, err)
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return fail(err)
	}
	g.Dir = dir
	if _, err := g.Repository(ctx); errors.Is(err, gitx.ErrNotRepository) {
		return fail(ErrNoGit)
	} else if err != nil {
		return fail(err)
	}
	file := name + ".age"
	var recipients []string
	for folder := path.Dir(file); ; folder = path.Dir(folder) {
		recipients = append(recipients, path.Join(folder, ".age-recipients"))
		if folder == "." {
			break
		}
	}
	if _, err := g.Line(ctx, "rev-parse", "--verify", "-q", "HEAD^{commit}"); gitx.ExitCode(err) == 1 {
		return nil, nil // no commit yet
	} else if err != nil {
		return fail(err)
	}
	ofFile, err := touching(ctx, g, file)
	if err != nil || len(ofFile) == 0 {
		if err != nil {
			return fail(err)
		}
		return nil, nil
	}
	ofRecipients, err := touching(ctx, g, recipients...)
	if err != nil {
		return fail(err)
	}
	all, err := touching(ctx, g, append(recipients, file)...)
	if err != nil {
		return fail(err)
	}
	there, err := present(ctx, g, all, file)
	if err != nil {
		return fail(err)
	}
	commits, err := g.Describe(ctx, all)
	if err != nil {
		return fail(err)
	}
	inFile, inRecipients := set(ofFile), set(ofRecipients)
	var steps []Step
	for i, c := range commits {
		s := Step{Commit: c, Recipients: inRecipients[c.ID]}
		switch {
		case inFile[c.ID] && there[i]:
			s.Value = "set"
		case inFile[c.ID]:
			s.Value = "removed"
		case !there[i]:
			continue // recipients of a time when the secret was not there
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func set(ids []gitx.ID) map[gitx.ID]bool {
	m := map[gitx.ID]bool{}
	for _, id := range ids {
		m[id] = true
	}
	return m
}

// touching returns the commits of HEAD that changed one of the files, relative to
// where git runs, the newest first.
func touching(ctx context.Context, g gitx.Git, files ...string) ([]gitx.ID, error) {
	out, err := g.Output(ctx, append([]string{"--literal-pathspecs", "rev-list", "--date-order", "--end-of-options", "HEAD", "--"}, files...)...)
	if err != nil {
		return nil, err
	}
	var ids []gitx.ID
	for line := range strings.Lines(string(out)) {
		id, err := gitx.ParseID(strings.TrimSpace(line))
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// present reports for each commit whether the file is in it.
func present(ctx context.Context, g gitx.Git, ids []gitx.ID, file string) ([]bool, error) {
	var ask bytes.Buffer
	for _, id := range ids {
		fmt.Fprintf(&ask, "%s:./%s\n", id, file)
	}
	out, err := g.Feed(ctx, &ask, "cat-file", "--batch-check=%(objecttype)")
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(ids) {
		return nil, errors.New("git cat-file: an answer of another form")
	}
	there := make([]bool, len(ids))
	for i, line := range lines {
		there[i] = line == "blob"
	}
	return there, nil
}
