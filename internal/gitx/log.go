package gitx

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Range says which commits are meant: what Revs, Tips, All and Reflog reach,
// less what Revs and Not exclude. The zero Range means no commits.
type Range struct {
	Revs   []string // as people write them, "main..HEAD"
	Tips   []ID
	Not    []ID
	All    bool // all refs, stashes and HEAD
	Reflog bool // what the reflogs name as well
}

// args are what git rev-list is told of the range, beside what tell writes.
func (r Range) args() (list []string) {
	if r.All {
		list = append(list, "--all")
	}
	if r.Reflog {
		list = append(list, "--reflog")
	}
	list = append(list, "--stdin")
	if len(r.Revs) > 0 {
		list = append(append(append(list, "--end-of-options"), r.Revs...), "--")
	}
	return list
}

func (r Range) tell(w io.Writer) error {
	if err := tellIDs(r.Tips)(w); err != nil {
		return err
	}
	for _, id := range r.Not {
		if _, err := io.WriteString(w, "^"+id.String()+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// Graph is a set of commits, children before their parents and otherwise the
// newest first. It does not change and is safe for concurrent use.
type Graph struct {
	ids     []ID
	times   []int64 // of the committer, in seconds since 1970
	parents []int32 // of all commits, one after the other; only those in the set
	first   []int32 // where each commit's parents begin
	index   map[ID]int32
}

// Graph lists the commits of a range. When git dies of a damaged commit, the
// graph holds what it listed until then, beside the error.
func (g Git) Graph(ctx context.Context, r Range) (*Graph, error) {
	args := append([]string{"rev-list", "--parents", "--timestamp"}, r.args()...)
	list := &Graph{index: map[ID]int32{}}
	var parents []ID
	err := g.converse(ctx, args, r.tell, '\n', func(line []byte) error {
		words := bytes.Fields(line)
		if len(words) < 2 {
			return errors.New("git rev-list: a line without a commit")
		}
		when, err := strconv.ParseInt(string(words[0]), 10, 64)
		if err != nil {
			return errors.New("git rev-list: a line without a time")
		}
		list.times, list.first = append(list.times, when), append(list.first, int32(len(parents)))
		for i, word := range words[1:] {
			id, ok := parseID(word)
			switch {
			case !ok:
				return errors.New("git rev-list: a line without a commit")
			case i == 0:
				list.index[id] = int32(len(list.ids))
				list.ids = append(list.ids, id)
			default:
				parents = append(parents, id)
			}
		}
		return nil
	})
	list.resolve(parents)
	return list.sorted(), err
}

// sorted is the graph with children before parents. Of commits that may come
// next the newest does, and of those of one second the one with the lesser id,
// so that the order depends on nothing but the commits.
func (g *Graph) sorted() *Graph {
	children := make([]int32, len(g.ids))
	for _, p := range g.parents {
		children[p]++
	}
	ready := commitHeap{graph: g}
	for i, n := range children {
		if n == 0 {
			ready.list = append(ready.list, int32(i))
		}
	}
	heap.Init(&ready)
	order, rank := make([]int32, 0, len(g.ids)), make([]int32, len(g.ids))
	for ready.Len() > 0 {
		i := heap.Pop(&ready).(int32)
		rank[i] = int32(len(order))
		order = append(order, i)
		for _, p := range g.parents[g.first[i]:g.first[i+1]] {
			if children[p]--; children[p] == 0 {
				heap.Push(&ready, p)
			}
		}
	}
	out := &Graph{index: g.index, first: []int32{0}}
	for _, i := range order {
		out.ids, out.times = append(out.ids, g.ids[i]), append(out.times, g.times[i])
		for _, p := range g.parents[g.first[i]:g.first[i+1]] {
			out.parents = append(out.parents, rank[p])
		}
		out.first = append(out.first, int32(len(out.parents)))
		out.index[g.ids[i]] = int32(len(out.ids) - 1)
	}
	return out
}

// commitHeap has the next commit of an order on top.
type commitHeap struct {
	graph *Graph
	list  []int32
}

func (h *commitHeap) Len() int      { return len(h.list) }
func (h *commitHeap) Swap(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] }
func (h *commitHeap) Push(x any)    { h.list = append(h.list, x.(int32)) }
func (h *commitHeap) Less(i, j int) bool {
	a, b := h.list[i], h.list[j]
	if c := cmp.Compare(h.graph.times[a], h.graph.times[b]); c != 0 {
		return c > 0
	}
	return h.graph.ids[a].Compare(h.graph.ids[b]) < 0
}

func (h *commitHeap) Pop() any {
	last := h.list[len(h.list)-1]
	h.list = h.list[:len(h.list)-1]
	return last
}

// resolve turns the parents' ids into indices and drops those that are not in
// the set.
func (g *Graph) resolve(parents []ID) {
	g.parents = make([]int32, 0, len(parents))
	for i := range g.first {
		end := len(parents)
		if i+1 < len(g.first) {
			end = int(g.first[i+1])
		}
		start := g.first[i]
		g.first[i] = int32(len(g.parents))
		for _, id := range parents[start:end] {
			if at, ok := g.index[id]; ok {
				g.parents = append(g.parents, at)
			}
		}
	}
	g.first = append(g.first, int32(len(g.parents)))
}

// Len is the number of commits.
func (g *Graph) Len() int { return len(g.ids) }

// ID is that of the commit at the index, from 0.
func (g *Graph) ID(i int) ID { return g.ids[i] }

// Time is when the commit at the index was made, as its committer's clock had it.
func (g *Graph) Time(i int) time.Time { return time.Unix(g.times[i], 0) }

// Index is the commit's index, -1 if it is not in the set.
func (g *Graph) Index(id ID) int {
	if i, ok := g.index[id]; ok {
		return int(i)
	}
	return -1
}

// Heads are the commits that are no commit's parent.
func (g *Graph) Heads() (list []ID) {
	isParent := make([]bool, len(g.ids))
	for _, p := range g.parents {
		isParent[p] = true
	}
	for i, id := range g.ids {
		if !isParent[i] {
			list = append(list, id)
		}
	}
	return list
}

// Reachable tells of each commit whether it is one of the tips or an ancestor of
// one. Tips that are not in the set reach nothing.
func (g *Graph) Reachable(tips []ID) []bool {
	from := make([]bool, len(g.ids))
	for _, id := range tips {
		if i, ok := g.index[id]; ok {
			from[i] = true
		}
	}
	for i := range g.ids { // children come first
		if from[i] {
			for _, p := range g.parents[g.first[i]:g.first[i+1]] {
				from[p] = true
			}
		}
	}
	return from
}

// Reaching calls each for the pairs of a tip and a group of commits, by their
// indices, in which the tip reaches a commit of the group, by tip and by group.
// It goes over the set once for 64 tips.
func (g *Graph) Reaching(tips []ID, groups [][]int, each func(tip, group int)) {
	mask := make([]uint64, len(g.ids))
	sums := make([]uint64, len(groups))
	for base := 0; base < len(tips); base += 64 {
		clear(mask)
		part := tips[base:min(base+64, len(tips))]
		for n, id := range part {
			if i, ok := g.index[id]; ok {
				mask[i] |= 1 << n
			}
		}
		for i := range mask { // children come first
			if m := mask[i]; m != 0 {
				for _, p := range g.parents[g.first[i]:g.first[i+1]] {
					mask[p] |= m
				}
			}
		}
		for i, commits := range groups {
			sums[i] = 0
			for _, c := range commits {
				sums[i] |= mask[c]
			}
		}
		for n := range part {
			for i, sum := range sums {
				if sum&(1<<n) != 0 {
					each(base+n, i)
				}
			}
		}
	}
}

// Change is a file that a commit brought in: a commit's tree has it at the path,
// and none of its parents' trees has the same there.
type Change struct {
	Commit int // index in the list of commits
	Blob   ID
	Path   []byte // as git has it; valid until each returns
	Mode   uint32 // 0o100644, 0o120000 for a link, 0o160000 for a submodule
}

// maxBroken is how many commits may be unreadable before Changes gives up.
const maxBroken = 100

// Changes calls each for what the commits brought in, commit by commit in the
// order of the list, within the paths if any are given, which are pathspecs
// relative to where git runs. Renamed files are new ones. It returns the indices
// of the commits whose trees cannot be read, each of which costs a new process;
// after 100 of them the rest counts as unreadable, and the error says so.
func (g Git) Changes(ctx context.Context, commits []ID, paths []string, each func(Change) error) (broken []int, err error) {
	args := []string{"diff-tree", "--stdin", "-r", "-c", "--root", "-z", "--raw", "--no-renames", "--no-abbrev", "--always", "--end-of-options"}
	if len(paths) > 0 {
		args = append(append(args, "--"), paths...)
	}
	for from := 0; from < len(commits); {
		d := diffReader{commits: commits, next: from, each: each}
		err := g.converse(ctx, args, tellIDs(commits[from:]), 0, d.part)
		_, failed := errors.AsType[*Error](err)
		switch {
		case err != nil && !failed:
			return broken, err
		case err == nil && d.next == len(commits):
			return broken, nil
		case d.next == len(commits):
			return append(broken, d.next-1), nil
		}
		// It died of the commit that it has named last, or of the one behind that if
		// it dies before it names it.
		if d.next == from || !d.open {
			d.next++
		}
		broken = append(broken, d.next-1)
		if from = d.next; len(broken) >= maxBroken {
			for i := from; i < len(commits); i++ {
				broken = append(broken, i)
			}
			return broken, fmt.Errorf("the trees of more than %d commits cannot be read", maxBroken)
		}
	}
	return broken, nil
}

// diffReader reads what git diff-tree -z writes:
// https://git-scm.com/docs/git-diff-tree#_raw_output_format.
type diffReader struct {
	commits []ID
	next    int  // index of the commit to come
	open    bool // the commit before that has not been followed by another
	change  Change
	isPath  bool // a path follows
	each    func(Change) error
}

var errDiff = errors.New("git diff-tree: an answer of another form")

func (d *diffReader) part(text []byte) error {
	switch {
	case d.isPath:
		d.isPath = false
		if d.change.Mode == 0 { // it was deleted
			return nil
		}
		d.change.Path = text
		return d.each(d.change)
	case len(text) > 0 && text[0] == ':':
		d.isPath = true
		return d.head(text)
	}
	id, ok := parseID(text)
	if !ok || d.next >= len(d.commits) || id != d.commits[d.next] {
		return errDiff
	}
	d.change.Commit, d.open = d.next, true
	d.next++
	return nil
}

// head reads ":MODE… ID… STATUS" with a colon and a mode and an id for each
// parent.
func (d *diffReader) head(text []byte) error {
	parents := 0
	for parents < len(text) && text[parents] == ':' {
		parents++
	}
	words := bytes.Fields(text[parents:])
	if len(words) != 2*parents+3 || d.next == 0 {
		return errDiff
	}
	mode, err := strconv.ParseUint(string(words[parents]), 8, 32)
	id, ok := parseID(words[2*parents+1])
	if err != nil || !ok {
		return errDiff
	}
	d.change.Mode, d.change.Blob = uint32(mode), id
	return nil
}

// Commit is who made a commit and when. The texts are as git has them, turned
// into UTF-8 where the commit names its encoding.
type Commit struct {
	ID            ID
	Author, Email string // as written then, whatever a mailmap says
	Date          time.Time
	Subject       string
}

// Describe tells of commits, in the order of the ids.
func (g Git) Describe(ctx context.Context, ids []ID) ([]Commit, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	tell := tellIDs(ids)
	byID := map[ID]Commit{}
	args := []string{"rev-list", "--no-walk=unsorted", "--encoding=UTF-8", "--format=%H%x00%an%x00%ae%x00%aI%x00%s", "--stdin"}
	err := g.converse(ctx, args, tell, '\n', func(line []byte) error {
		words := strings.SplitN(string(line), "\x00", 5)
		id, ok := parseID([]byte(words[0]))
		if len(words) != 5 || !ok {
			return nil // "commit ID", which git writes before
		}
		when, _ := time.Parse(time.RFC3339, words[3]) // zero if the commit has no time
		byID[id] = Commit{ID: id, Author: words[1], Email: words[2], Date: when, Subject: words[4]}
		return nil
	})
	list := make([]Commit, len(ids))
	for i, id := range ids {
		list[i] = byID[id]
		list[i].ID = id
	}
	return list, err
}

// tellIDs writes ids, one a line.
func tellIDs(ids []ID) func(io.Writer) error {
	return func(w io.Writer) error {
		for _, id := range ids {
			if _, err := io.WriteString(w, id.String()+"\n"); err != nil {
				return err
			}
		}
		return nil
	}
}
