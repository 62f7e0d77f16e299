// Package gitx runs git and reads what it answers.
//
// It promises that git is started without a shell, that what a caller passes as
// a revision or a path cannot become an option as long as the caller puts it
// behind "--end-of-options" or "--", that output read by programs does not
// depend on the user's language or pager, and that an error tells the command
// and what git said of it. It changes nothing in a repository but what a
// function's name says.
//
// Nothing here speaks of credentials: content of blobs is handed on as bytes.
package gitx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Git says which git to run and where. The zero Git is the one found in PATH,
// run in the current directory.
type Git struct {
	Dir     string   // where git runs; empty: the current directory
	Program string   // name or path of the program; empty: "git"
	Env     []string // "NAME=value", beside the process's own environment
}

// ErrNoGit reports that there is no git program to run.
var ErrNoGit = errors.New("git is not installed, or not in PATH")

// Error is a git command that ended with an exit code other than 0.
type Error struct {
	Args   []string // without the program's name
	Code   int      // -1: ended by a signal
	Stderr string   // what git said, at most 4 KiB, without the white space at its ends
}

// Error names the subcommand and quotes git's first line.
func (e *Error) Error() string {
	line, _, _ := strings.Cut(e.Stderr, "\n")
	if line == "" {
		line = fmt.Sprintf("exit code %d", e.Code)
	}
	return fmt.Sprintf("git %s: %s", subcommand(e.Args), line)
}

// ExitCode is the exit code of the git command that err came from, and 0 if err
// is nil or came from elsewhere.
func ExitCode(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return 0
}

// Output runs git to its end and returns what it wrote. Errors are ErrNoGit, an
// *Error, the context's, or the system's.
func (g Git) Output(ctx context.Context, args ...string) ([]byte, error) {
	return g.Feed(ctx, nil, args...)
}

// Line is Output without the line break at its end.
func (g Git) Line(ctx context.Context, args ...string) (string, error) {
	out, err := g.Output(ctx, args...)
	return strings.TrimRight(string(out), "\r\n"), err
}

// Feed is Output with something to read for git; nil: nothing.
func (g Git) Feed(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	cmd := g.command(ctx, args)
	var out bytes.Buffer
	said := limited{max: 4 << 10}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &said
	if err := cmd.Run(); err != nil {
		return nil, explain(ctx, err, args, &said)
	}
	return out.Bytes(), nil
}

// Process is a git that runs while the caller reads from it.
type Process struct {
	In  io.WriteCloser
	Out io.ReadCloser

	ctx  context.Context
	cmd  *exec.Cmd
	args []string
	said limited
}

// Start runs git beside the caller, who must call Wait.
func (g Git) Start(ctx context.Context, args ...string) (*Process, error) {
	p := &Process{ctx: ctx, cmd: g.command(ctx, args), args: args, said: limited{max: 4 << 10}}
	p.cmd.Stderr, p.cmd.SysProcAttr = &p.said, ownGroup()
	var err error
	if p.In, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("git %s: %w", subcommand(args), err)
	}
	if p.Out, err = p.cmd.StdoutPipe(); err != nil {
		return nil, fmt.Errorf("git %s: %w", subcommand(args), err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, explain(ctx, err, args, &p.said)
	}
	return p, nil
}

// Wait closes git's input and waits for its end. Out must have been read to its
// end, or else what is left of it is lost.
func (p *Process) Wait() error {
	p.In.Close()
	if err := p.cmd.Wait(); err != nil {
		return explain(p.ctx, err, p.args, &p.said)
	}
	return nil
}

// Stop ends git at once.
func (p *Process) Stop() {
	p.cmd.Process.Kill()
	p.Wait()
}

func (g Git) command(ctx context.Context, args []string) *exec.Cmd {
	program := g.Program
	if program == "" {
		program = "git"
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = g.Dir
	// https://git-scm.com/docs/git#_environment_variables: no prompt may wait for
	// an answer that nobody sees, and reading must not take locks from the user.
	cmd.Env = append(append(os.Environ(), "LC_ALL=C", "GIT_PAGER=cat", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0"), g.Env...)
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

func explain(ctx context.Context, err error, args []string, said *limited) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return &Error{Args: args, Code: e.ExitCode(), Stderr: strings.TrimSpace(string(said.text))}
	}
	if errors.Is(err, exec.ErrNotFound) {
		return ErrNoGit
	}
	return fmt.Errorf("git %s: %w", subcommand(args), err)
}

// subcommand is the first argument that is no option of git itself.
func subcommand(args []string) string {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-c" || args[i] == "-C":
			i++
		case !strings.HasPrefix(args[i], "-"):
			return args[i]
		}
	}
	return ""
}

// limited keeps the first bytes of what is written to it.
type limited struct {
	text []byte
	max  int
}

func (l *limited) Write(p []byte) (int, error) {
	l.text = append(l.text, p[:min(len(p), l.max-len(l.text))]...)
	return len(p), nil
}
