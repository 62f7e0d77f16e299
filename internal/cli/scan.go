package cli

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/report"
	"github.com/nbseal/nbseal/internal/scan"
)

const scanHelp = `Find credentials in notebooks and text files.

Usage: nbseal scan [FLAGS] [PATH…]
       nbseal scan --staged [FLAGS] [PATH…]
       nbseal scan --history [FLAGS] [REVISION…] [-- PATH…]

Reads the files and directories given, the current directory without any, or
standard input for "-". In a notebook it reads sources, outputs of every type,
metadata and attachments, and gives the cell, line and column of each finding.
Below a directory it steps over .git, node_modules, virtual environments, links
and binary files, and says how many; a path you name is always read. A comment
"nbseal:ignore" on a line of source leaves that line alone.

With --staged it reads what git would commit; with --history every version in the
commits of all branches and tags, or of a range such as main..HEAD, each once, and
tells which commit brought a credential in and where it got to.

Flags:
  --format FORMAT     how to report: text (the default), json, jsonl, sarif,
                      html or github
  -o, --output FILE   write the report to FILE, readable by you alone
  --rules FILE        rules of your own, in nbseal's form or gitleaks'
                      (docs/spec/rules.md)
  --baseline FILE     leave alone what this file lists (docs/spec/baseline.md)
  --write-baseline FILE
                      accept what is found, and list it in this file
  --risks             tell also of code that will leak when it runs, in
                      notebooks with a Python kernel
  --fail-on risk      exit with 1 for risks too; implies --risks
  --show-secrets      show the credentials themselves
  -j, --jobs N        number of workers (one for each processor)
  --all               with --staged: the whole index, not only what is new
  --since DATE        with --history: commits from then on, as git reads dates
  --reflog            with --history: what only reflogs name as well
  --fetch             with --history: get what a partial clone lacks
  --skip-lfs          step over files whose content is in git LFS and not here
  --state FILE        with --history: remember what was read, and next time read
                      what is new
  --write-replacements FILE
                      with --history: write what git filter-repo --replace-text
                      wants, in plain text, readable by you alone
  --pre-push, --pre-receive
                      be that hook of git: scan what is pushed

Exit codes: 0 nothing found and everything read, 1 findings, 2 something could
not be read, whatever was found. Risks alone end with 0 unless --fail-on risk.

Example:
  nbseal scan notebooks/ --format jsonl | jq -r .path
  nbseal scan --history main..HEAD
`

// scanFlags are what the command line says of a scan.
type scanFlags struct {
	format, output          string
	rules                   string
	baseline, writeBaseline string
	showSecrets, risks      bool
	failOn                  string
	jobs                    int
	git                     gitFlags
}

func (a *app) scanCommand() *cobra.Command {
	var flags scanFlags
	var cmd *cobra.Command
	cmd = &cobra.Command{
		Use: "scan [PATH…]", Long: scanHelp, Short: "find credentials in notebooks and text files",
		RunE: interruptible(func(ctx context.Context, args []string) error {
			if flags.jobs < 0 {
				return fmt.Errorf("--jobs %d: a number of workers is needed", flags.jobs)
			}
			if cmd.Flags().Changed("fail-on") {
				if flags.failOn != "risk" {
					return fmt.Errorf("--fail-on %q: there is only risk", flags.failOn)
				}
				flags.risks = true
			}
			source, err := a.source(ctx, cmd, args, &flags)
			if err != nil {
				return err
			}
			return a.scan(ctx, source, flags)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&flags.format, "format", "text", "text, json, jsonl, sarif, html or github")
	f.StringVarP(&flags.output, "output", "o", "", "write the report to a file")
	f.StringVar(&flags.rules, "rules", "", "rules of your own")
	f.StringVar(&flags.baseline, "baseline", "", "leave alone what this file lists")
	f.StringVar(&flags.writeBaseline, "write-baseline", "", "accept what is found")
	f.BoolVar(&flags.risks, "risks", false, "tell also of code that will leak when it runs")
	f.StringVar(&flags.failOn, "fail-on", "", "exit with 1 for risks too")
	f.BoolVar(&flags.showSecrets, "show-secrets", false, "show the credentials themselves")
	f.IntVarP(&flags.jobs, "jobs", "j", 0, "number of workers")
	flags.git.add(cmd)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(report.Formats, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions([]string{"risk"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.MarkFlagsMutuallyExclusive("baseline", "write-baseline")
	return cmd
}

// scanSource is what a scan reads.
type scanSource struct {
	scan func(context.Context, scan.Options, scan.Handler) (finding.Summary, error)
	done func(finding.Summary) error // after the report; nil: nothing
}

// source is what the command line names.
func (a *app) source(ctx context.Context, cmd *cobra.Command, args []string, flags *scanFlags) (scanSource, error) {
	if err := flags.git.check(cmd, *flags); err != nil {
		return scanSource{}, err
	}
	switch {
	case flags.git.staged:
		return a.staged(args, flags), nil
	case flags.git.history:
		return a.history(ctx, cmd, args, flags)
	case flags.git.prePush || flags.git.preReceive:
		return a.pushed(ctx, flags)
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	a.warnUnguarded(ctx)
	return scanSource{scan: func(ctx context.Context, opt scan.Options, h scan.Handler) (finding.Summary, error) {
		return scan.Paths(ctx, args, opt, h)
	}}, nil
}

func (a *app) scan(ctx context.Context, source scanSource, flags scanFlags) error {
	rules, err := a.userRules(flags.rules)
	if err != nil {
		return err
	}
	accepted, err := a.openBaseline(flags)
	if err != nil {
		return err
	}
	out := a.newReport(flags.output)
	opt := a.reportOptions(out)
	opt.ShowSecrets = flags.showSecrets
	h, err := report.New(flags.format, out, opt)
	if err != nil {
		return err
	}
	progress := new(scan.Progress)
	stop := sync.OnceFunc(a.showProgress(progress))
	s, err := source.scan(ctx, scan.Options{
		Jobs: flags.jobs, Stdin: a.Stdin, Progress: progress, Rules: rules, Known: accepted.known, Excerpts: flags.format == "html",
		Risks: flags.risks,
	}, afterProgress{h, stop})
	stop()
	if err != nil && ctx.Err() == nil {
		return explainGit(err)
	}
	if err := h.Summary(s); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if err := out.close(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		a.ui.note("interrupted; the report is incomplete")
	}
	if err := accepted.write(s.Complete); err != nil {
		return err
	}
	if source.done != nil {
		if err := source.done(s); err != nil {
			return err
		}
	}
	a.scanHint(s, flags)
	failures := s.Findings
	if flags.failOn != "" {
		failures += s.Risks
	}
	return scanExit(s.Complete, failures)
}

func (a *app) scanHint(s finding.Summary, flags scanFlags) {
	if flags.format != "text" || flags.output != "" || s.Findings == 0 || s.Notebooks == 0 || !term.IsTerminal(int(a.Stdout.Fd())) {
		return
	}
	if flags.git.history {
		a.ui.note("hint: revoke them first; docs/after-a-leak.md says what else to do")
		return
	}
	a.ui.note("hint: nbseal fix --dry-run NOTEBOOK shows how to move them to the store")
}

// afterProgress ends the progress line before the first event: a report may go to
// the same terminal.
type afterProgress struct {
	scan.Handler
	stop func()
}

func (h afterProgress) Finding(f finding.Finding, fingerprint string) error {
	h.stop()
	return h.Handler.Finding(f, fingerprint)
}

func (h afterProgress) Risk(r finding.Risk) error {
	h.stop()
	return h.Handler.Risk(r)
}

func (h afterProgress) Unread(u finding.Unread) error {
	h.stop()
	return h.Handler.Unread(u)
}

// showProgress keeps a line on a terminal up to date once a scan takes long;
// the function it returns ends that.
func (a *app) showProgress(p *scan.Progress) (stop func()) {
	if !term.IsTerminal(int(a.Stderr.Fd())) || a.Getenv("TERM") == "dumb" {
		return func() {}
	}
	done, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		shown, began := false, time.Now()
		for {
			select {
			case <-tick.C:
				shown = true
				fmt.Fprintf(a.Stderr, "\r\x1b[Knbseal: %s", progressLine(p, time.Since(began)))
			case <-done:
				if shown {
					fmt.Fprint(a.Stderr, "\r\x1b[K")
				}
				return
			}
		}
	}()
	return func() { close(done); <-finished }
}

// progressLine tells how far a scan is after some time, with an estimate of what
// is left where the whole is known.
func progressLine(p *scan.Progress, after time.Duration) string {
	files, bytes := p.Files.Load(), float64(p.Bytes.Load())
	total := float64(p.TotalBytes.Load())
	switch {
	case total > 0 && bytes > 0:
		left := time.Duration(float64(after) * max(total-bytes, 0) / bytes)
		return fmt.Sprintf("%d of %d versions, %.0f of %.0f MB, about %v left",
			files, p.TotalFiles.Load(), bytes/1e6, total/1e6, left.Round(time.Second))
	case p.Commits.Load() > 0:
		return fmt.Sprintf("listing what %d commits brought in", p.Commits.Load())
	}
	return fmt.Sprintf("%d files, %.0f MB", files, bytes/1e6)
}
