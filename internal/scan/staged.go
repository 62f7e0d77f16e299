package scan

import (
	"context"
	"fmt"
	"slices"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/gitx"
)

// StagedOptions say what of the index is read.
type StagedOptions struct {
	Options
	Git   gitx.Git
	All   bool     // the whole index, not only what differs from HEAD
	Paths []string // pathspecs, relative to where git runs; none: everything
	// SkipLFS steps over pointers of git LFS whose content is not read otherwise.
	SkipLFS bool
}

// Staged scans what the next commit would bring in: the files in the index that
// differ from HEAD, as they are in the index. All files differ before the first
// commit. Paths of events are relative to the root of the work tree.
//
// Submodules and files that are only intended to be added are stepped over and
// counted. Of a file in conflict all its versions are read. A link is read as the
// text that it is. A pointer of git LFS is read as what it stands for, or else it
// is unread. The error and the summary are as those of [Paths]; git's own errors
// come before anything is read.
func Staged(ctx context.Context, opt StagedOptions, h Handler) (finding.Summary, error) {
	git := opt.Git.Reading(false)
	repo, err := git.Repository(ctx)
	if err != nil {
		return finding.Summary{}, err
	}
	files, skipped, err := stagedFiles(ctx, git, opt)
	if err != nil {
		return finding.Summary{}, fmt.Errorf("reading the index: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	o := objects{reader: newReader(detect.New(), opt.Options), git: git.Blobs(ctx), lfs: newLFSStore(ctx, git, repo, opt.SkipLFS)}
	defer o.git.Close()
	t := newTally(opt.Options, h)
	var unread []finding.Unread
	t.lists, unread = rootLists(repo.Top)
	if err := t.add(result{unread: unread}); err != nil {
		return t.sum, err
	}
	var ids []gitx.ID
	for _, f := range files {
		ids = append(ids, f.blobs...)
		if opt.Progress != nil {
			opt.Progress.TotalFiles.Add(int64(len(f.blobs)))
		}
	}
	t.sum.Skipped = skipped
	err = o.git.Ask(ids...)
	for i := 0; i < len(files) && err == nil; i++ {
		var res result
		if res, err = o.versions(files[i]); err == nil {
			err = t.add(res)
		}
	}
	t.sum.Complete = err == nil && t.sum.Unread == 0
	return t.sum, err
}

// versions reads all versions of one file and joins what they give.
func (o *objects) versions(f stagedFile) (all result, err error) {
	for range f.blobs {
		res, _, err := o.next(f.path, f.link)
		if err != nil {
			return all, err
		}
		all.bytes += res.bytes
		all.read, all.notebook = all.read || res.read, all.notebook || res.notebook
		all.skipped = max(all.skipped, res.skipped)
		all.risks = append(all.risks, res.risks...)
		for _, u := range res.unread {
			if !slices.Contains(all.unread, u) {
				all.unread = append(all.unread, u)
			}
		}
		for _, n := range res.findings {
			if !slices.ContainsFunc(all.findings, n.sameAs) {
				all.findings = append(all.findings, n)
			}
		}
	}
	if len(f.blobs) > 1 {
		slices.SortStableFunc(all.findings, func(a, b found) int { return a.Location.Compare(b.Location) })
		slices.SortStableFunc(all.risks, func(a, b foundRisk) int { return a.Location.Compare(b.Location) })
	}
	return all, nil
}

// sameAs reports whether two versions of a file hold the same at the same place.
func (f found) sameAs(g found) bool {
	return f.Rule == g.Rule && f.ignored == g.ignored && f.Location.Compare(g.Location) == 0 &&
		samePlace(f.Location.Place, g.Location.Place) && f.Secret.Equal(g.Secret)
}

// stagedFile is a file of the index.
type stagedFile struct {
	path  string
	blobs []gitx.ID // more than one in a conflict
	link  bool
}

// stagedFiles lists them by path, and counts what is stepped over.
func stagedFiles(ctx context.Context, git gitx.Git, opt StagedOptions) (list []stagedFile, skipped int, err error) {
	entries, err := git.Index(ctx, opt.All, opt.Paths)
	if err != nil {
		return nil, 0, err
	}
	byPath := map[string]int{}
	for _, e := range entries {
		switch e.Mode {
		case 0o160000, 0: // a submodule, or nothing yet
			skipped++
			continue
		}
		path := string(e.Path)
		i, ok := byPath[path]
		if !ok {
			i = len(list)
			byPath[path] = i
			list = append(list, stagedFile{path: path})
		}
		list[i].link = e.Mode == 0o120000
		list[i].blobs = append(list[i].blobs, e.Blob)
	}
	slices.SortFunc(list, func(a, b stagedFile) int { return comparePaths(a.path, b.path) })
	return list, skipped, nil
}
