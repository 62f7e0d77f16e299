package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/gitx"
)

// HistoryOptions say what of a repository's history is read. Without Revs and
// Tips it is everything that a ref reaches, stashes and HEAD among them.
type HistoryOptions struct {
	Options
	Git   gitx.Git
	Revs  []string  // as git takes them: "main..HEAD"; none may begin with "--"
	Tips  []gitx.ID // commits, beside Revs
	Not   []gitx.ID // what they reach is left out
	Only  bool      // Tips and Not say it all: no Tips means no commits
	Since time.Time // only commits whose committer's clock had this time or a later one; zero: all

	Reflog bool     // what only the reflogs name as well, older stashes among it
	Paths  []string // pathspecs, relative to where git runs; none: everything
	Fetch  bool     // get from its remote what a partial clone lacks
	// SkipLFS steps over pointers of git LFS whose content is not read otherwise.
	SkipLFS bool

	State        *State        // what an earlier run has read; nil: read everything
	Replacements *Replacements // collects what a rewriting has to replace; nil: not wanted
}

// History scans the versions that files had in the commits of a repository, each
// once however many commits hold it, and reports each credential once for each
// path it stood at: in the first commit whose file there has it, and with what
// this clone knows of where that got to. Paths are those of the repository, from
// its root. Events come by path, then by date of the commit, its id and position.
//
// A file that git stores is read as the file of its name on disk, a link as the
// text that it is, a pointer of git LFS as what it stands for. Submodules are
// stepped over and counted. What is not there or cannot be read is reported as
// unread, once for each path: in a shallow or a partial clone, too.
//
// Risks are not looked for. The error and the summary are as those of [Paths]:
// what was found before a cancellation is handed on. Git's errors before anything is read are returned.
// Memory is bounded by the number of commits, of versions and of what is found,
// and by the largest version times the number of workers.
func History(ctx context.Context, opt HistoryOptions, h Handler) (finding.Summary, error) {
	s := &history{opt: opt, detector: detect.New(), git: opt.Git.Reading(opt.Fetch), blobAt: map[gitx.ID]int32{}, pathAt: map[string]int32{}, unread: map[string]*lost{}}
	s.jobs = cmp.Or(max(opt.Jobs, 0), runtime.GOMAXPROCS(0))
	s.leaks.init()
	if err := s.list(ctx); err != nil {
		return finding.Summary{ByRule: map[string]int{}}, err
	}
	readErr := s.read(ctx)
	t := newTally(opt.Options, h)
	err := s.report(ctx, t)
	if err == nil {
		err = readErr
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	t.sum.Complete = err == nil && t.sum.Unread == 0
	if err == nil && opt.State != nil {
		s.keep(opt.State)
	}
	return t.sum, err
}

// history is one scan of it.
type history struct {
	opt  HistoryOptions
	git  gitx.Git
	repo gitx.Repo
	jobs int

	detector *detect.Detector

	refs    []gitx.Ref
	graph   *gitx.Graph
	commits []gitx.ID // those that are read, children first
	rank    []int32   // of each its index in graph
	changes []change  // by blob, path and commit
	blobs   []gitx.ID // each once
	blobAt  map[gitx.ID]int32
	paths   []string
	pathAt  map[string]int32
	kinds   []int32 // of each path: paths of one kind are read in the same way
	tasks   []task
	modules map[int32]bool // paths of submodules
	missing map[gitx.ID]bool
	partial bool // the listing is not whole: no state may be kept of it

	mu     sync.Mutex // guards what follows
	leaks  leaks
	unread map[string]*lost // by path
	sum    finding.Summary  // files, notebooks, bytes, skipped
}

// change is a version of a file and a commit that brought it in.
type change struct {
	blob, path int32
	commit     int32 // index in graph
	link       bool
}

// task is a blob to read, as the file at the path.
type task struct {
	blob, path int32
	link       bool
}

// lost is why versions of a file were not read.
type lost struct {
	reason string
	first  int32 // the commit that the reason is of, as an index in graph; -1: none
	n      int
}

// all says that everything is asked for, not a range of it.
func (o *HistoryOptions) all() bool { return len(o.Revs) == 0 && len(o.Tips) == 0 && !o.Only }

// list finds the commits and what they brought in.
func (s *history) list(ctx context.Context) (err error) {
	if s.repo, err = s.git.Repository(ctx); err != nil {
		return err
	}
	var broken []string
	if s.refs, broken, err = s.git.Refs(ctx); err != nil {
		return fmt.Errorf("listing refs: %w", err)
	}
	span := gitx.Range{Revs: s.opt.Revs, Tips: s.opt.Tips, Not: s.opt.Not, Reflog: s.opt.Reflog, All: s.opt.all()}
	if s.opt.all() {
		if s.checkRefs(broken); s.partial { // git would refuse to list any
			span.All = false
			for _, r := range s.refs {
				if !r.Commit.IsNull() {
					span.Tips = append(span.Tips, r.Commit)
				}
			}
		}
	}
	if s.graph, err = s.git.Graph(ctx, span); err != nil {
		if s.graph.Len() == 0 || ctx.Err() != nil {
			return fmt.Errorf("listing commits: %w", err)
		}
		s.lose(".", "not all commits could be listed: "+reason(err), -1)
		s.partial = true
	}
	s.choose()
	if err := s.checkShallow(); err != nil {
		return err
	}
	if err := s.checkMissing(ctx, span); err != nil {
		return err
	}
	if s.opt.Progress != nil {
		s.opt.Progress.Commits.Add(int64(len(s.commits)))
	}
	return s.listChanges(ctx)
}

// choose takes of the graph the commits that are to be read.
func (s *history) choose() {
	var known []bool
	if s.opt.State != nil {
		known = s.opt.State.known(s.graph)
	}
	for i := range s.graph.Len() {
		if known != nil && known[i] || !s.opt.Since.IsZero() && s.graph.Time(i).Before(s.opt.Since) {
			continue
		}
		s.commits, s.rank = append(s.commits, s.graph.ID(i)), append(s.rank, int32(i))
	}
}

// checkRefs reports the refs that name no commit.
func (s *history) checkRefs(broken []string) {
	for _, line := range broken {
		s.lose(".", "git cannot read a ref: "+line, -1)
		s.partial = true
	}
	for _, r := range s.refs {
		if r.Commit.IsNull() {
			s.lose(r.Name, "it names no commit, and what it names was not searched", -1)
		}
	}
}

// checkShallow reports that history ends too early.
func (s *history) checkShallow() error {
	ids, err := s.repo.Shallow()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if s.graph.Index(id) >= 0 && slices.Contains(s.commits, id) {
			s.lose(".", "this clone is shallow: what was before is not in it (git fetch --unshallow gets it)", -1)
			s.partial = true
			return nil
		}
	}
	return nil
}

// checkMissing learns what a partial clone lacks, and gets it if that is wanted.
func (s *history) checkMissing(ctx context.Context, span gitx.Range) error {
	promisors, err := s.git.Promisors(ctx)
	if err != nil || len(promisors) == 0 {
		return err
	}
	if s.missing, err = s.opt.Git.Reading(false).Missing(ctx, span); err != nil {
		return fmt.Errorf("listing what this partial clone lacks: %w", err)
	}
	if !s.opt.Fetch || len(s.missing) == 0 {
		return nil
	}
	ids := make([]gitx.ID, 0, len(s.missing))
	for id := range s.missing {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, gitx.ID.Compare)
	if err := s.git.Fetch(ctx, promisors[0], ids); err != nil {
		return fmt.Errorf("fetching what this partial clone lacks: %w", err)
	}
	// What is still not there is noticed when it is read.
	s.missing = nil
	return nil
}

// listChanges finds which versions of files the commits brought in, in several
// processes at a time, and what there is to read.
func (s *history) listChanges(ctx context.Context) error {
	const most = 2000 // commits for one process at a time
	n := max(1, (len(s.commits)+most-1)/most)
	type part struct {
		changes []change
		broken  []int
		err     error
	}
	parts := make([]chan part, n)
	for i := range parts {
		parts[i] = make(chan part, 1)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var next atomic.Int64
	var wg sync.WaitGroup
	var names sync.Mutex
	ahead := make(chan struct{}, 2*s.jobs)
	for range min(s.jobs, n) {
		wg.Go(func() {
			for {
				ahead <- struct{}{}
				i := int(next.Add(1)) - 1
				if i >= n {
					<-ahead
					return
				}
				var p part
				from := i * most
				commits := s.commits[from:min(from+most, len(s.commits))]
				p.broken, p.err = s.git.Changes(ctx, commits, s.opt.Paths, func(c gitx.Change) error {
					names.Lock()
					defer names.Unlock()
					if ch, ok := s.change(c, s.rank[from+c.Commit]); ok {
						p.changes = append(p.changes, ch)
					}
					return nil
				})
				for k := range p.broken {
					p.broken[k] += from
				}
				parts[i] <- p
			}
		})
	}
	var err error
	for _, out := range parts {
		p := <-out
		<-ahead
		if _, failed := errors.AsType[*gitx.Error](p.err); p.err != nil && len(p.broken) == 0 && err == nil {
			err = fmt.Errorf("listing files: %w", p.err)
			cancel()
		} else if failed || len(p.broken) > 0 {
			s.loseTrees(p.broken)
		}
		s.changes = append(s.changes, p.changes...)
	}
	wg.Wait()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	s.plan()
	return nil
}

// loseTrees reports commits whose files cannot be listed.
func (s *history) loseTrees(broken []int) {
	for _, i := range broken {
		s.lose(".", "the tree of a commit is damaged or not in this repository", s.rank[i])
		s.partial = true
	}
}

// change enters what git tells of one; it is not ok for submodules.
func (s *history) change(c gitx.Change, commit int32) (change, bool) {
	p, ok := s.pathAt[string(c.Path)]
	if !ok {
		p = s.addPath(string(c.Path))
	}
	if c.Mode == 0o160000 {
		if s.modules == nil {
			s.modules = map[int32]bool{}
		}
		s.modules[p] = true
		return change{}, false
	}
	return change{s.addBlob(c.Blob), p, commit, c.Mode == 0o120000}, true
}

func (s *history) addPath(name string) int32 {
	at := int32(len(s.paths))
	s.paths = append(s.paths, name)
	s.pathAt[name] = at
	return at
}

func (s *history) addBlob(id gitx.ID) int32 {
	at, ok := s.blobAt[id]
	if !ok {
		at = int32(len(s.blobs))
		s.blobs = append(s.blobs, id)
		s.blobAt[id] = at
	}
	return at
}

// plan decides what is read and as what: each blob once for each kind of name it
// has, in the order of commits, newest first, in which git packs them: it then
// finds most of what they are deltas of in its cache.
func (s *history) plan() {
	if s.opt.State != nil {
		s.opt.State.recall(s)
	}
	kinds := map[string]int32{}
	for _, p := range s.paths {
		kind := strings.ToLower(path.Ext(p))
		if s.opt.Rules != nil { // which may go by the whole path
			kind = p
		}
		at, ok := kinds[kind]
		if !ok {
			at = int32(len(kinds))
			kinds[kind] = at
		}
		s.kinds = append(s.kinds, at)
	}
	// The numbers of paths and blobs depend on which process was faster; the order
	// of what follows does not.
	slices.SortFunc(s.changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.commit, b.commit), strings.Compare(s.paths[a.path], s.paths[b.path]), s.blobs[a.blob].Compare(s.blobs[b.blob]))
	})
	type reading struct {
		blob, kind int32
		link       bool
	}
	seen := make(map[reading]struct{}, len(s.blobs))
	for _, c := range s.changes {
		r := reading{c.blob, s.kinds[c.path], c.link}
		if _, ok := seen[r]; !ok {
			seen[r] = struct{}{}
			s.tasks = append(s.tasks, task{c.blob, c.path, c.link})
		}
	}
	slices.SortFunc(s.changes, compareChanges)
	s.changes = slices.Compact(s.changes)
	if s.opt.Progress != nil {
		s.opt.Progress.TotalFiles.Add(int64(len(s.tasks)))
	}
}

func compareChanges(a, b change) int {
	return cmp.Or(cmp.Compare(a.blob, b.blob), cmp.Compare(a.path, b.path), cmp.Compare(a.commit, b.commit))
}

// at are the changes that brought a blob in.
func (s *history) at(blob int32) []change {
	from, _ := slices.BinarySearchFunc(s.changes, blob, func(c change, b int32) int { return cmp.Compare(c.blob, b) })
	to, _ := slices.BinarySearchFunc(s.changes, blob+1, func(c change, b int32) int { return cmp.Compare(c.blob, b) })
	return s.changes[from:to]
}

// read reads all tasks, each worker with a git of its own.
func (s *history) read(ctx context.Context) error {
	// Tasks for a worker at a time: many, since each has a git of its own, with a
	// cache of its own, and neighbours are deltas of one another.
	batch := max(64, min(2000, len(s.tasks)/(8*s.jobs)))
	lfs := newLFSStore(ctx, s.git, s.repo, s.opt.SkipLFS)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var next atomic.Int64
	if s.opt.Progress != nil {
		wg.Go(func() { s.measure(ctx) })
	}
	for range min(s.jobs, max(1, len(s.tasks)/batch+1)) {
		wg.Go(func() {
			o := objects{reader: newReader(s.detector, s.opt.Options), git: s.git.Blobs(ctx), lfs: lfs}
			defer o.git.Close()
			o.risks, o.seen = false, newSeen()
			for {
				from := int(next.Add(1)-1) * batch
				if from >= len(s.tasks) {
					return
				}
				if err := s.readBatch(&o, s.tasks[from:min(from+batch, len(s.tasks))]); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

func (s *history) readBatch(o *objects, tasks []task) error {
	var ids []gitx.ID
	for _, t := range tasks {
		if s.missing[s.blobs[t.blob]] {
			s.add(t, result{unread: []finding.Unread{{Path: s.paths[t.path], Reason: "this clone is partial and lacks its content (--fetch gets it)"}}}, nil)
			continue
		}
		ids = append(ids, s.blobs[t.blob])
	}
	if err := o.git.Ask(ids...); err != nil {
		return err
	}
	for _, t := range tasks {
		if s.missing[s.blobs[t.blob]] {
			continue
		}
		res, src, err := o.next(s.paths[t.path], t.link)
		if err != nil {
			return err
		}
		s.add(t, res, src)
	}
	return nil
}

// measure adds up how much there is to read, for whoever shows progress.
func (s *history) measure(ctx context.Context) {
	ids := make([]gitx.ID, 0, len(s.tasks))
	for _, t := range s.tasks {
		if !s.missing[s.blobs[t.blob]] {
			ids = append(ids, s.blobs[t.blob])
		}
	}
	var total int64
	err := s.git.Sizes(ctx, ids, func(size int64) { total += max(size, 0) })
	if err == nil {
		s.opt.Progress.TotalBytes.Store(total)
	}
}

// lose reports something as unread, once for each path, with the reason of the
// earliest commit.
func (s *history) lose(path, why string, commit int32) {
	l := s.unread[path]
	switch {
	case l == nil:
		s.unread[path] = &lost{why, commit, 1}
		return
	case commit < 0 || l.first < 0:
		if !strings.Contains(l.reason, why) {
			l.reason += "; " + why
		}
		return
	case commit > l.first || commit == l.first && why < l.reason:
		l.reason, l.first = why, commit
	}
	l.n++
}
