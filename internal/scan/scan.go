// Package scan turns files, directories, standard input, and the index and the
// history of a git repository into findings.
//
// It promises that whatever it was asked to read is either read whole or
// reported as unread, and that events come in one order, by path and then by
// position, however many workers there are. A notebook that does not parse is
// scanned for what text it holds and reported as unread all the same. Version
// control folders, package folders and virtual environments below a directory
// are stepped over and counted, as are binary files.
//
// Memory is bounded by the largest file times the number of workers, and by the
// findings of some dozens of files for each of them.
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
	"github.com/nbseal/nbseal/internal/ruleset"
)

// Handler receives the events of a scan, in order and never two at a time. Its
// errors stop the scan.
type Handler interface {
	Finding(f finding.Finding, fingerprint string) error
	Risk(r finding.Risk) error // at its place among the findings
	Unread(u finding.Unread) error
}

// Options say how to scan. The zero Options read files with one worker for each
// processor.
type Options struct {
	Jobs     int       // number of workers; 0: one for each processor
	Stdin    io.Reader // what the path "-" stands for
	Progress *Progress // nil: not wanted
	Excerpts bool      // findings bring the lines around them, masked

	// Rules are the user's own, beside or instead of the built-in ones.
	Rules *ruleset.Set

	// Risks has code looked for that will leak when it runs, in notebooks with a
	// Python kernel. It reads sources at some 8 MB/s.
	Risks bool

	// Known says of a finding that it was accepted before, as package baseline
	// does; nil: none was. It is called for each finding that nothing else
	// silences, in order and never two at a time.
	Known func(finding.Finding) bool
}

// Progress tells how far a scan is. It may be read at any time.
type Progress struct {
	Files atomic.Int64
	Bytes atomic.Int64

	// How many there will be, 0 as long as that is not known; of files alone, both
	// remain 0.
	TotalFiles atomic.Int64
	TotalBytes atomic.Int64
	Commits    atomic.Int64 // that were listed, of a scan of history
}

// Paths scans the given paths, in order of the paths. The summary holds what
// was done even when the error is not nil: the context's when it was cancelled,
// or the handler's.
func Paths(ctx context.Context, paths []string, opt Options, h Handler) (finding.Summary, error) {
	jobs := opt.Jobs
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	t := newTally(opt, h)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	// Each job has a channel for its results; the queue of those channels keeps the
	// order, and its length bounds how far workers run ahead.
	queue := make(chan chan []result, 4*jobs)
	work := make(chan job)
	var wg sync.WaitGroup
	detector := detect.New()
	wg.Go(func() {
		defer close(queue)
		defer close(work)
		hand := func(targets []target) bool {
			j := job{targets, make(chan []result, 1)}
			select {
			case queue <- j.out:
			case <-ctx.Done():
				return false
			}
			select {
			case work <- j:
				return true
			case <-ctx.Done():
				j.out <- nil
				return false
			}
		}
		var targets []target
		handed := 0
		walk(ctx, paths, func(t target) bool {
			if targets = append(targets, t); len(targets) < jobSize(handed) {
				return true
			}
			more := hand(targets)
			handed, targets = handed+len(targets), nil
			return more
		})
		hand(targets)
	})
	for range jobs {
		wg.Go(func() {
			r := newReader(detector, opt)
			if opt.Rules == nil && !opt.Risks { // these look at more than the detector does
				r.scratch.Dull = detector.Dull
			}
			for j := range work {
				var list []result
				for _, t := range j.targets {
					if ctx.Err() != nil {
						break
					}
					list = append(list, r.read(t))
				}
				j.out <- list
			}
		})
	}

	lists, unread := ReadLists(paths...)
	t.lists = lists
	if err := t.add(result{unread: unread}); err != nil {
		cancel(err)
	}
	for out := range queue {
		for _, r := range <-out {
			if err := t.add(r); err != nil {
				cancel(err)
			}
		}
	}
	s := t.sum
	wg.Wait()
	err := context.Cause(ctx)
	s.Complete = err == nil && s.Unread == 0
	return s, err
}

// job is the files that a worker takes at a time.
type job struct {
	targets []target
	out     chan []result // by target
}

// jobSize is how many files the next job has, after so many that were handed out.
// Waking a worker and the reader of its results takes as long as a small file;
// but of few files, which may be large, each worker is to have some.
func jobSize(handed int) int { return min(1+handed/64, 8) }

// result is what one target gave.
type result struct {
	findings []found // by location, as risks are
	risks    []foundRisk
	unread   []finding.Unread
	bytes    int64
	read     bool // as a file that counts
	notebook bool
	salvaged bool // what text a damaged notebook holds was read
	skipped  int
}

// foundRisk is a risk and whether a comment on its lines says to leave it alone.
type foundRisk struct {
	finding.Risk
	ignored bool
}

// found is a finding and whether a comment beside it says to leave it alone.
type found struct {
	finding.Finding
	ignored bool
}

// tally sums up results and hands their events on.
type tally struct {
	sum     finding.Summary
	lists   Lists
	known   func(finding.Finding) bool
	handler Handler
}

func newTally(opt Options, h Handler) *tally {
	return &tally{known: opt.Known, handler: h, sum: finding.Summary{ByRule: map[string]int{}}}
}

func (t *tally) add(r result) error {
	t.sum.Bytes += r.bytes
	t.sum.Skipped += r.skipped
	if r.read {
		t.sum.Files++
	}
	if r.notebook {
		t.sum.Notebooks++
	}
	seen := map[string]int{}
	risks := r.risks
	for _, f := range r.findings {
		n := 0
		for n < len(risks) && risks[n].Location.Compare(f.Location) < 0 {
			n++
		}
		if err := t.addRisks(risks[:n]); err != nil {
			return err
		}
		risks = risks[n:]
		// Silent ones count too: the others' fingerprints must not change with them.
		first := f.Fingerprint(0)
		nth := seen[first]
		seen[first]++
		if f.ignored || t.isSilent(f.Finding) {
			t.sum.Suppressed++
			continue
		}
		t.sum.Findings++
		t.sum.ByRule[f.Rule]++
		if err := t.handler.Finding(f.Finding, f.Fingerprint(nth)); err != nil {
			return err
		}
	}
	if err := t.addRisks(risks); err != nil {
		return err
	}
	for _, u := range r.unread {
		t.sum.Unread++
		if err := t.handler.Unread(u); err != nil {
			return err
		}
	}
	return nil
}

func (t *tally) addRisks(list []foundRisk) error {
	for _, r := range list {
		if r.ignored {
			t.sum.Suppressed++
			continue
		}
		t.sum.Risks++
		if err := t.handler.Risk(r.Risk); err != nil {
			return err
		}
	}
	return nil
}

// isSilent reports whether a list names the finding.
func (t *tally) isSilent(f finding.Finding) bool {
	return t.lists.Has(f) || t.known != nil && t.known(f)
}

// sortFindings orders by position and drops what is reported twice at a place.
func sortFindings(list []found) []found {
	slices.SortStableFunc(list, func(a, b found) int { return a.Location.Compare(b.Location) })
	return slices.CompactFunc(list, func(a, b found) bool {
		return a.Rule == b.Rule && a.Location.Compare(b.Location) == 0 && samePlace(a.Location.Place, b.Location.Place)
	})
}

func samePlace(a, b *finding.Place) bool {
	return a == b || a != nil && b != nil && *a == *b
}
