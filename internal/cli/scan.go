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
and binary files, and says how many; a path you name is always read.

Flags:
  --format FORMAT     how to report: text (the default), json, jsonl, sarif,
                      html or github
  -o, --output FILE   write the report to FILE, readable by you alone
  --show-secrets      show the credentials themselves
  -j, --jobs N        number of workers (one for each processor)

Exit codes: 0 nothing found and everything read, 1 findings, 2 something could
not be read, whatever was found.

Example:
  nbseal scan notebooks/ --format jsonl | jq -r .path
`

func (a *app) scanCommand() *cobra.Command {
	var format, output string
	var showSecrets bool
	var jobs int
	cmd := &cobra.Command{
		Use: "scan [PATH…]", Long: scanHelp, Short: "find credentials in notebooks and text files",
		RunE: interruptible(func(ctx context.Context, args []string) error {
			if jobs < 0 {
				return fmt.Errorf("--jobs %d: a number of workers is needed", jobs)
			}
			return a.scan(ctx, args, format, output, showSecrets, jobs)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&format, "format", "text", "text, json, jsonl, sarif, html or github")
	f.StringVarP(&output, "output", "o", "", "write the report to a file")
	f.BoolVar(&showSecrets, "show-secrets", false, "show the credentials themselves")
	f.IntVarP(&jobs, "jobs", "j", 0, "number of workers")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(report.Formats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *app) scan(ctx context.Context, paths []string, format, output string, showSecrets bool, jobs int) error {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	out := a.newReport(output)
	opt := a.reportOptions(out)
	opt.ShowSecrets = showSecrets
	h, err := report.New(format, out, opt)
	if err != nil {
		return err
	}
	progress := new(scan.Progress)
	stop := a.showProgress(progress)
	s, err := scan.Paths(ctx, paths, scan.Options{Jobs: jobs, Stdin: a.Stdin, Progress: progress}, h)
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
	a.scanHint(s, format, output)
	return scanExit(s.Complete, s.Findings)
}

func (a *app) scanHint(s finding.Summary, format, output string) {
	if format == "text" && output == "" && s.Findings > 0 && s.Notebooks > 0 && term.IsTerminal(int(a.Stdout.Fd())) {
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
