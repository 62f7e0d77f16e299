package gitx_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/gitx"
)

func repository(t *testing.T) gitx.Git {
	t.Helper()
	g := gitx.Git{Dir: t.TempDir(), Env: []string{
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.org",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.org",
	}}
	if _, err := g.Output(t.Context(), "init", "-q"); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestOutput(t *testing.T) {
	g := repository(t)
	got, err := g.Feed(t.Context(), strings.NewReader("hello"), "hash-object", "--stdin")
	if err != nil || string(got) != "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0\n" {
		t.Errorf("hash-object gives %q, %v", got, err)
	}
	_, err = g.Line(t.Context(), "rev-parse", "--verify", "-q", "HEAD")
	if gitx.ExitCode(err) != 1 {
		t.Errorf("rev-parse without a commit: %v", err)
	}
	_, err = g.Output(t.Context(), "-c", "a.b=c", "cat-file", "blob", "nowhere")
	e, ok := errors.AsType[*gitx.Error](err)
	if !ok || !strings.HasPrefix(e.Error(), "git cat-file: fatal: ") {
		t.Errorf("cat-file of nothing: %v", err)
	}
}

func TestStart(t *testing.T) {
	g := repository(t)
	p, err := g.Start(t.Context(), "cat-file", "--batch-check")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.In.Write([]byte("HEAD\n")); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 64)
	n, err := p.Out.Read(line)
	if err != nil || string(line[:n]) != "HEAD missing\n" {
		t.Errorf("reads %q, %v", line[:n], err)
	}
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
}

func TestNoGit(t *testing.T) {
	_, err := gitx.Git{Program: "no-such-program"}.Output(t.Context(), "version")
	if !errors.Is(err, gitx.ErrNoGit) || errors.Is(err, exec.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}
