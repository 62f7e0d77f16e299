// Test runs every check of the repository and counts them; `make test` is this
// program. It runs the stages one after the other, goes on after a failure,
// prints a line for each stage and the whole output of those that failed, and
// last of all a line of its own: "N passed, M failed". It exits 1 if M is not 0.
//
// A test that is skipped counts as failed.
//
// Usage, from the top of the repository:
//
//	test [-only STAGE,STAGE…] [-fuzztime DURATION]
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// stageTimeout bounds a stage that hangs; all of them together take minutes.
const stageTimeout = 20 * time.Minute

// outcome is what a stage found.
type outcome struct {
	passed, failed int
	output         bytes.Buffer // shown if something failed
}

// check counts one check that is a command.
func (o *outcome) check(out []byte, err error) {
	if err == nil {
		o.passed++
		return
	}
	o.failed++
	o.output.Write(bytes.TrimRight(out, "\n"))
	fmt.Fprintf(&o.output, "\n%v\n", err)
}

// runner is what the stages share.
type runner struct {
	ctx      context.Context
	top      string // the repository, absolute
	fuzzTime string
}

type stage struct {
	name string
	run  func(*runner) *outcome
}

// stages are in the order in which a fault is found soonest.
var stages = []stage{
	{"packages", (*runner).packages},
	{"build", (*runner).build},
	{"gofmt", (*runner).gofmt},
	{"shellcheck", (*runner).shellcheck},
	{"python-lint", (*runner).pythonLint},
	{"vet", (*runner).vet},
	{"staticcheck", (*runner).staticcheck},
	{"cross", (*runner).cross},
	{"sops", (*runner).sops},
	{"go", (*runner).goTests},
	{"gits", (*runner).gits},
	{"python", (*runner).pythonTests},
	{"self", (*runner).self},
	{"demo", (*runner).demo},
	{"fuzz", (*runner).fuzz},
}

func main() {
	only := flag.String("only", "", "comma-separated `stages` to run; all if empty")
	fuzzTime := flag.String("fuzztime", "5s", "how `long` each fuzz target runs")
	flag.Parse()
	code, err := run(*only, *fuzzTime)
	if err != nil {
		fmt.Fprintln(os.Stderr, "test:", err)
		code = 2
	}
	os.Exit(code)
}

func run(only, fuzzTime string) (int, error) {
	chosen, err := choose(only)
	if err != nil {
		return 0, err
	}
	top, err := filepath.Abs(".")
	if err != nil {
		return 0, err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	var passed, failed int
	for _, s := range chosen {
		start := time.Now()
		o := runStage(ctx, s, &runner{top: top, fuzzTime: fuzzTime})
		passed, failed = passed+o.passed, failed+o.failed
		verdict := "ok  "
		if o.failed > 0 {
			verdict = "FAIL"
			fmt.Printf("\n%s\n", bytes.TrimRight(o.output.Bytes(), "\n"))
		}
		fmt.Printf("%s  %-11s  %4d passed  %3d failed  %6.1fs\n", verdict, s.name, o.passed, o.failed, time.Since(start).Seconds())
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		return 1, nil
	}
	return 0, nil
}

// runStage runs one stage. One that checked nothing has failed.
func runStage(ctx context.Context, s stage, r *runner) *outcome {
	var cancel context.CancelFunc
	r.ctx, cancel = context.WithTimeout(ctx, stageTimeout)
	defer cancel()
	o := s.run(r)
	if o.passed+o.failed == 0 {
		o.failed++
		fmt.Fprintf(&o.output, "%s: nothing was checked\n", s.name)
	}
	return o
}

func choose(only string) ([]stage, error) {
	if only == "" {
		return stages, nil
	}
	var chosen []stage
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(stages, func(s stage) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no stage %q", name)
		}
		chosen = append(chosen, stages[i])
	}
	return chosen, nil
}

// binary is the program under test.
func (r *runner) binary() string { return filepath.Join(r.top, "bin", "nbseal") }

// command runs a program in a folder of the repository and returns all that it
// prints. Variables are NAME=value, added to the environment.
func (r *runner) command(dir string, variables []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(r.ctx, args[0], args[1:]...)
	cmd.Dir = filepath.Join(r.top, dir)
	cmd.Env = append(append(os.Environ(), "NBSEAL_BINARY="+r.binary()), variables...)
	// An interrupt first, so that tests can clean up; then no pipe that a
	// grandchild keeps open is waited for.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w", strings.Join(args, " "), errors.Join(err, context.Cause(r.ctx)))
	}
	return out, err
}
