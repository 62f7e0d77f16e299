package cli

import (
	"context"
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

// gitFlags are the flags of a scan that reads a repository.
type gitFlags struct {
	staged, history     bool
	prePush, preReceive bool
	all, reflog, fetch  bool
	skipLFS             bool
	since, state        string
	replacements        string
}

func (g *gitFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&g.staged, "staged", false, "read what git would commit")
	f.BoolVar(&g.history, "history", false, "read every version in git")
	f.BoolVar(&g.prePush, "pre-push", false, "be git's pre-push hook")
	f.BoolVar(&g.preReceive, "pre-receive", false, "be git's pre-receive hook")
	f.BoolVar(&g.all, "all", false, "the whole index")
	f.StringVar(&g.since, "since", "", "commits from then on")
	f.BoolVar(&g.reflog, "reflog", false, "what only reflogs name as well")
	f.BoolVar(&g.fetch, "fetch", false, "get what a partial clone lacks")
	f.BoolVar(&g.skipLFS, "skip-lfs", false, "step over files whose content is in git LFS and not here")
	f.StringVar(&g.state, "state", "", "remember what was read")
	f.StringVar(&g.replacements, "write-replacements", "", "write what git filter-repo --replace-text wants")
	cmd.MarkFlagsMutuallyExclusive("staged", "history", "pre-push", "pre-receive")
}

// check refuses flags that would mean nothing.
func (g *gitFlags) check(cmd *cobra.Command, flags scanFlags) error {
	needs := map[string]bool{ // flag to whether it is in its place
		"all": g.staged, "since": g.history, "reflog": g.history, "fetch": g.history, "state": g.history, "write-replacements": g.history,
		"skip-lfs": g.staged || g.history || g.prePush || g.preReceive,
	}
	for _, name := range []string{"all", "since", "reflog", "fetch", "state", "write-replacements", "skip-lfs"} {
		if cmd.Flags().Changed(name) && !needs[name] {
			return hinted(fmt.Errorf("--%s goes with another kind of scan", name), "nbseal scan --help says with which")
		}
	}
	if flags.risks && (g.history || g.prePush || g.preReceive) {
		return errors.New("--risks is of notebooks as they are now, not of their history")
	}
	return nil
}

func (a *app) staged(paths []string, flags *scanFlags) scanSource {
	return scanSource{scan: func(ctx context.Context, opt scan.Options, h scan.Handler) (finding.Summary, error) {
		return scan.Staged(ctx, scan.StagedOptions{Options: opt, All: flags.git.all, Paths: paths, SkipLFS: flags.git.skipLFS}, h)
	}}
}

// history reads the revisions that come before "--", and the paths after it. The
// first argument may name a directory in the repository that is meant.
func (a *app) history(ctx context.Context, cmd *cobra.Command, args []string, flags *scanFlags) (scanSource, error) {
	g := flags.git
	opt := scan.HistoryOptions{Revs: args, Reflog: g.reflog, Fetch: g.fetch, SkipLFS: g.skipLFS}
	if n := cmd.ArgsLenAtDash(); n >= 0 {
		opt.Revs, opt.Paths = args[:n], args[n:]
	}
	if len(opt.Revs) > 0 && namesDirectory(opt.Revs[0]) {
		opt.Git.Dir, opt.Revs = opt.Revs[0], opt.Revs[1:]
	}
	var err error
	if g.since != "" {
		if opt.Since, err = opt.Git.ParseDate(ctx, g.since); err != nil {
			return scanSource{}, explainGit(err)
		}
	}
	if g.state != "" {
		if opt.State, err = a.openState(opt, flags); err != nil {
			return scanSource{}, err
		}
	}
	if g.replacements != "" {
		opt.Replacements = new(scan.Replacements)
	}
	return scanSource{
		scan: func(ctx context.Context, base scan.Options, h scan.Handler) (finding.Summary, error) {
			opt.Options = base
			return scan.History(ctx, opt, h)
		},
		done: func(finding.Summary) error { return a.afterHistory(opt, g) },
	}, nil
}

// namesDirectory reports whether an argument can be no revision but a directory:
// git allows neither "." nor ".." as the first part of a name, nor a slash there.
func namesDirectory(arg string) bool {
	if arg != "." && arg != ".." && !strings.HasPrefix(arg, "./") && !strings.HasPrefix(arg, "../") && !strings.HasPrefix(arg, "/") &&
		!strings.ContainsAny(arg, `\:`) {
		return false
	}
	info, err := os.Stat(arg)
	return err == nil && info.IsDir()
}

func (a *app) openState(opt scan.HistoryOptions, flags *scanFlags) (*scan.State, error) {
	var rules [][]byte
	if flags.rules != "" {
		text, err := readRules(flags.rules)
		if err != nil {
			return nil, err
		}
		rules = append(rules, text)
	}
	s, err := scan.OpenState(flags.git.state, opt, rules...)
	if err != nil {
		return nil, err
	}
	if s.Fresh != "" {
		a.ui.note("%s; everything is read", s.Fresh)
	}
	return s, nil
}

// afterHistory writes what was asked for beside the report.
func (a *app) afterHistory(opt scan.HistoryOptions, g gitFlags) error {
	if opt.State != nil {
		if opt.State.Unkept != "" {
			a.ui.note("the state was not written: %s", opt.State.Unkept)
		} else if err := opt.State.Write(); err != nil {
			return err
		}
	}
	if opt.Replacements == nil {
		return nil
	}
	if opt.Replacements.Len() == 0 {
		a.ui.note("there is nothing to replace; %s was not written", report.Printable(g.replacements))
		return nil
	}
	if err := opt.Replacements.Write(g.replacements); err != nil {
		return err
	}
	a.ui.note("wrote %s: %d expressions that hold the credentials in plain text", report.Printable(g.replacements), opt.Replacements.Len())
	a.ui.note("rewriting history replaces every commit after the first one changed, and takes no copy away from anybody")
	a.ui.note("hint: revoke first; docs/after-a-leak.md says how to rewrite, and what it means")
	return nil
}

// pushed scans what a push would bring in, which git tells on standard input.
func (a *app) pushed(ctx context.Context, flags *scanFlags) (scanSource, error) {
	opt := scan.HistoryOptions{Only: true, SkipLFS: flags.git.skipLFS}
	var err error
	if flags.git.prePush {
		var pushes []gitx.Push
		if pushes, err = gitx.ParsePushes(a.Stdin); err == nil {
			opt.Tips, opt.Not, err = opt.Git.NotPushed(ctx, a.remote(ctx, opt.Git), pushes)
		}
	} else {
		var pushes []gitx.Push
		if pushes, err = gitx.ParseReceived(a.Stdin); err == nil {
			opt.Tips, opt.Not, err = opt.Git.NotReceived(ctx, pushes)
		}
	}
	if err != nil {
		return scanSource{}, explainGit(err)
	}
	return scanSource{scan: func(ctx context.Context, base scan.Options, h scan.Handler) (finding.Summary, error) {
		if len(opt.Tips) == 0 { // nothing but deletions
			return finding.Summary{ByRule: map[string]int{}, Complete: true}, nil
		}
		opt.Options = base
		return scan.History(ctx, opt, h)
	}}, nil
}

// remote is the name of the remote that is pushed to: what our hook says, the
// pre-commit framework, or the only one there is. "" if that is not known.
func (a *app) remote(ctx context.Context, g gitx.Git) string {
	for _, name := range []string{"NBSEAL_REMOTE", "PRE_COMMIT_REMOTE_NAME"} {
		if v := a.Getenv(name); v != "" {
			return v
		}
	}
	list, err := g.Line(ctx, "remote")
	if err != nil || strings.Contains(list, "\n") {
		return ""
	}
	return list
}

// explainGit adds what to do next to what git, or a repository, said.
func explainGit(err error) error {
	switch {
	case errors.Is(err, gitx.ErrNotRepository):
		return hinted(err, "go to a directory of one, or name it: nbseal scan --history ./DIR")
	case errors.Is(err, gitx.ErrNoGit):
		return hinted(err, "install git: https://git-scm.com/downloads")
	case errors.Is(err, gitx.ErrOwner):
		if e, ok := errors.AsType[*gitx.Error](err); ok {
			return hinted(err, strings.TrimSpace(e.Stderr))
		}
	case errors.Is(err, io.ErrShortWrite):
		return fmt.Errorf("writing the report: %w", err)
	}
	return err
}

// warnUnguarded says that the clone around the current directory names a filter
// that it does not have: git says nothing of that.
func (a *app) warnUnguarded(ctx context.Context) {
	if bare, err := guard.Unguarded(ctx, gitx.Git{}); err == nil && bare {
		a.ui.note("this clone names the filter nbseal but has none: git commits notebooks as they are")
		a.ui.note("hint: nbseal install puts it in place")
	}
}
