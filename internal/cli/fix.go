package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/fix"
	"github.com/nbseal/nbseal/internal/hardening"
	"github.com/nbseal/nbseal/internal/notebook"
	"github.com/nbseal/nbseal/internal/report"
	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

const fixHelp = `Move each hard-coded credential of a notebook to the store.

Usage: nbseal fix [FLAGS] NOTEBOOK…

In Python source a credential becomes nbseal.get("NAME"), with "import nbseal"
added once; in Markdown and metadata it becomes the marker [nbseal:NAME]; in all
of these its value goes to the store first, under a name made from the variable,
key or kind. Outputs are redacted. The notebook's copy in .ipynb_checkpoints is
treated too. Nothing else in the file changes, and no backup is kept. What
cannot be rewritten safely is left as it is and listed with the reason.

A credential that was in a notebook may have been copied: revoke it where it was
issued, and store the new one with nbseal set NAME.

"-" reads a notebook from standard input and writes it to standard output.

Flags:
  -n, --dry-run        show a diff of what would change, with credentials masked
  --format text|json   how to tell what was done (text)

Exit codes: 0 nothing is left to do, 1 a credential was left in place (with
--dry-run: something would change), 2 a notebook could not be read or written.

Example:
  nbseal fix --dry-run analysis.ipynb
  nbseal fix analysis.ipynb
`

func (a *app) fixCommand() *cobra.Command {
	var dryRun bool
	var format string
	cmd := &cobra.Command{
		Use: "fix NOTEBOOK…", Long: fixHelp, Short: "move hard-coded credentials to the store",
		Args: cobra.MinimumNArgs(1),
		RunE: interruptible(func(ctx context.Context, args []string) error { return a.fix(ctx, args, dryRun, format) }),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"ipynb"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	cmd.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "show a diff of what would change")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func (a *app) fix(ctx context.Context, paths []string, dryRun bool, format string) error {
	if format != "text" && format != "json" {
		return fmt.Errorf("unknown format %q; there are text and json", format)
	}
	if format == "json" && slices.Contains(paths, "-") {
		return errors.New("--format json and - both want standard output")
	}
	if err := hardening.Process(); err != nil {
		return err
	}
	vault, err := a.fixVault(dryRun)
	if err != nil {
		return err
	}
	f := fixer{app: a, vault: vault, dryRun: dryRun}
	if format == "json" {
		f.report = newFixReport()
	}
	failed := false
	for _, path := range paths {
		for _, p := range append([]string{path}, checkpoints(path)...) {
			if ctx.Err() != nil {
				return errors.New("interrupted; the notebooks not named above are unchanged")
			}
			if err := f.notebook(ctx, p); err != nil {
				failed = true
				a.ui.error(fmt.Errorf("%s: %w", report.Printable(p), err))
				if f.report != nil {
					f.report.Failed = append(f.report.Failed, fixFailure{p, err.Error()})
				}
			}
		}
	}
	if f.report != nil {
		if err := f.report.write(a.Stdout); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	f.summary()
	switch {
	case failed:
		return exitCode(exitFailed)
	case f.left > 0 || dryRun && f.changed > 0:
		return exitCode(exitFindings)
	}
	return nil
}

// fixVault is the store as fix needs it. A dry run does without one.
func (a *app) fixVault(dryRun bool) (fix.Vault, error) {
	s, err := a.store()
	if dryRun && errors.Is(err, store.ErrNoStore) {
		return noVault{}, nil
	}
	if err != nil {
		return nil, err
	}
	return &storeVault{s, &lazyIdentity{sync.OnceValues(a.defaultIdentity)}}, nil
}

// checkpoints are the copies that Jupyter keeps of a notebook, as
// jupyter_server/services/contents/filecheckpoints.py names them.
func checkpoints(path string) []string {
	dir, base := filepath.Split(path)
	if path == "-" || filepath.Base(filepath.Clean(dir)) == ".ipynb_checkpoints" {
		return nil
	}
	ext := filepath.Ext(base)
	copied := filepath.Join(dir, ".ipynb_checkpoints", strings.TrimSuffix(base, ext)+"-checkpoint"+ext)
	if _, err := os.Lstat(copied); err != nil {
		return nil
	}
	return []string{copied}
}

// fixer goes through the notebooks of one command.
type fixer struct {
	*app
	vault  fix.Vault
	names  fix.Names
	dryRun bool
	report *fixReport // nil for people

	moved, redacted, left, changed int

	used     []string // names that the notebooks fetch now
	manifest string   // the last one that lacks a name
	unlisted []string // names that a manifest lacks
}

func (f *fixer) notebook(ctx context.Context, path string) error {
	src, err := f.readFile(path)
	if err != nil {
		return err
	}
	if _, text := notebook.ParseText(path, src); text {
		return errors.New("it is a notebook that is kept as text; fix rewrites .ipynb files only")
	}
	plan, err := fix.Make(ctx, path, src, f.vault, &f.names)
	if err != nil {
		return f.explain(err)
	}
	f.count(plan)
	if f.report != nil {
		if !f.dryRun {
			if err := plan.Apply(ctx); err != nil {
				return f.explain(err)
			}
		}
		f.report.add(path, plan)
		return f.list(path, plan)
	}
	if path == "-" && !f.dryRun {
		if err := plan.Store(ctx); err != nil {
			return err
		}
		_, err := f.Stdout.Write(plan.Bytes())
		f.tell(f.Stderr, path, plan)
		return err
	}
	if f.dryRun {
		if err := plan.Diff(f.Stdout); err != nil {
			return err
		}
		if len(plan.Left) > 0 {
			fmt.Fprintf(f.Stderr, "%s\n", report.Printable(path))
			f.tellLeft(f.Stderr, plan)
		}
		return nil
	}
	if err := plan.Apply(ctx); err != nil {
		return f.explain(err)
	}
	f.tell(f.Stdout, path, plan)
	return f.list(path, plan)
}

// explain adds what to do next.
func (f *fixer) explain(err error) error {
	if errors.Is(err, store.ErrLocked) {
		return hinted(err, noTerminalHint)
	}
	return err
}

func (f *fixer) count(p *fix.Plan) {
	f.redacted += len(p.Gone)
	f.left += len(p.Left)
	for _, m := range p.Moved {
		if m.New {
			f.moved++
		}
	}
	if p.Changed() {
		f.changed++
	}
}

// tell lists what was done to a notebook.
func (f *fixer) tell(w io.Writer, path string, p *fix.Plan) {
	if !p.Changed() && len(p.Left) == 0 {
		fmt.Fprintf(w, "%s: nothing to do\n", report.Printable(path))
		return
	}
	fmt.Fprintf(w, "%s\n", report.Printable(path))
	type line struct {
		at   finding.Location
		text string
	}
	var lines []line
	for _, m := range p.Moved {
		lines = append(lines, line{m.Finding.Location, m.Finding.Title + " → " + with(m)})
	}
	for _, g := range p.Gone {
		lines = append(lines, line{g.Location, g.Title + " → " + g.Marker})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	for _, l := range lines {
		fmt.Fprintf(w, "  %-28s %s\n", report.Where(l.at), l.text)
	}
	f.tellLeft(w, p)
}

func (f *fixer) tellLeft(w io.Writer, p *fix.Plan) {
	for _, l := range p.Left {
		fmt.Fprintf(w, "  %-28s %s: left as it is: %s\n", report.Where(l.Finding.Location), l.Finding.Title, l.Reason)
	}
}

// summary closes a run, with what the user still has to do.
func (f *fixer) summary() {
	verb := "moved %d to the store, redacted %d in outputs, left %d"
	if f.dryRun {
		verb = "would move %d to the store, redact %d in outputs, leave %d"
	}
	f.ui.note(verb, f.moved, f.redacted, f.left)
	if f.dryRun {
		return
	}
	if f.moved > 0 {
		f.ui.note("hint: revoke what was in a notebook where it was issued; nbseal set NAME stores the new one")
	}
	if len(f.used) > 0 && f.Getenv("NBSEAL_IDENTITY_FILE") == "" {
		f.ui.note("hint: nbseal run --secret %s -- jupyter lab gives the notebook its secrets", strings.Join(f.used, " --secret "))
	}
	if len(f.unlisted) > 0 {
		f.ui.note("hint: %s does not list all of the names; add below [secrets]:", report.Printable(f.manifest))
		for _, n := range f.unlisted {
			f.ui.note("hint:   %s = \"nbseal://%s\"", n, n)
		}
	}
}

// list notes the names that a notebook now fetches, and those of them that its
// manifest, if there is one, does not have.
func (f *fixer) list(path string, p *fix.Plan) error {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	m, err := findManifest(absolute)
	if err != nil {
		return err
	}
	for _, moved := range p.Moved {
		if !moved.Code || slices.Contains(f.used, moved.Name) {
			continue
		}
		f.used = append(f.used, moved.Name)
		if m == nil {
			continue
		}
		if _, has := m.Secret(moved.Name); !has {
			f.manifest = m.Filename()
			f.unlisted = append(f.unlisted, moved.Name)
		}
	}
	return nil
}

// storeVault keeps credentials in the local store.
type storeVault struct {
	s  *store.Store
	id age.Identity
}

func (v *storeVault) Holds(_ context.Context, name string, value secret.Value) (taken, same bool, err error) {
	names, err := v.s.Names()
	if err != nil {
		return false, false, err
	}
	// The store does not take two names that differ in nothing but case.
	i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	if i < 0 || names[i] != name {
		return i >= 0, false, nil
	}
	got, err := v.s.Get(name, v.id)
	if err != nil {
		return true, false, err
	}
	defer got.Wipe()
	return true, got.Equal(value), nil
}

func (v *storeVault) Put(ctx context.Context, name string, value secret.Value) error {
	return v.s.Put(ctx, name, value)
}

// noVault is what a dry run sees where there is no store: every name is free.
type noVault struct{}

func (noVault) Holds(context.Context, string, secret.Value) (taken, same bool, err error) {
	return false, false, nil
}

func (noVault) Put(context.Context, string, secret.Value) error { return store.ErrNoStore }
