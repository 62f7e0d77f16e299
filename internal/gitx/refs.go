package gitx

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Ref is a name for an object.
type Ref struct {
	Name   string // "refs/heads/main", or "HEAD"
	Commit ID     // what it names in the end; the zero ID if that is no commit
}

// Refs are the branches, tags and whatever else has a name below refs/, by name,
// and HEAD. Those that only stand for another one, as refs/remotes/origin/HEAD
// does, are not among them. Broken has a line for each ref that git cannot read.
func (g Git) Refs(ctx context.Context) (refs []Ref, broken []string, err error) {
	p, err := g.Start(ctx, "for-each-ref", "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(symref) %(refname)")
	if err != nil {
		return nil, nil, err
	}
	var nested []int
	err = separated(p.Out, '\n', func(line []byte) error {
		words := strings.SplitN(string(line), " ", 6)
		if len(words) != 6 {
			return errors.New("git for-each-ref: a line of another form")
		}
		r := Ref{Name: words[5]}
		kind, name := words[0], words[1]
		if kind == "tag" {
			kind, name = words[2], words[3]
		}
		switch kind {
		case "commit":
			r.Commit, _ = parseID([]byte(name))
		case "tag":
			nested = append(nested, len(refs))
		}
		if words[4] == "" {
			refs = append(refs, r)
		}
		return nil
	})
	if ended := p.Wait(); err == nil {
		err = ended
	}
	if err != nil {
		return nil, nil, err
	}
	for line := range strings.Lines(string(p.said.text)) {
		if !strings.HasPrefix(line, "hint:") {
			broken = append(broken, strings.TrimSpace(line))
		}
	}
	for _, i := range nested { // a tag of a tag
		refs[i].Commit = g.commit(ctx, refs[i].Name)
	}
	if id := g.commit(ctx, "HEAD"); !id.IsNull() {
		refs = append(refs, Ref{Name: "HEAD", Commit: id})
	}
	return refs, broken, ctx.Err()
}

// commit is the one that a revision names, the zero ID if it names none.
func (g Git) commit(ctx context.Context, rev string) ID {
	line, err := g.Line(ctx, "rev-parse", "--verify", "-q", "--end-of-options", rev+"^{commit}")
	if err != nil {
		return ID{}
	}
	id, _ := parseID([]byte(line))
	return id
}

// Commits are the ids of those that are in the repository, in their order.
func (g Git) Commits(ctx context.Context, ids []ID) (list []ID, err error) {
	tell := func(w io.Writer) error {
		for _, id := range ids {
			if _, err := io.WriteString(w, id.String()+"^{commit}\n"); err != nil {
				return err
			}
		}
		return nil
	}
	err = g.converse(ctx, []string{"cat-file", "--batch-check=%(objecttype) %(objectname)"}, tell, '\n', func(line []byte) error {
		if name, ok := strings.CutPrefix(string(line), "commit "); ok {
			id, _ := parseID([]byte(name))
			list = append(list, id)
		}
		return nil
	})
	return list, err
}

// Tree calls each for every file in the tree of a commit or in a tree.
func (g Git) Tree(ctx context.Context, id ID, each func(Change) error) error {
	return g.converse(ctx, []string{"ls-tree", "-r", "-z", "--full-tree", "--end-of-options", id.String()}, nil, 0, func(line []byte) error {
		head, path, ok := strings.Cut(string(line), "\t")
		words := strings.Fields(head)
		if !ok || len(words) != 3 {
			return errors.New("git ls-tree: a line of another form")
		}
		mode, err := strconv.ParseUint(words[0], 8, 32)
		blob, ok := parseID([]byte(words[2]))
		if err != nil || !ok {
			return errors.New("git ls-tree: a line of another form")
		}
		return each(Change{Blob: blob, Path: []byte(path), Mode: uint32(mode)})
	})
}

// Shallow are the commits whose parents were left out when the repository was
// cloned: https://git-scm.com/docs/shallow.
func (r Repo) Shallow() (list []ID, err error) {
	f, err := os.Open(filepath.Join(r.CommonDir, "shallow"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading which commits are shallow: %w", err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		id, ok := parseID(s.Bytes())
		if !ok {
			return nil, errors.New("reading which commits are shallow: a line that is no commit's id")
		}
		list = append(list, id)
	}
	return list, s.Err()
}

// Promisors are the remotes that have what a partial clone lacks; a clone that
// lacks nothing has none: https://git-scm.com/docs/partial-clone.
func (g Git) Promisors(ctx context.Context) (list []string, err error) {
	out, err := g.Output(ctx, "config", "-z", "--get-regexp", `^(remote\..*\.promisor|extensions\.partialclone)$`)
	if ExitCode(err) == 1 {
		return nil, nil
	}
	for entry := range strings.SplitSeq(string(out), "\x00") {
		key, value, _ := strings.Cut(entry, "\n")
		name, ok := strings.CutPrefix(key, "remote.")
		switch {
		case ok && value != "false":
			list = append(list, strings.TrimSuffix(name, ".promisor"))
		case strings.EqualFold(key, "extensions.partialClone") && value != "":
			list = append(list, value)
		}
	}
	slices.Sort(list)
	return slices.Compact(list), err
}

// Missing are the objects of a range that a partial clone lacks, as far as they
// are known without fetching anything.
func (g Git) Missing(ctx context.Context, r Range) (map[ID]bool, error) {
	args := append([]string{"rev-list", "--objects", "--missing=print"}, r.args()...)
	missing := map[ID]bool{}
	err := g.converse(ctx, args, r.tell, '\n', func(line []byte) error {
		if len(line) > 0 && line[0] == '?' {
			if id, ok := parseID(line[1:]); ok {
				missing[id] = true
			}
		}
		return nil
	})
	return missing, err
}

// Fetch gets objects from a remote of a partial clone, as git itself does when it
// lacks one. It changes the object store alone.
func (g Git) Fetch(ctx context.Context, remote string, ids []ID) error {
	return g.converse(ctx, []string{"-c", "fetch.negotiationAlgorithm=noop", "fetch", "-q", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--stdin", remote}, tellIDs(ids), '\n', func([]byte) error { return nil })
}

// ParseDate understands a date as git does: "2026-01-31", "2 weeks ago". What
// git does not understand it takes for now; that is an error here.
func (g Git) ParseDate(ctx context.Context, text string) (time.Time, error) {
	before := time.Now().Add(-time.Second)
	out, err := g.Line(ctx, "rev-parse", "--since="+text)
	if err != nil {
		return time.Time{}, err
	}
	number, err := strconv.ParseInt(strings.TrimPrefix(out, "--max-age="), 10, 64)
	if err != nil {
		return time.Time{}, errors.New("git rev-parse: an answer that is no date")
	}
	when := time.Unix(number, 0)
	if strings.TrimSpace(text) == "" || !when.Before(before) && !slices.Contains([]string{"now", "today"}, strings.TrimSpace(text)) {
		return time.Time{}, fmt.Errorf("%q is no date that git understands, or one that is not past", text)
	}
	// Of a year that it does not know it takes the rest.
	if day, err := time.Parse(time.DateOnly, text[:min(len(text), len(time.DateOnly))]); err == nil && when.Sub(day).Abs() > 48*time.Hour {
		return time.Time{}, fmt.Errorf("%q is no date that git understands", text)
	}
	return when, nil
}
