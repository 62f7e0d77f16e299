package gitx

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
)

// Index lists what is in the index and differs from HEAD, or the whole index,
// within the pathspecs if any are given. Deleted files are not listed. One that
// is only intended to be added has the mode 0. One in conflict is listed once for
// each version of it.
func (g Git) Index(ctx context.Context, all bool, paths []string) (list []Change, err error) {
	base := g.commit(ctx, "HEAD")
	if all || base.IsNull() {
		// Every git knows the empty tree: https://git-scm.com/docs/git-hash-object.
		line, err := g.Feed(ctx, strings.NewReader(""), "hash-object", "-t", "tree", "--stdin")
		if err != nil {
			return nil, err
		}
		var ok bool
		if base, ok = parseID(bytes.TrimSpace(line)); !ok {
			return nil, errors.New("git hash-object: an answer that is no id")
		}
	}
	var conflicts int
	list, conflicts, err = g.diffIndex(ctx, base, paths)
	if err != nil {
		return nil, err
	}
	if err := g.markIntended(ctx, list, base, paths); err != nil {
		return nil, err
	}
	if conflicts > 0 {
		unmerged, err := g.unmerged(ctx, paths)
		if err != nil {
			return nil, err
		}
		list = append(list, unmerged...)
	}
	return list, ctx.Err()
}

// diffIndex compares the index with a tree.
func (g Git) diffIndex(ctx context.Context, base ID, paths []string, more ...string) (list []Change, conflicts int, err error) {
	args := append([]string{"diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--ignore-submodules=none"}, more...)
	args = append(append(args, base.String(), "--"), paths...)
	var e Change
	isPath, deleted := false, false
	err = g.converse(ctx, args, nil, 0, func(part []byte) error {
		if isPath {
			if isPath = false; !deleted {
				e.Path = bytes.Clone(part)
				list = append(list, e)
			}
			return nil
		}
		words := strings.Fields(string(part))
		if len(words) != 5 {
			return errors.New("git diff-index: a line of another form")
		}
		mode, err := strconv.ParseUint(words[1], 8, 32)
		id, ok := parseID([]byte(words[3]))
		if err != nil || !ok {
			return errors.New("git diff-index: a line of another form")
		}
		isPath, deleted = true, words[4] == "D" || words[4] == "U"
		if words[4] == "U" {
			conflicts++
		}
		e = Change{Blob: id, Mode: uint32(mode)}
		return nil
	})
	return list, conflicts, err
}

// markIntended finds the files that are only intended to be added: they stand in
// the index as empty ones, and git leaves them out when asked to.
func (g Git) markIntended(ctx context.Context, list []Change, base ID, paths []string) error {
	line, err := g.Feed(ctx, strings.NewReader(""), "hash-object", "--stdin")
	if err != nil {
		return err
	}
	empty, ok := parseID(bytes.TrimSpace(line))
	if !ok {
		return errors.New("git hash-object: an answer that is no id")
	}
	any := false
	for _, e := range list {
		any = any || e.Blob == empty
	}
	if !any {
		return nil
	}
	without, _, err := g.diffIndex(ctx, base, paths, "--ita-invisible-in-index")
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, e := range without {
		there[string(e.Path)] = true
	}
	for i, e := range list {
		if e.Blob == empty && !there[string(e.Path)] {
			list[i].Mode = 0
		}
	}
	return nil
}

// unmerged lists the versions of files in conflict.
func (g Git) unmerged(ctx context.Context, paths []string) (list []Change, err error) {
	if len(paths) == 0 {
		paths = []string{":/"} // without any it lists what is below the folder it runs in
	}
	args := append([]string{"ls-files", "--unmerged", "-z", "--full-name", "--"}, paths...)
	err = g.converse(ctx, args, nil, 0, func(part []byte) error {
		head, path, ok := strings.Cut(string(part), "\t")
		words := strings.Fields(head)
		if !ok || len(words) != 3 {
			return errors.New("git ls-files: a line of another form")
		}
		mode, err := strconv.ParseUint(words[0], 8, 32)
		id, ok := parseID([]byte(words[1]))
		if err != nil || !ok {
			return errors.New("git ls-files: a line of another form")
		}
		list = append(list, Change{Blob: id, Path: []byte(path), Mode: uint32(mode)})
		return nil
	})
	return list, err
}
