package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"filippo.io/age"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/nbseal/nbseal/internal/agent"
	"github.com/nbseal/nbseal/internal/hardening"
	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

const initHelp = `Make the store and the key to it.

Usage: nbseal init

The store is a directory of age files, one for each secret, in
$XDG_DATA_HOME/nbseal/store (~/.local/share/nbseal/store), or where NBSEAL_STORE
says. The key, an age identity, is kept beside it in identity.age, protected by
a passphrase that init asks for. Without the key, or without its passphrase,
nobody can read the secrets again, you included: keep a copy of both.

With NBSEAL_IDENTITY_FILE set, the key is that file, without a passphrase: init
makes it if there is none. That is meant for tests and CI, where nobody can be
asked; whoever reads the file can read the secrets.

Example:
  nbseal init
`

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use: "init", Long: initHelp, Short: "make the store and the key to it", Args: cobra.NoArgs,
		RunE: interruptible(func(ctx context.Context, _ []string) error { return a.init(ctx) }),
	}
}

func (a *app) init(ctx context.Context) error {
	if err := hardening.Process(); err != nil {
		return err
	}
	dir, err := store.DefaultDir(a.Getenv)
	if err != nil {
		return err
	}
	if s, err := store.Open(dir); err == nil {
		return hinted(fmt.Errorf("there is a store already in %s", s.Dir()), "nbseal set NAME adds a secret to it")
	} else if !errors.Is(err, store.ErrNoStore) {
		return err
	}
	id, where, err := a.newIdentity(dir)
	if err != nil {
		return err
	}
	s, err := store.Create(ctx, dir, id.Recipients()...)
	if err != nil {
		return err
	}
	a.ui.note("made the store %s", s.Dir())
	a.ui.note("its key is %s; keep a copy of it in a safe place", where)
	_, err = fmt.Fprintln(a.Stdout, strings.Join(id.Recipients(), "\n"))
	return err
}

// newIdentity returns the identity for a new store, made or found, and where it
// is kept.
func (a *app) newIdentity(dir string) (*store.Identity, string, error) {
	if path := a.Getenv("NBSEAL_IDENTITY_FILE"); path != "" {
		id, err := store.LoadIdentityFile(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return id, path, err
		}
		if id, err = store.NewIdentity(); err != nil {
			return nil, "", err
		}
		return id, path, store.WriteIdentityFile(path, id)
	}
	path, err := store.IdentityPath(dir)
	if err != nil {
		return nil, "", err
	}
	sealed, err := store.OpenIdentity(path, a.askPassphrase)
	if err == nil {
		id, err := sealed.Open()
		return id, path, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, "", err
	}
	pass, err := a.askNewPassphrase()
	if err != nil {
		return nil, "", err
	}
	defer pass.Wipe()
	id, err := store.NewIdentity()
	if err != nil {
		return nil, "", err
	}
	return id, path, store.SealIdentity(path, id, pass)
}

const noTerminalHint = "run it on a terminal, or set NBSEAL_IDENTITY_FILE to an identity file without a passphrase"

func (a *app) askPassphrase() (secret.Value, error) {
	v, err := a.ui.askHidden("Passphrase for the nbseal store: ")
	if errors.Is(err, errNoTerminal) {
		err = fmt.Errorf("%w: %w", store.ErrLocked, err)
	}
	return v, err
}

func (a *app) askNewPassphrase() (secret.Value, error) {
	first, err := a.ui.askHidden("New passphrase for the nbseal store: ")
	if errors.Is(err, errNoTerminal) {
		return first, hinted(fmt.Errorf("asking for a passphrase: %w", err), noTerminalHint)
	}
	if err != nil {
		return first, err
	}
	if first.Len() == 0 {
		return first, errors.New("the passphrase is empty")
	}
	second, err := a.ui.askHidden("Once more: ")
	if err != nil {
		return first, err
	}
	defer second.Wipe()
	if !first.Equal(second) {
		return first, errors.New("the two passphrases differ")
	}
	return first, nil
}

// store opens the store; no key is needed for that.
func (a *app) store() (*store.Store, error) {
	dir, err := store.DefaultDir(a.Getenv)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(dir)
	if errors.Is(err, store.ErrNoStore) {
		err = hinted(err, "nbseal init makes one")
	}
	return s, err
}

// identity finds the key to the store in dir. It asks for a passphrase when a
// value is first read.
func (a *app) identity(dir string) (age.Identity, error) {
	if path := a.Getenv("NBSEAL_IDENTITY_FILE"); path != "" {
		return store.LoadIdentityFile(path)
	}
	path, err := store.IdentityPath(dir)
	if err != nil {
		return nil, err
	}
	alone, err := a.sealedIdentity(path)
	if err != nil {
		return nil, err
	}
	return &heldIdentity{a, agent.NewClient(agent.SocketPath(a.Getenv, path)), alone}, nil
}

// sealedIdentity is the key that a passphrase protects.
func (a *app) sealedIdentity(path string) (*store.SealedIdentity, error) {
	id, err := store.OpenIdentity(path, a.askPassphrase)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hinted(fmt.Errorf("%w: its key is missing: %s", store.ErrLocked, path),
			"put its backup there, or set NBSEAL_IDENTITY_FILE")
	}
	return id, err
}

const setHelp = `Store a value under a name.

Usage: nbseal set [--raw] NAME

The value comes from a hidden prompt, or from standard input if that is not a
terminal, never from the command line. From standard input one line end is
removed if the value is a single line. A name that has a value gets the new one.

Flags:
  --raw   take standard input as it is, byte by byte

Example:
  nbseal set OPENAI_API_KEY
  nbseal set TLS_KEY < server.pem
`

func (a *app) setCommand() *cobra.Command {
	var raw bool
	cmd := &cobra.Command{
		Use: "set NAME", Long: setHelp, Short: "store a value under a name",
		RunE: interruptible(func(ctx context.Context, args []string) error {
			if len(args) != 1 {
				// Not quoted: what follows may be a value given by mistake.
				return hinted(fmt.Errorf("one name is needed, got %d arguments", len(args)),
					"the value is asked for, or read from standard input; it is never an argument")
			}
			return a.set(ctx, args[0], raw)
		}),
		ValidArgsFunction: a.completeNames(1),
	}
	cmd.Flags().BoolVar(&raw, "raw", false, "take standard input as it is")
	return cmd
}

func (a *app) set(ctx context.Context, name string, raw bool) error {
	if err := store.ValidateName(name); err != nil {
		return err
	}
	if err := hardening.Process(); err != nil {
		return err
	}
	s, err := a.store()
	if err != nil {
		return err
	}
	v, err := a.readValue(name, raw)
	if err != nil {
		return err
	}
	defer v.Wipe()
	if v.Len() == 0 {
		return fmt.Errorf("the value for %s is empty", name)
	}
	had, err := s.Has(name)
	if err != nil {
		return err
	}
	if err := s.Put(ctx, name, v); err != nil {
		return err
	}
	if had {
		a.ui.note("changed %s", name)
	} else {
		a.ui.note("stored %s", name)
	}
	return nil
}

func (a *app) readValue(name string, raw bool) (secret.Value, error) {
	if a.ui.stdinIsTerminal() {
		return a.ui.askHidden("Value for " + name + ": ")
	}
	b, err := io.ReadAll(io.LimitReader(a.Stdin, store.MaxValue+3))
	if err != nil {
		return secret.Value{}, fmt.Errorf("reading the value: %w", err)
	}
	if !raw {
		line := bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
		if !bytes.ContainsAny(line, "\r\n") {
			b = line
		}
	}
	return secret.New(b), nil
}

const listHelp = `List the names of the secrets, never their values.

Usage: nbseal list [--for NOTEBOOK] [--format text|json]

Flags:
  --for NOTEBOOK       those that this notebook may have, by the nbseal.toml that
                       holds for it
  --format text|json   how (text)

Example:
  nbseal list --for reports/weekly.ipynb
`

func (a *app) listCommand() *cobra.Command {
	var format, notebook string
	cmd := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Long: listHelp, Short: "list the names", Args: cobra.NoArgs,
		RunE: interruptible(func(context.Context, []string) error { return a.list(format, notebook) }),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringVar(&notebook, "for", "", "what a notebook may have")
	return cmd
}

func (a *app) list(format, notebook string) error {
	names, err := a.names()
	if notebook != "" {
		names, err = a.namesFor(notebook)
	}
	if err != nil {
		return err
	}
	switch format {
	case "json":
		list := struct {
			Names []string `json:"names"`
		}{append([]string{}, names...)}
		return json.NewEncoder(a.Stdout).Encode(list)
	case "text":
		for _, n := range names {
			if _, err := fmt.Fprintln(a.Stdout, n); err != nil {
				return err
			}
		}
		if len(names) == 0 && term.IsTerminal(int(a.Stdout.Fd())) {
			a.ui.note("the store is empty; nbseal set NAME adds a secret")
		}
		return nil
	}
	return fmt.Errorf("unknown format %q; there are text and json", format)
}

// namesFor are those that a notebook may have.
func (a *app) namesFor(notebook string) ([]string, error) {
	r, _, err := a.resolverFor(notebook)
	if err != nil {
		return nil, err
	}
	return r.Names()
}

// names are those in the store.
func (a *app) names() ([]string, error) {
	s, err := a.store()
	if err != nil {
		return nil, err
	}
	return s.Names()
}

const rmHelp = `Remove names and their values from the store.

Usage: nbseal rm [--force] NAME…

On a terminal it asks first. What was removed cannot be read again, unless a
copy of the store exists elsewhere; a credential that has leaked must still be
revoked where it was issued.

Flags:
  -f, --force   do not ask

Example:
  nbseal rm OLD_TOKEN
`

func (a *app) rmCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "rm NAME…", Long: rmHelp, Short: "remove names and values", Args: cobra.MinimumNArgs(1),
		RunE:              interruptible(func(ctx context.Context, args []string) error { return a.rm(ctx, args, force) }),
		ValidArgsFunction: a.completeNames(-1),
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "do not ask")
	return cmd
}

func (a *app) rm(ctx context.Context, names []string, force bool) error {
	s, err := a.store()
	if err != nil {
		return err
	}
	for _, n := range names {
		has, err := s.Has(n)
		if err != nil {
			return err
		}
		if !has {
			return hinted(fmt.Errorf("no secret named %s; nothing was removed", n), "nbseal list shows the names")
		}
	}
	if !force && a.ui.stdinIsTerminal() {
		yes, err := a.ui.confirm(fmt.Sprintf("Remove %s for good? [y/N] ", strings.Join(names, ", ")))
		if err != nil || !yes {
			return errors.Join(errors.New("nothing was removed"), err)
		}
	}
	for _, n := range names {
		if err := s.Remove(ctx, n); err != nil {
			return err
		}
		a.ui.note("removed %s", n)
	}
	return nil
}

// completeNames completes up to max names of secrets, any number if max < 0.
func (a *app) completeNames(max int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if max >= 0 && len(args) >= max {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names, err := a.names()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
