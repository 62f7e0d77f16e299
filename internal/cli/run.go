package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nbseal/nbseal/internal/hardening"
	"github.com/nbseal/nbseal/internal/redact"
	"github.com/nbseal/nbseal/internal/run"
	"github.com/nbseal/nbseal/internal/store"
)

const runHelp = `Run a command with secrets in its environment and redacted from its output.

Usage: nbseal run [--secret [VAR=]NAME]… -- CMD [ARGUMENTS]

The command gets each secret as an environment variable of its name, or as VAR.
Without --secret these are all names of the nearest nbseal.toml, in this
directory or above. What the command writes is shown as it comes, with the
values replaced by [nbseal:NAME], however they are cut or encoded. On a terminal
the command has a terminal, except on Windows; signals are passed on.

In a notebook server started like this, nbseal.get("NAME") works in every kernel
for the names given, without asking for a passphrase again. Every program that
the command starts inherits the variables.

Flags:
  -s, --secret [VAR=]NAME   a secret to give; can be repeated

Exit codes: the command's own; 128 and the signal's number if one killed it;
127 if it was not found, 126 if it cannot be executed, 2 if nbseal failed.

Example:
  nbseal run --secret OPENAI_API_KEY -- jupyter lab
`

// monitorVerb is the hidden verb under which run starts itself on a terminal.
const monitorVerb = "run-monitor"

// Exit codes of run, as those of env and of shells (POSIX.1-2024, 2.8.2).
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

func (a *app) runCommand() *cobra.Command {
	var secrets []string
	cmd := &cobra.Command{
		Use: "run -- CMD…", Long: runHelp, Short: "run a command with secrets",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return hinted(errors.New("there is no command to run"), "nbseal run --secret NAME -- CMD")
			}
			return nil
		},
		// Not interruptible: signals are the command's.
		RunE: func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), secrets, args) },
	}
	cmd.Flags().StringArrayVarP(&secrets, "secret", "s", nil, "a secret to give")
	cmd.Flags().SetInterspersed(false)
	_ = cmd.RegisterFlagCompletionFunc("secret", a.completeNames(-1))
	return cmd
}

func (a *app) monitorCommand() *cobra.Command {
	return &cobra.Command{
		Use: monitorVerb, Hidden: true, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return run.Monitor() },
	}
}

func (a *app) run(ctx context.Context, wanted, argv []string) error {
	if err := hardening.Process(); err != nil {
		return err
	}
	secrets, err := a.runSecrets(ctx, wanted)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	status, err := run.Command(ctx, run.Options{
		Argv: argv, Env: a.Env, Secrets: secrets,
		Stdin: a.Stdin, Stdout: a.Stdout, Stderr: a.Stderr,
		Monitor: []string{self, monitorVerb},
		Warn:    func(text string) { a.ui.note("%s", text) },
	})
	switch {
	case errors.Is(err, run.ErrNotFound):
		a.ui.error(err)
		return exitCode(exitNotFound)
	case errors.Is(err, run.ErrNotExecutable):
		a.ui.error(err)
		return exitCode(exitNotExecutable)
	case err != nil:
		return err
	}
	run.Die(status) // returns unless a signal killed the command
	return exitCode(status.ExitCode())
}

// runSecrets resolves what the command is to have, in the order of the
// variables asked for.
func (a *app) runSecrets(ctx context.Context, wanted []string) ([]redact.Secret, error) {
	if len(wanted) == 0 {
		names, err := a.manifestNames()
		if err != nil {
			return nil, err
		}
		if len(names) == 0 {
			return nil, hinted(errors.New("no secret is named"), "name one with --secret NAME, or list them in nbseal.toml")
		}
		wanted = names
	}
	names := map[string]string{} // by variable
	var variables, list []string
	for _, w := range wanted {
		variable, name, mapped := strings.Cut(w, "=")
		if !mapped {
			name = variable
		}
		if err := store.ValidateName(name); err != nil {
			return nil, err
		}
		if other, twice := names[variable]; twice && other != name {
			return nil, fmt.Errorf("%s is to be both %s and %s", variable, other, name)
		} else if !twice {
			variables = append(variables, variable)
		}
		names[variable] = name
		list = append(list, name)
	}
	values, err := a.values(ctx, "", false, list)
	if err != nil {
		return nil, err
	}
	secrets := make([]redact.Secret, 0, len(variables))
	for _, v := range variables {
		secrets = append(secrets, redact.Secret{Name: v, Value: values[names[v]]})
	}
	return secrets, nil
}
