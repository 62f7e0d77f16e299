package scan

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/gitx"
)

// objects reads blobs of a repository as files. Who uses it must call Close of
// its blobs.
type objects struct {
	reader
	git *gitx.Blobs
	lfs lfsStore
}

// next reads the blob that comes next of those asked for, as the file at the
// path; a link is read as the text that it is. The bytes are good until the next
// call. The error says that git does not work at all, or the context's.
func (o *objects) next(path string, link bool) (res result, src []byte, err error) {
	b, err := o.git.Next()
	if err != nil {
		return result{}, nil, err
	}
	name := path
	if link {
		name += ".link" // whatever it is called it is no notebook
	}
	src, err = o.load(b, name)
	if err == nil && isPointer(src) && !link {
		if o.lfs.skip {
			return result{skipped: 1}, src, nil
		}
		src, err = o.lfs.load(&o.reader, src)
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return result{}, nil, err
	case errors.Is(err, gitx.ErrMissing):
		err = errMissing
	}
	if err != nil {
		return result{unread: []finding.Unread{{Path: path, Reason: reason(err)}}}, nil, nil
	}
	if o.progress != nil {
		o.progress.Files.Add(1)
		o.progress.Bytes.Add(b.Size)
	}
	if len(src) == 0 { // whatever its name promises, it hides nothing
		return result{read: true}, src, nil
	}
	res = o.blob(name, src)
	if name != path {
		for i := range res.findings {
			res.findings[i].Location.Path = path
		}
		for i := range res.unread {
			res.unread[i].Path = path
		}
	}
	return res, src, nil
}

var errMissing = errors.New("its content is not in this repository, or damaged")

// load reads the blob into the reader's buffer, of one that will be stepped over
// the beginning alone.
func (o *objects) load(b gitx.Blob, name string) ([]byte, error) {
	if b.Err != nil {
		return nil, b.Err
	}
	if b.Size > MaxSize {
		return nil, errTooLarge
	}
	head := int64(binaryHead)
	src, err := o.fill(io.LimitReader(o.git, head), min(b.Size, head))
	if err != nil || b.Size <= head || isBinary(src) && !strings.EqualFold(filepath.Ext(name), ".ipynb") {
		return src, err
	}
	return o.fill(io.MultiReader(bytes.NewReader(bytes.Clone(src)), o.git), b.Size)
}

// lfsStore is where git LFS keeps the content that pointers stand for.
type lfsStore struct {
	dir  string
	skip bool // pointers are stepped over
}

// newLFSStore finds the store: https://github.com/git-lfs/git-lfs/blob/main/docs/man/git-lfs-config.adoc
func newLFSStore(ctx context.Context, git gitx.Git, repo gitx.Repo, skip bool) lfsStore {
	s := lfsStore{dir: filepath.Join(repo.CommonDir, "lfs"), skip: skip}
	if dir, err := git.Line(ctx, "config", "--get", "lfs.storage"); err == nil && dir != "" {
		s.dir = dir
		if !filepath.IsAbs(dir) {
			s.dir = filepath.Join(repo.CommonDir, dir)
		}
	}
	return s
}

const lfsHead = "version https://git-lfs.github.com/spec/"

// isPointer reports whether the file only says what git LFS keeps elsewhere:
// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
func isPointer(src []byte) bool {
	return len(src) < 1024 && bytes.HasPrefix(src, []byte(lfsHead)) && bytes.Contains(src, []byte("\noid sha256:"))
}

var errLFS = errors.New("git LFS keeps its content, which is not in this clone (git lfs fetch gets it)")

// load reads what a pointer stands for.
func (s lfsStore) load(r *reader, pointer []byte) ([]byte, error) {
	var sum, size string
	for line := range strings.Lines(string(pointer)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch key {
		case "oid":
			sum = strings.TrimPrefix(value, "sha256:")
		case "size":
			size = value
		}
	}
	length, err := strconv.ParseInt(size, 10, 64)
	if _, bad := hex.DecodeString(sum); bad != nil || err != nil || len(sum) != 64 {
		return nil, errors.New("it is a pointer of git LFS that is not well formed")
	}
	if length == 0 {
		return nil, nil
	}
	f, err := os.Open(filepath.Join(s.dir, "objects", sum[:2], sum[2:4], sum))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errLFS
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() != length {
		return nil, errors.New("what git LFS keeps of it is of another size than its pointer says")
	}
	return r.fill(f, length)
}
