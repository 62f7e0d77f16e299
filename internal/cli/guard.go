package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/gitx"
	"github.com/nbseal/nbseal/internal/guard"
	"github.com/nbseal/nbseal/internal/report"
	"github.com/nbseal/nbseal/internal/scan"
)

const installHelp = `Guard a git repository: nothing with a credential gets in unseen.

Usage: nbseal install [FLAGS] [DIR]

Puts a filter in place that takes credentials out of notebooks' outputs as they
are added, and refuses those in sources; hooks that scan what you commit and what
you push; and git diff of notebooks as text, with credentials masked. In a bare
repository, a hook that scans what is pushed to it. Hooks that are there run on;
those of husky, lefthook and pre-commit are left to you, with the lines to add.
What is written where is in docs/spec/guard.md; nbseal uninstall takes it away.

Flags:
  --check              change nothing, tell what is guarded and what is not
  -n, --dry-run        change nothing, show what would change
  --global             for all repositories of yours
  --recursive          for the submodules that are checked out, too
  --private            name the filter in .git/info/attributes, not in
                       .gitattributes, which others get with the repository
  --no-hooks           the filter only
  --replace            take the place of another filter of notebooks
  --text PATTERN,…     filter these too, notebooks kept as text: "*.qmd"
  --format text|json   how to tell (text)

Exit codes: 0 done (with --check: guarded), 1 something is in the way or, with
--check, not guarded, 2 it could not be done or told.

Example:
  nbseal install --dry-run
  nbseal install && git add .gitattributes
`

const uninstallHelp = `Take away what nbseal install put into a git repository.

Usage: nbseal uninstall [FLAGS] [DIR]

Files that nobody changed since become what they were, byte for byte; from others
nbseal's own lines go. Credentials that are in the history stay there.

Flags:
  -n, --dry-run        change nothing, show what would change
  --global             what nbseal install --global put in place
  --recursive          in the submodules that are checked out, too
  --format text|json   how to tell (text)

Exit codes: 0 done, 1 something was left, 2 it could not be done.

Example:
  nbseal uninstall --dry-run
`

type guardFlags struct {
	guard.Options
	check, dryRun, recursive bool
	format                   string
}

func (a *app) installCommand() *cobra.Command {
	var flags guardFlags
	cmd := &cobra.Command{
		Use: "install [DIR]", Long: installHelp, Short: "guard a git repository",
		Args: cobra.MaximumNArgs(1),
		RunE: interruptible(func(ctx context.Context, args []string) error { return a.guard(ctx, args, flags, guard.Install) }),
	}
	f := cmd.Flags()
	f.BoolVar(&flags.check, "check", false, "tell what is guarded")
	f.BoolVar(&flags.Private, "private", false, "name the filter in .git/info/attributes")
	f.BoolVar(&flags.NoHooks, "no-hooks", false, "the filter only")
	f.BoolVar(&flags.Replace, "replace", false, "take the place of another filter of notebooks")
	f.StringSliceVar(&flags.Text, "text", nil, "filter these too")
	flags.common(cmd)
	cmd.MarkFlagsMutuallyExclusive("check", "dry-run")
	return cmd
}

func (a *app) uninstallCommand() *cobra.Command {
	var flags guardFlags
	cmd := &cobra.Command{
		Use: "uninstall [DIR]", Long: uninstallHelp, Short: "take away what install put in place",
		Args: cobra.MaximumNArgs(1),
		RunE: interruptible(func(ctx context.Context, args []string) error { return a.guard(ctx, args, flags, guard.Uninstall) }),
	}
	flags.common(cmd)
	return cmd
}

func (g *guardFlags) common(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVarP(&g.dryRun, "dry-run", "n", false, "show what would change")
	f.BoolVar(&g.Global, "global", false, "for all repositories of yours")
	f.BoolVar(&g.recursive, "recursive", false, "for submodules too")
	f.StringVar(&g.format, "format", "text", "text or json")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.MarkFlagsMutuallyExclusive("global", "recursive")
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
}

// guard plans and does, shows, or checks, for a repository and its submodules.
func (a *app) guard(ctx context.Context, args []string, flags guardFlags, plan func(context.Context, guard.Options) (*guard.Plan, error)) error {
	if flags.format != "text" && flags.format != "json" {
		return fmt.Errorf("unknown format %q; there are text and json", flags.format)
	}
	if len(args) > 0 {
		flags.Git.Dir = args[0]
	}
	var err error
	if flags.Self, err = os.Executable(); err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	dirs := []string{flags.Git.Dir}
	if flags.recursive {
		if dirs, err = guard.Repositories(ctx, flags.Git); err != nil {
			return err
		}
	}
	bad := false
	for i, dir := range dirs {
		flags.Git.Dir = dir
		if i > 0 && flags.format == "text" {
			fmt.Fprintln(a.Stdout)
		}
		ok, err := a.guardOne(ctx, flags, plan)
		if err != nil {
			return err
		}
		bad = bad || !ok
	}
	if bad {
		return exitCode(exitFindings)
	}
	return nil
}

func (a *app) guardOne(ctx context.Context, flags guardFlags, plan func(context.Context, guard.Options) (*guard.Plan, error)) (bool, error) {
	if flags.check {
		r, err := guard.Check(ctx, flags.Options, "nbseal "+Version, stagedCredentials)
		if err != nil {
			return false, err
		}
		if flags.format == "json" {
			return r.Guarded, a.writeJSON(r)
		}
		return r.Guarded, a.tellGuards(r)
	}
	p, err := plan(ctx, flags.Options)
	if err != nil {
		return false, err
	}
	if !flags.dryRun {
		if err := p.Apply(ctx); err != nil {
			return false, err
		}
	}
	if flags.format == "json" {
		return len(p.Conflicts) == 0, a.writeJSON(p)
	}
	return len(p.Conflicts) == 0, a.tellPlan(p, flags.dryRun)
}

// tellPlan shows a plan that was carried out, or would be.
func (a *app) tellPlan(p *guard.Plan, dryRun bool) error {
	var b strings.Builder
	where := p.Dir
	if where == "" {
		where = "all repositories of yours"
	}
	fmt.Fprintf(&b, "%s\n", report.Printable(where))
	shown := 0
	for _, s := range p.Steps {
		if s.Record {
			continue
		}
		shown++
		fmt.Fprintf(&b, "  %s: %s\n", report.Printable(s.Path), s.What)
		for _, l := range s.Removed {
			fmt.Fprintf(&b, "    - %s\n", report.Printable(l))
		}
		for _, l := range s.Added {
			fmt.Fprintf(&b, "    + %s\n", report.Printable(l))
		}
	}
	if shown == 0 {
		b.WriteString("  nothing to change\n")
	} else if dryRun {
		b.WriteString("  nothing was changed\n")
	}
	for _, c := range p.Conflicts {
		fmt.Fprintf(&b, "  left: %s\n", report.Printable(c.What))
		do(&b, c.Do)
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "  note: %s\n", report.Printable(n))
	}
	_, err := io.WriteString(a.Stdout, b.String())
	return err
}

func (a *app) tellGuards(r *guard.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", report.Printable(r.Dir))
	for _, i := range r.Items {
		fmt.Fprintf(&b, "  %-8s  %-12s %s\n", i.State, i.Name, report.Printable(i.Detail))
		do(&b, i.Do)
	}
	if r.Guarded {
		b.WriteString("  guarded\n")
	} else {
		b.WriteString("  not guarded\n")
	}
	_, err := io.WriteString(a.Stdout, b.String())
	return err
}

// do lists what a person can do.
func do(b *strings.Builder, list []string) {
	for _, l := range list {
		fmt.Fprintf(b, "    → %s\n", report.Printable(l))
	}
}

func (a *app) writeJSON(v any) error {
	e := json.NewEncoder(a.Stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// stagedCredentials names the files in the index that hold credentials.
func stagedCredentials(ctx context.Context, dir string) ([]string, error) {
	var h paths
	s, err := scan.Staged(ctx, scan.StagedOptions{Git: gitx.Git{Dir: dir}, All: true, Paths: []string{"*.ipynb"}, SkipLFS: true}, &h)
	if err != nil {
		return nil, err
	}
	if !s.Complete {
		return h.list, errors.New("not every notebook in the index could be read; nbseal scan --staged says which")
	}
	return h.list, nil
}

// paths collects the paths of findings.
type paths struct{ list []string }

func (p *paths) Finding(f finding.Finding, _ string) error {
	if path := f.Location.Path; len(p.list) == 0 || p.list[len(p.list)-1] != path {
		p.list = append(p.list, path)
	}
	return nil
}

func (*paths) Risk(finding.Risk) error     { return nil }
func (*paths) Unread(finding.Unread) error { return nil }
