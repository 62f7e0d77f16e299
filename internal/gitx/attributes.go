package gitx

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// Attribute values that are no names of a driver.
const (
	Unspecified = "unspecified"
	Unset       = "unset"
	Set         = "set"
)

// Attribute is the value of one attribute for each of the paths, in their
// order: that which is in force in the work tree. Paths are relative to the top.
func (r Repo) Attribute(ctx context.Context, name string, paths []string) ([]string, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	out, err := r.Feed(ctx, strings.NewReader(strings.Join(paths, "\x00")+"\x00"), "check-attr", "-z", "--stdin", name)
	if err != nil {
		return nil, err
	}
	fields := bytes.Split(bytes.TrimSuffix(out, []byte{0}), []byte{0})
	if len(fields) != 3*len(paths) {
		return nil, fmt.Errorf("git check-attr: %d answers to %d questions", len(fields)/3, len(paths))
	}
	values := make([]string, len(paths))
	for i := range values {
		values[i] = string(fields[3*i+2])
	}
	return values, nil
}

// Entry is a file in the index.
type Entry struct {
	Mode string // as "100644", or "160000" for a submodule
	ID   string // of the blob, or of the submodule's commit
	Path string // relative to the top, with slashes
	Skip bool   // not in the work tree: a sparse checkout leaves it out
}

// Tracked lists what is in the index, narrowed by pathspecs, in git's order.
// Files in the middle of a merge are there once for each side.
func (r Repo) Tracked(ctx context.Context, pathspecs ...string) ([]Entry, error) {
	out, err := r.Output(ctx, append([]string{"ls-files", "-z", "-s", "-t", "--"}, pathspecs...)...)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for line := range strings.SplitSeq(string(out), "\x00") {
		head, path, ok := strings.Cut(line, "\t")
		fields := strings.Fields(head) // tag, mode, id, stage
		if !ok || len(fields) != 4 {
			continue // what is behind the last NUL
		}
		entries = append(entries, Entry{Mode: fields[1], ID: fields[2], Path: path, Skip: fields[0] == "S"})
	}
	return entries, nil
}
