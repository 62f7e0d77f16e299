// Command history scans the history of a repository and says what that took, for
// comparison with other scanners. It reports nothing of what it finds but counts.
//
//	go run ./bench/history -generate 2000 [-whole] DIR.git
//	go run ./bench/history [-jobs N] DIR
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sort"
	"time"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/gitx"
	"github.com/nbseal/nbseal/internal/scan"
)

type silent struct{}

func (silent) Finding(finding.Finding, string) error { return nil }
func (silent) Risk(finding.Risk) error               { return nil }
func (silent) Unread(finding.Unread) error           { return nil }

func main() {
	jobs := flag.Int("jobs", 1, "number of workers")
	commits := flag.Int("generate", 0, "make a repository of so many commits instead")
	whole := flag.Bool("whole", false, "of notebooks that are run again as a whole for each commit")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *commits > 0 {
		if err := generate(ctx, flag.Arg(0), *commits, *whole); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	start := time.Now()
	sum, err := scan.History(ctx, scan.HistoryOptions{Options: scan.Options{Jobs: *jobs}, Git: gitx.Git{Dir: flag.Arg(0)}}, silent{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fmt.Printf("%d commits, %d versions, %d notebooks, %.0f MB, %d findings, %d unread, %.1f s\n",
		sum.Commits, sum.Files, sum.Notebooks, float64(sum.Bytes)/1e6, sum.Findings, sum.Unread, time.Since(start).Seconds())
	rules := make([]string, 0, len(sum.ByRule))
	for rule := range sum.ByRule {
		rules = append(rules, rule)
	}
	sort.Strings(rules)
	for _, rule := range rules {
		fmt.Printf("%8d %s\n", sum.ByRule[rule], rule)
	}
}
