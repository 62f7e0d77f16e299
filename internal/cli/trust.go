package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nbseal/nbseal/internal/hardening"
	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/report"
	"github.com/nbseal/nbseal/internal/resolve"
	"github.com/nbseal/nbseal/internal/trust"
)

const trustHelp = `Trust the manifest of a project, as it is now.

Usage: nbseal trust [FLAGS]

A nbseal.toml that came with a repository may name what is its own: secrets of the
same name in the store, and files inside of the project. To run a program, to open
a connection, to read other files or other secrets it has to be trusted. trust
shows what it would do then, and asks. What is trusted is the content: when the
file changes, it has to be trusted again.

Flags:
  --show     show what trusting it would allow, and whether it is trusted
  --revoke   trust it no longer
  -y, --yes  do not ask

Example:
  nbseal trust --show
`

func (a *app) trustCommand() *cobra.Command {
	var show, revoke, yes bool
	cmd := &cobra.Command{
		Use: "trust", Long: trustHelp, Short: "trust the manifest of a project", Args: cobra.NoArgs,
		RunE: interruptible(func(ctx context.Context, _ []string) error {
			m, err := nearestManifest()
			if err != nil {
				return err
			}
			f, err := a.trustFile()
			if err != nil {
				return err
			}
			switch {
			case revoke:
				return a.revokeTrust(ctx, f, m)
			case show:
				return a.showTrust(f, m)
			}
			return a.trust(ctx, f, m, yes)
		}),
	}
	cmd.Flags().BoolVar(&show, "show", false, "show what trusting it would allow")
	cmd.Flags().BoolVar(&revoke, "revoke", false, "trust it no longer")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.MarkFlagsMutuallyExclusive("show", "revoke", "yes")
	return cmd
}

func nearestManifest() (*manifest.Manifest, error) {
	m, err := findManifest("")
	if err == nil && m == nil {
		err = hinted(errors.New("there is no nbseal.toml here or above"), "docs/spec/manifest.md says what it holds")
	}
	return m, err
}

func (a *app) trust(ctx context.Context, f trust.File, m *manifest.Manifest, yes bool) error {
	a.tellGrants(m)
	if !yes {
		ok, err := a.ui.confirm("Trust it? [y/N] ")
		if errors.Is(err, errNoTerminal) {
			return hinted(err, "nbseal trust --yes does not ask")
		}
		if err != nil {
			return err
		}
		if !ok {
			return errors.New("it is not trusted")
		}
	}
	if err := f.Trust(ctx, m.Filename(), m.Digest()); err != nil {
		return err
	}
	a.ui.note("%s is trusted until it changes", report.Printable(m.Filename()))
	return nil
}

func (a *app) revokeTrust(ctx context.Context, f trust.File, m *manifest.Manifest) error {
	known, err := f.Revoke(ctx, m.Filename())
	if err != nil {
		return err
	}
	if !known {
		a.ui.note("%s was not trusted", report.Printable(m.Filename()))
		return nil
	}
	a.ui.note("%s is trusted no longer", report.Printable(m.Filename()))
	return nil
}

func (a *app) showTrust(f trust.File, m *manifest.Manifest) error {
	a.tellGrants(m)
	state, err := f.State(m.Filename(), m.Digest())
	if err != nil {
		return err
	}
	fmt.Fprintln(a.Stdout, map[trust.State]string{
		trust.Unknown: "it is not trusted", trust.Changed: "it was trusted with another content", trust.Trusted: "it is trusted",
	}[state])
	return nil
}

// tellGrants shows what a manifest may do when it is trusted, and not before.
func (a *app) tellGrants(m *manifest.Manifest) {
	grants := resolve.Grants(m)
	fmt.Fprintf(a.Stdout, "%s\n", report.Printable(m.Filename()))
	if len(grants) == 0 {
		fmt.Fprintln(a.Stdout, "  asks for nothing that wants trust")
	}
	for _, g := range grants {
		fmt.Fprintf(a.Stdout, "  %s: for %s it %s\n", report.Printable(g.Place), report.Printable(g.Name), g.Does)
	}
}

const manifestHelp = `Look after the manifest of a project.

Usage: nbseal manifest check [--notebook NOTEBOOK]

check fetches every secret that the manifest lists and says which have a value that
is as it should be, without showing any. What would have to be asked for is
passed over.

Exit codes: 0 all are there, 1 some are not, 2 the manifest could not be read.

Example:
  nbseal manifest check
`

func (a *app) manifestCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "manifest", Long: manifestHelp, Short: "look after the manifest of a project", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return hinted(errors.New("what to do with the manifest is missing"), "nbseal manifest check")
		}}
	var notebook string
	check := &cobra.Command{
		Use: "check", Long: manifestHelp, Short: "fetch every secret, show none", Args: cobra.NoArgs,
		RunE: interruptible(func(ctx context.Context, _ []string) error { return a.checkManifest(ctx, notebook) }),
	}
	check.Flags().StringVar(&notebook, "notebook", "", "as this notebook would fetch them")
	cmd.AddCommand(check)
	return cmd
}

func (a *app) checkManifest(ctx context.Context, notebook string) error {
	if err := hardening.Process(); err != nil {
		return err
	}
	r, m, err := a.resolverFor(notebook)
	if err != nil {
		return err
	}
	if m == nil {
		return hinted(errors.New("there is no nbseal.toml here or above"), "docs/spec/manifest.md says what it holds")
	}
	results, err := r.Check(ctx)
	if err != nil {
		return err
	}
	width, failed := 0, 0
	for _, x := range results {
		width = max(width, len(x.Name))
	}
	for _, x := range results {
		said := "ok"
		switch {
		case x.Skipped:
			said = "would be asked for"
		case x.Err != nil:
			failed++
			said = report.Printable(strings.ReplaceAll(x.Err.Error(), "\n", " "))
		}
		fmt.Fprintf(a.Stdout, "%-*s  %s\n", width, report.Printable(x.Name), said)
	}
	if failed > 0 {
		return exitCode(exitFindings)
	}
	return nil
}

// resolverFor is the resolver for a notebook that a person names, or for nobody.
func (a *app) resolverFor(notebook string) (*resolve.Resolver, *manifest.Manifest, error) {
	if notebook != "" {
		abs, err := filepath.Abs(notebook)
		if err != nil {
			return nil, nil, fmt.Errorf("finding the notebook: %w", err)
		}
		notebook = abs
	}
	return a.resolver(notebook, false)
}
