// Package scan turns files, directories and standard input into findings.
//
// It promises that whatever it was asked to read is either read whole or
// reported as unread, and that events come in one order, by path and then by
// position, however many workers there are. A notebook that does not parse is
// scanned for what text it holds and reported as unread all the same. Version
// control folders, package folders and virtual environments below a directory
// are stepped over and counted, as are binary files.
//
// Memory is bounded by the largest file times the number of workers, and by the
// findings of a few files.
package scan

import (
	"context"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
)

// Handler receives the events of a scan, in order and never two at a time. Its
// errors stop the scan.
type Handler interface {
	Finding(f finding.Finding, fingerprint string) error
	Unread(u finding.Unread) error
}

// Options say how to scan. The zero Options read files with one worker for each
// processor.
type Options struct {
	Jobs     int       // number of workers; 0: one for each processor
	Stdin    io.Reader // what the path "-" stands for
	Progress *Progress // nil: not wanted
}

// Progress tells how far a scan is. It may be read at any time.
type Progress struct {
	Files atomic.Int64
	Bytes atomic.Int64
}

// Paths scans the given paths, in order of the paths. The summary holds what
// was done even when the error is not nil: the context's when it was cancelled,
// or the handler's.
func Paths(ctx context.Context, paths []string, opt Options, h Handler) (finding.Summary, error) {
	jobs := opt.Jobs
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	// Each job has a channel for its one result; the queue of those channels
	// keeps the order, and its length bounds how far workers run ahead.
	queue := make(chan chan result, 4*jobs)
	work := make(chan job)
	var wg sync.WaitGroup
	detector := detect.New()
	wg.Go(func() {
		defer close(queue)
		defer close(work)
		walk(ctx, paths, func(t target) bool {
			j := job{t, make(chan result, 1)}
			select {
			case queue <- j.out:
			case <-ctx.Done():
				return false
			}
			select {
			case work <- j:
				return true
			case <-ctx.Done():
				j.out <- result{}
				return false
			}
		})
	})
	for range jobs {
		wg.Go(func() {
			r := reader{detector: detector, stdin: opt.Stdin, progress: opt.Progress}
			for j := range work {
				j.out <- r.read(j.target)
			}
		})
	}

	s := finding.Summary{ByRule: map[string]int{}}
	for out := range queue {
		if err := tally(&s, <-out, h); err != nil {
			cancel(err)
		}
	}
	wg.Wait()
	err := context.Cause(ctx)
	s.Complete = err == nil && s.Unread == 0
	return s, err
}

type job struct {
	target target
	out    chan result
}

// result is what one target gave.
type result struct {
	findings []finding.Finding
	unread   []finding.Unread
	bytes    int64
	read     bool // as a file that counts
	notebook bool
	skipped  int
}

// tally adds a result to the summary and hands its events on.
func tally(s *finding.Summary, r result, h Handler) error {
	s.Bytes += r.bytes
	s.Skipped += r.skipped
	if r.read {
		s.Files++
	}
	if r.notebook {
		s.Notebooks++
	}
	seen := map[string]int{}
	for _, f := range r.findings {
		s.Findings++
		s.ByRule[f.Rule]++
		first := f.Fingerprint(0)
		nth := seen[first]
		seen[first]++
		if err := h.Finding(f, f.Fingerprint(nth)); err != nil {
			return err
		}
	}
	for _, u := range r.unread {
		s.Unread++
		if err := h.Unread(u); err != nil {
			return err
		}
	}
	return nil
}

// sortFindings orders by position and drops what is reported twice at a place.
func sortFindings(list []finding.Finding) []finding.Finding {
	slices.SortStableFunc(list, func(a, b finding.Finding) int { return a.Location.Compare(b.Location) })
	return slices.CompactFunc(list, func(a, b finding.Finding) bool {
		return a.Rule == b.Rule && a.Location.Compare(b.Location) == 0 && samePlace(a.Location.Place, b.Location.Place)
	})
}

func samePlace(a, b *finding.Place) bool {
	return a == b || a != nil && b != nil && *a == *b
}
