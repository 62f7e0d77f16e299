package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/gitx"
	"github.com/nbseal/nbseal/internal/secret"
)

// Kind is what a step does.
type Kind string

const (
	Private Kind = "private" // takes the permissions of all others than the owner
	Ignore  Kind = "ignore"  // adds a line to .gitignore
	Remove  Kind = "remove"  // removes the file
)

// Step is one change, to be made with the consent of a person.
type Step struct {
	Kind Kind
	What string // as "make it readable for you alone (it is 0644)"
	Path string // of the file that is changed
	Line string // for Ignore: what is added
}

// Plan is what makes a file with credentials safe, in this order.
type Plan struct {
	Path    string // absolute, links followed
	Steps   []Step
	Tracked bool     // git has it: whoever has the repository has the values
	Notes   []string // what a person should know or do, which no step does
	Lost    []Skip   // what is lost with the file, since it was not taken

	info fs.FileInfo
	git  gitx.Git
	repo gitx.Repo
	src  *Source
}

// ErrNotStored says that a file was not removed, since the store does not hold
// all that was read from it.
var ErrNotStored = errors.New("the file stays: not all of its values are stored")

// Plan plans how the file that s was read from is made safe: as PlanFile does,
// and by removing it at the end.
func (s *Source) Plan(ctx context.Context, git gitx.Git) (*Plan, error) {
	p, err := PlanFile(ctx, git, s.Path)
	if err != nil {
		return nil, err
	}
	p.src = s
	for _, skip := range s.Skipped {
		if skip.Lost {
			p.Lost = append(p.Lost, skip)
		}
	}
	what := "remove the file, after a look that everything taken from it is stored"
	if len(p.Lost) > 0 {
		what += fmt.Sprintf("; lost are %d entries that were not taken", len(p.Lost))
	}
	p.Steps = append(p.Steps, Step{Kind: Remove, What: what, Path: p.Path})
	return p, nil
}

// PlanFile plans how a file with credentials is made private and ignored by git,
// as far as it is not. It changes nothing. The git's Dir does not matter.
func PlanFile(ctx context.Context, git gitx.Git, path string) (*Plan, error) {
	fail := func(err error) (*Plan, error) { return nil, fmt.Errorf("looking at %q: %w", path, err) }
	abs, err := filepath.Abs(path)
	if err != nil {
		return fail(err)
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return fail(err)
	}
	p := &Plan{Path: real, git: git}
	if p.info, err = os.Lstat(real); err != nil {
		return fail(err)
	}
	if !p.info.Mode().IsRegular() {
		return fail(errors.New("it is not a regular file"))
	}
	if link, err := os.Lstat(abs); err == nil && link.Mode()&fs.ModeSymlink != 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%s is a link to %s, which the steps are about", path, real))
	}
	if openToOthers(p.info.Mode()) {
		p.Steps = append(p.Steps, Step{
			Kind: Private, Path: real,
			What: fmt.Sprintf("let nobody but you read it (mode %04o to 0600)", p.info.Mode().Perm()),
		})
	}
	if err := p.planGit(ctx); err != nil {
		return fail(err)
	}
	return p, nil
}

// planGit looks whether git knows the file.
func (p *Plan) planGit(ctx context.Context) error {
	p.git.Dir = filepath.Dir(p.Path)
	repo, err := p.git.Repository(ctx)
	switch {
	case errors.Is(err, gitx.ErrNotRepository), errors.Is(err, gitx.ErrNoWorkTree):
		return nil
	case errors.Is(err, gitx.ErrNoGit), errors.Is(err, gitx.ErrOwner):
		p.Notes = append(p.Notes, fmt.Sprintf("whether git tracks the file was not looked at: %v", err))
		return nil
	case err != nil:
		return err
	}
	p.repo = repo
	top, err := filepath.EvalSymlinks(repo.Top)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(top, p.Path)
	if err != nil || !filepath.IsLocal(rel) {
		return nil
	}
	rel = filepath.ToSlash(rel)
	tracked, err := repo.Tracked(ctx, ":(top,literal)"+rel)
	if err != nil {
		return err
	}
	if p.Tracked = len(tracked) > 0; p.Tracked {
		p.Notes = append(p.Notes,
			fmt.Sprintf("git tracks %s: ignoring does not change that; run git rm --cached on it and commit", rel),
			"its values are in the repository's history, for everyone who has a copy: revoke them; nbseal scan --history lists them")
	}
	ignored, err := p.ignored(ctx)
	if err != nil || ignored {
		return err
	}
	if strings.ContainsAny(rel, "\n\r") {
		p.Notes = append(p.Notes, "its path has a line break, which .gitignore cannot name")
		return nil
	}
	line := "/" + escapePattern(rel)
	p.Steps = append(p.Steps, Step{
		Kind: Ignore, What: "have git ignore it", Path: filepath.Join(top, ".gitignore"), Line: line,
	})
	return nil
}

// ignored asks git; what is tracked may be ignored too.
func (p *Plan) ignored(ctx context.Context) (bool, error) {
	_, err := p.git.Output(ctx, "check-ignore", "-q", "--no-index", "--", filepath.Base(p.Path))
	if gitx.ExitCode(err) == 1 {
		return false, nil
	}
	return err == nil, err
}

// escapePattern writes a path for .gitignore:
// https://git-scm.com/docs/gitignore#_pattern_format.
func escapePattern(path string) string {
	var b strings.Builder
	for i := range len(path) {
		if strings.IndexByte(`\*?[`, path[i]) >= 0 || path[i] == ' ' && i == len(path)-1 {
			b.WriteByte('\\')
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

// Apply makes one step of the plan. For Remove, stored returns what the store
// holds under a name, and the file is removed only if that is, for every item of
// the source, its value, and if the file is still as it was read; otherwise the
// error is ErrNotStored, what stored returned, or atomicfile.ErrChanged.
func (p *Plan) Apply(ctx context.Context, s Step, stored func(ctx context.Context, name string) (secret.Value, error)) error {
	var err error
	switch s.Kind {
	case Private:
		err = p.private()
	case Ignore:
		err = p.ignore(ctx, s)
	case Remove:
		err = p.remove(ctx, stored)
	default:
		err = fmt.Errorf("there is no step %q", s.Kind)
	}
	if err != nil {
		return fmt.Errorf("changing %q: %w", s.Path, err)
	}
	return nil
}

func (p *Plan) private() error {
	fd, err := os.OpenFile(p.Path, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return err
	}
	defer fd.Close()
	if err := p.same(fd); err != nil {
		return err
	}
	return fd.Chmod(0o600)
}

// same reports whether fd is the file that the plan is about.
func (p *Plan) same(fd *os.File) error {
	info, err := fd.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(info, p.info) {
		return atomicfile.ErrChanged
	}
	return nil
}

func (p *Plan) ignore(ctx context.Context, s Step) error {
	// git does not follow a .gitignore that is a link.
	if info, err := os.Lstat(s.Path); err == nil && !info.Mode().IsRegular() {
		return errors.New("it is not a regular file, which git would not read")
	}
	old, err := os.ReadFile(s.Path)
	opts := []atomicfile.Option{atomicfile.KeepMode(), atomicfile.IfUnchanged(old)}
	if errors.Is(err, fs.ErrNotExist) {
		opts = []atomicfile.Option{atomicfile.Mode(0o644), atomicfile.IfAbsent()}
	} else if err != nil {
		return err
	}
	end := "\n"
	if bytes.Contains(old, []byte("\r\n")) {
		end = "\r\n"
	}
	text := bytes.Clone(old)
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, end...)
	}
	text = append(text, s.Line+end...)
	if err := atomicfile.Write(s.Path, text, opts...); err != nil {
		return err
	}
	if ignored, err := p.ignored(ctx); err != nil {
		return err
	} else if !ignored {
		return errors.New("git still does not ignore the file: a later rule takes it in again")
	}
	return nil
}

func (p *Plan) remove(ctx context.Context, stored func(context.Context, string) (secret.Value, error)) error {
	if p.src == nil || stored == nil || len(p.src.Items) == 0 {
		return ErrNotStored
	}
	for _, it := range p.src.Items {
		v, err := stored(ctx, it.Name)
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrNotStored, it.Name, err)
		}
		same := v.Equal(it.Value)
		if v.Wipe(); !same {
			return fmt.Errorf("%w: %s has another value", ErrNotStored, it.Name)
		}
	}
	data, err := readFile(p.Path)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	clear(data)
	if sum != p.src.sum {
		return atomicfile.ErrChanged
	}
	root, err := os.OpenRoot(filepath.Dir(p.Path))
	if err != nil {
		return err
	}
	defer root.Close()
	return atomicfile.RemoveIn(root, filepath.Base(p.Path))
}
