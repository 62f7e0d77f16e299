package scan

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/gitx"
)

// leaks are the credentials that were found, each once for each path.
type leaks struct {
	byKey map[leakKey]*leak
	held  map[int32]bool // the blobs with any, and those that were not read
}

type leakKey struct {
	credential [32]byte // a hash of rule and value
	path       int32
}

// leak is a credential at a path.
type leak struct {
	finding finding.Finding // in the first commit
	commit  int32           // that one, as an index in the graph
	path    int32
	value   [32]byte // a hash of it
	blobs   []int32  // the versions that hold it
	ignored bool     // a comment says so in all of them
}

func (l *leaks) init() { l.byKey, l.held = map[leakKey]*leak{}, map[int32]bool{} }

// add takes in what reading a task gave. Which of several workers comes first
// does not matter.
func (s *history) add(t task, res result, src []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum.Bytes += res.bytes
	s.sum.Skipped += res.skipped
	if res.read {
		s.sum.Files++
	}
	if res.notebook {
		s.sum.Notebooks++
	}
	if len(res.unread) == 0 && len(res.findings) == 0 {
		return
	}
	s.leaks.held[t.blob] = true
	list := s.at(t.blob)
	for i, c := range list {
		if i+1 < len(list) && list[i+1].path == c.path {
			continue // commits are in order: the last one at a path is the earliest
		}
		if c.link != t.link || s.kinds[c.path] != s.kinds[t.path] {
			continue
		}
		for _, u := range res.unread {
			s.lose(s.paths[c.path], u.Reason, c.commit)
		}
		for _, f := range res.findings {
			s.leaks.add(f, c, s.paths[c.path])
		}
	}
	if s.opt.Replacements != nil {
		s.opt.Replacements.add(res.findings, src)
	}
}

// add takes in a finding in what a change brought in.
func (l *leaks) add(f found, c change, path string) {
	f.Location.Path = path
	value := f.Secret.Reveal()
	h := sha256.New()
	fmt.Fprintf(h, "%q %q", f.Rule, f.Secret.Reveal())
	key := leakKey{path: c.path}
	h.Sum(key.credential[:0])
	k := l.byKey[key]
	if k == nil {
		k = &leak{finding: f.Finding, commit: c.commit, path: c.path, value: sha256.Sum256(value), ignored: true}
		l.byKey[key] = k
	}
	if !slices.Contains(k.blobs[max(0, len(k.blobs)-1):], c.blob) {
		k.blobs = append(k.blobs, c.blob)
	}
	// An occurrence that nobody excuses goes before one that a comment does.
	better := cmp.Or(boolOrder(k.ignored, f.ignored), cmp.Compare(c.commit, k.commit), k.finding.Location.Compare(f.Location))
	if k.ignored = k.ignored && f.ignored; better > 0 {
		k.finding, k.commit = f.Finding, c.commit
	}
}

// boolOrder is 1 if only a is set, -1 if only b is.
func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// report hands on what was found, in order. A scan that was interrupted has some
// seconds to say where its findings got to.
func (s *history) report(ctx context.Context, t *tally) error {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
	}
	list := make([]*leak, 0, len(s.leaks.byKey))
	for _, k := range s.leaks.byKey {
		slices.Sort(k.blobs)
		k.blobs = slices.Compact(k.blobs)
		list = append(list, k)
	}
	if len(list) > 0 {
		if err := s.explain(ctx, list); err != nil {
			s.lose(".", "where the credentials came from could not be found out: "+reason(err), -1)
		}
	}
	slices.SortFunc(list, func(a, b *leak) int {
		return cmp.Or(comparePaths(s.paths[a.path], s.paths[b.path]), a.finding.Commit.Compare(b.finding.Commit),
			a.finding.Location.Compare(b.finding.Location), strings.Compare(a.finding.Rule, b.finding.Rule))
	})
	t.sum.Files, t.sum.Notebooks, t.sum.Bytes = s.sum.Files, s.sum.Notebooks, s.sum.Bytes
	t.sum.Skipped, t.sum.Commits = s.sum.Skipped+len(s.modules), len(s.commits)
	var unread []finding.Unread
	t.lists, unread = rootLists(s.repo.Top)
	for _, u := range unread {
		s.lose(u.Path, u.Reason, -1)
	}
	return s.emit(t, list)
}

// emit hands events on path by path.
func (s *history) emit(t *tally, list []*leak) error {
	byPath := map[string]*result{}
	var paths []string
	of := func(path string) *result {
		if byPath[path] == nil {
			byPath[path] = new(result)
			paths = append(paths, path)
		}
		return byPath[path]
	}
	for _, k := range list {
		r := of(s.paths[k.path])
		r.findings = append(r.findings, found{k.finding, k.ignored})
	}
	for path, l := range s.unread {
		r := of(path)
		r.unread = append(r.unread, finding.Unread{Path: path, Reason: s.reason(l)})
	}
	slices.SortFunc(paths, comparePaths)
	for _, path := range paths {
		if err := t.add(*byPath[path]); err != nil {
			return err
		}
	}
	return nil
}

// reason says why versions of a file were not read.
func (s *history) reason(l *lost) string {
	if l.first < 0 {
		return l.reason
	}
	at := "commit " + s.graph.ID(int(l.first)).Short()
	if l.n > 1 {
		at += fmt.Sprintf(" and %d more", l.n-1)
	}
	return l.reason + " (" + at + ")"
}

// explain finds out for each leak who brought it in and where it got to.
func (s *history) explain(ctx context.Context, list []*leak) error {
	var ids []gitx.ID
	at := map[int32]int{}
	for _, k := range list {
		if _, ok := at[k.commit]; !ok {
			at[k.commit] = len(ids)
			ids = append(ids, s.graph.ID(int(k.commit)))
		}
	}
	commits, err := s.git.Describe(ctx, ids)
	if err != nil {
		commits = make([]gitx.Commit, len(ids))
	}
	for _, k := range list {
		c := commits[at[k.commit]]
		k.finding.Commit = &finding.Commit{
			ID: ids[at[k.commit]].String(), Author: c.Author, Email: c.Email, Date: c.Date, Subject: c.Subject,
			Versions: len(k.blobs), Blob: s.blobs[s.firstBlob(k)].String(),
		}
	}
	if err != nil {
		return err
	}
	if err := s.explainHead(ctx, list); err != nil {
		return err
	}
	return s.explainRefs(ctx, list)
}

// firstBlob is the one that the leak's commit brought in at its path.
func (s *history) firstBlob(k *leak) int32 {
	for _, b := range k.blobs {
		for _, c := range s.at(b) {
			if c.path == k.path && c.commit == k.commit {
				return b
			}
		}
	}
	return k.blobs[0]
}

// explainHead looks for the leaks in HEAD. What stands there at their paths and
// was not read, being older than what was asked for, is read now.
func (s *history) explainHead(ctx context.Context, list []*leak) error {
	i := slices.IndexFunc(s.refs, func(r gitx.Ref) bool { return r.Name == "HEAD" })
	if i < 0 {
		return nil
	}
	paths, inHead := map[string]bool{}, map[int32]bool{}
	for _, k := range list {
		paths[s.paths[k.path]] = true
	}
	o := objects{reader: newReader(s.detector, s.opt.Options), git: s.git.Blobs(ctx), lfs: newLFSStore(ctx, s.git, s.repo, s.opt.SkipLFS)}
	defer o.git.Close()
	o.progress, o.risks = nil, false
	values := map[[32]byte]bool{}
	err := s.git.Tree(ctx, s.refs[i].Commit, func(c gitx.Change) error {
		if b, ok := s.blobAt[c.Blob]; ok {
			inHead[b] = true
			return nil
		}
		if !paths[string(c.Path)] || c.Mode == 0o160000 || s.missing[c.Blob] {
			return nil
		}
		if err := o.git.Ask(c.Blob); err != nil {
			return err
		}
		res, _, err := o.next(string(c.Path), c.Mode == 0o120000)
		for _, f := range res.findings {
			values[sha256.Sum256(f.Secret.Reveal())] = true
		}
		return err
	})
	for _, k := range list {
		if slices.ContainsFunc(k.blobs, func(b int32) bool { return inHead[b] }) {
			values[k.value] = true
		}
	}
	for _, k := range list {
		k.finding.Commit.InHead = values[k.value]
	}
	return err
}

// explainRefs finds out which refs reach the leaks.
func (s *history) explainRefs(ctx context.Context, list []*leak) error {
	graph := s.graph
	if !s.opt.all() {
		span := gitx.Range{All: true}
		for _, k := range list {
			span.Tips = append(span.Tips, s.graph.ID(int(k.commit)))
		}
		var err error
		if graph, err = s.git.Graph(ctx, span); err != nil {
			return err
		}
	}
	groups := make([][]int, len(list))
	for i, k := range list {
		for _, b := range k.blobs {
			for _, c := range s.at(b) {
				if at := graph.Index(s.graph.ID(int(c.commit))); c.path == k.path && at >= 0 {
					groups[i] = append(groups[i], at)
				}
			}
		}
	}
	var refs []gitx.Ref
	var tips []gitx.ID
	for _, r := range s.refs {
		isBranch := func(b gitx.Ref) bool { return b.Commit == r.Commit && strings.HasPrefix(b.Name, "refs/heads/") }
		if !r.Commit.IsNull() && (r.Name != "HEAD" || !slices.ContainsFunc(s.refs, isBranch)) {
			refs, tips = append(refs, r), append(tips, r.Commit)
		}
	}
	graph.Reaching(tips, groups, func(tip, group int) { addRef(list[group].finding.Commit, refs[tip].Name) })
	return nil
}

// addRef enters a ref that reaches the commit.
func addRef(c *finding.Commit, name string) {
	c.Refs++
	to, short := &c.Others, name
	for _, kind := range []struct {
		prefix string
		list   *[]string
	}{{"refs/heads/", &c.Branches}, {"refs/remotes/", &c.Remotes}, {"refs/tags/", &c.Tags}} {
		if rest, ok := strings.CutPrefix(name, kind.prefix); ok {
			to, short = kind.list, rest
		}
	}
	c.Pushed = c.Pushed || to == &c.Remotes
	if len(*to) < finding.MaxRefs {
		*to = append(*to, short)
	}
}
