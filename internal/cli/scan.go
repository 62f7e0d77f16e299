package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/report"
	"github.com/nbseal/nbseal/internal/scan"
)

const scanHelp = `Find credentials in notebooks and text files.

Usage: nbseal scan [FLAGS] [PATH…]

Reads the files and directories given, the current directory without any, or
standard input for "-". In a notebook it reads sources, outputs of every type,
metadata and attachments, and gives the cell, line and column of each finding.
Below a directory it steps over .git, node_modules, virtual environments, links
and binary files, and says how many; a path you name is always read. A comment
"nbseal:ignore" on a line of source leaves that line alone.

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

Exit codes: 0 nothing found and everything read, 1 findings, 2 something could
not be read, whatever was found. Risks alone end with 0 unless --fail-on risk.

Example:
  nbseal scan notebooks/ --format jsonl | jq -r .path
`

// scanFlags are what the command line says of a scan.
type scanFlags struct {
	format, output          string
	rules                   string
	baseline, writeBaseline string
	showSecrets, risks      bool
	failOn                  string
	jobs                    int
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
			return a.scan(ctx, args, flags)
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
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(report.Formats, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions([]string{"risk"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.MarkFlagsMutuallyExclusive("baseline", "write-baseline")
	return cmd
}

func (a *app) scan(ctx context.Context, paths []string, flags scanFlags) error {
	if len(paths) == 0 {
		paths = []string{"."}
	}
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
	stop := a.showProgress(progress)
	s, err := scan.Paths(ctx, paths, scan.Options{
		Jobs: flags.jobs, Stdin: a.Stdin, Progress: progress, Rules: rules, Known: accepted.known, Excerpts: flags.format == "html",
		Risks: flags.risks,
	}, h)
	stop()
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("writing the report: %w", err)
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
	a.scanHint(s, flags)
	failures := s.Findings
	if flags.failOn != "" {
		failures += s.Risks
	}
	return scanExit(s.Complete, failures)
}

func (a *app) scanHint(s finding.Summary, flags scanFlags) {
	if flags.format == "text" && flags.output == "" && s.Findings > 0 && s.Notebooks > 0 && term.IsTerminal(int(a.Stdout.Fd())) {
		a.ui.note("hint: nbseal fix --dry-run NOTEBOOK shows how to move them to the store")
	}
}

// showProgress keeps a line on a terminal up to date once a scan takes long;
// the function it returns ends that.
func (a *app) showProgress(p *scan.Progress) (stop func()) {
	if !term.IsTerminal(int(a.Stderr.Fd())) || a.Getenv("TERM") == "dumb" || term.IsTerminal(int(a.Stdout.Fd())) {
		return func() {}
	}
	done, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		shown := false
		for {
			select {
			case <-tick.C:
				shown = true
				fmt.Fprintf(a.Stderr, "\r\x1b[Knbseal: %d files, %.0f MB", p.Files.Load(), float64(p.Bytes.Load())/1e6)
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
