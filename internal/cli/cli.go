// Package cli is nbseal's command line: the verbs, their flags, what they print
// and how they exit. It wires the other packages together and is the only one
// that reads flags, prints, prompts or exits.
//
// Exit codes, everywhere:
//
//	0  clean, or done
//	1  findings
//	2  could not do, or could not fully do, what was asked
//
// but for run, which exits as its command did (see run.go).
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

const (
	exitDone     = 0
	exitFindings = 1
	exitFailed   = 2
)

// Version is set by the linker.
var Version = "devel"

// World is what the program gets from outside.
type World struct {
	Args   []string // without the program's name
	Env    []string // NAME=value
	Stdin  *os.File
	Stdout *os.File
	Stderr *os.File
}

// System is the World of this process.
func System() World {
	return World{Args: os.Args[1:], Env: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
}

// LookupEnv returns the last value of an environment variable.
func (w *World) LookupEnv(name string) (string, bool) {
	for i := len(w.Env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(w.Env[i], name+"="); ok {
			return v, true
		}
	}
	return "", false
}

// Getenv is LookupEnv with "" for a variable that is not set.
func (w *World) Getenv(name string) string {
	v, _ := w.LookupEnv(name)
	return v
}

// Main runs the program and returns its exit code.
func Main(ctx context.Context, w World) int {
	a := &app{World: w, ui: newUI(&w)}
	root := a.root()
	root.SetArgs(w.Args)
	root.SetIn(w.Stdin)
	root.SetOut(w.Stdout)
	root.SetErr(w.Stderr)
	err := root.ExecuteContext(ctx)
	var code exitCode
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, syscall.EPIPE): // whoever read the output has gone
		return exitFailed
	}
	a.ui.error(err)
	return exitFailed
}

// exitCode is an error that has been reported already.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// app is what the verbs share.
type app struct {
	World
	ui *ui
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "nbseal",
		Long:          rootHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       Version,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return hinted(fmt.Errorf("unknown command %q", args[0]), "nbseal help lists the commands")
			}
			_, err := io.WriteString(a.Stdout, rootHelp)
			return err
		},
	}
	root.SetVersionTemplate("nbseal {{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return hinted(err, cmd.CommandPath()+" --help shows its flags")
	})
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		_, _ = io.WriteString(a.Stdout, cmd.Long)
	})
	root.AddCommand(
		a.scanCommand(), a.reportCommand(), a.rulesCommand(), a.fixCommand(),
		a.initCommand(), a.setCommand(), a.getCommand(), a.listCommand(), a.rmCommand(),
		a.trustCommand(), a.manifestCommand(),
		a.unlockCommand(), a.lockCommand(), a.statusCommand(), a.agentCommand(),
		a.runCommand(), a.monitorCommand(),
		a.installCommand(), a.uninstallCommand(), a.cleanCommand(), a.filterCommand(), a.textconvCommand(),
	)
	for _, cmd := range root.Commands() {
		cmd.DisableFlagsInUseLine = true
	}
	return root
}

// grace is how long a verb may take to end in good order once it is asked to.
const grace = 3 * time.Second

// interruptible runs a verb so that Ctrl-C and SIGTERM cancel its context, and
// end it soon even where it waits for input. A second signal ends it at once.
func interruptible(verb func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		done := make(chan error, 1)
		go func() { done <- verb(ctx, args) }()
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
		}
		stop()
		select {
		case err := <-done:
			return err
		case <-time.After(grace):
			return errors.New("interrupted")
		}
	}
}

const rootHelp = `nbseal keeps credentials out of Jupyter notebooks.

Usage: nbseal COMMAND [FLAGS] [ARGUMENTS]

Find and fix
  scan [PATH…]        find credentials in notebooks and text files; --staged in
                      what git would commit, --history in all of git
  report FILE…        merge scans and write them in any format
  rules [RULE…]       list or explain the kinds of credentials
  fix NOTEBOOK…       move each hard-coded credential to the store

Guard git
  install [DIR]       filter and hooks that let no credential into a repository;
                      --check tells what is guarded
  uninstall [DIR]     take them away
  clean [FILE…]       take the credentials out of a notebook, as the filter does
  textconv FILE       show a notebook as text, credentials masked
  filter-process      what git starts

Keep
  init                make the store and the key to it
  set NAME            store a value, from a hidden prompt or standard input
  get NAME            print a value
  list                list the names
  rm NAME…            remove names and values
  unlock, lock        open the store for a while, so that the passphrase is asked
                      for once; close it
  status              where the store is, and whether it is open
  trust               allow what the manifest of a project asks for
  manifest check      fetch all that the manifest lists, and show nothing

Use
  run -- CMD…         run a command with secrets in its environment and
                      redacted from its output

  help COMMAND        more on a command
  completion SHELL    completion for bash, zsh, fish or powershell

Exit codes: 0 clean or done, 1 findings, 2 could not do what was asked.

Example:
  nbseal init
  nbseal scan .
  nbseal fix --dry-run analysis.ipynb
`
