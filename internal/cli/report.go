package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/report"
)

const reportHelp = `Merge the JSON lines of several scans and write them in any format.

Usage: nbseal report [--format FORMAT] [-o FILE] FILE…

Each FILE is what nbseal scan --format jsonl wrote; "-" is standard input. What
several of them found in one place counts once. A file that is no whole scan
makes the merged one incomplete.

Flags:
  --format text|json|jsonl|sarif|html|github   how to report (text)
  -o, --output FILE                            write the report to FILE

Exit codes: those of scan.

Example:
  nbseal scan --format jsonl -o a.jsonl a/ && nbseal report --format html -o all.html a.jsonl b.jsonl
`

func (a *app) reportCommand() *cobra.Command {
	var format, output string
	cmd := &cobra.Command{
		Use: "report FILE…", Long: reportHelp, Short: "merge scans and write them in any format",
		Args: cobra.MinimumNArgs(1),
		RunE: interruptible(func(_ context.Context, args []string) error { return a.report(args, format, output) }),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text, json, jsonl, sarif, html or github")
	cmd.Flags().StringVarP(&output, "output", "o", "", "write the report to a file")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(report.Formats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *app) report(files []string, format, output string) error {
	var streams []report.Stream
	for _, name := range files {
		if name == "-" {
			streams = append(streams, report.Stream{Name: "standard input", Reader: a.Stdin})
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		streams = append(streams, report.Stream{Name: name, Reader: f})
	}
	out := a.newReport(output)
	h, err := report.New(format, out, a.reportOptions(out))
	if err != nil {
		return err
	}
	s, err := report.Merge(streams, h)
	if err != nil {
		return err
	}
	if err := out.close(); err != nil {
		return err
	}
	return scanExit(s.Complete, s.Findings)
}

// reportFile is where a report goes: standard output, or a file that is
// replaced when the report is whole.
type reportFile struct {
	io.Writer
	path   string // "" is standard output
	buffer *strings.Builder
}

func (a *app) newReport(path string) *reportFile {
	if path == "" || path == "-" {
		return &reportFile{Writer: a.Stdout}
	}
	b := new(strings.Builder)
	return &reportFile{b, path, b}
}

func (f *reportFile) close() error {
	if f.path == "" {
		return nil
	}
	if err := atomicfile.Write(f.path, []byte(f.buffer.String())); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func (a *app) reportOptions(f *reportFile) report.Options {
	return report.Options{Color: f.path == "" && a.ui.colorOn(a.Stdout), Version: Version, Time: time.Now()}
}

// scanExit is how a scan ends, as an error.
func scanExit(complete bool, findings int) error {
	switch {
	case !complete:
		return exitCode(exitFailed)
	case findings > 0:
		return exitCode(exitFindings)
	}
	return nil
}
