package gitx

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Reading is g for reading objects as they are: without replacements and grafts
// (https://git-scm.com/docs/git-replace) and, unless fetch is set, without asking
// a remote for what a partial clone lacks. Older gits know no other way to forbid
// that than to forbid all transports.
func (g Git) Reading(fetch bool) Git {
	env := append([]string(nil), g.Env...)
	// A file of grafts that there cannot be: of an empty one git tells its opinion.
	env = append(env, "GIT_NO_REPLACE_OBJECTS=1", "GIT_GRAFT_FILE="+filepath.Join(os.DevNull, "none"))
	if !fetch {
		env = append(env, "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none")
	}
	g.Env = env
	return g
}

// ErrMissing says that an object is not in the repository.
var ErrMissing = errors.New("the object is not in this repository")

// maxDeaths is how often git may die of single objects before Blobs gives up.
const maxDeaths = 1000

// Blobs reads one object after the other from a git that keeps running, and is
// started again when it dies of a damaged one. It is not safe for concurrent use.
type Blobs struct {
	ctx     context.Context
	git     Git
	p       *Process
	out     *bufio.Reader
	asked   []ID          // not answered yet
	written chan struct{} // closed when git has been told all
	left    int64         // of the current content, with the line break behind it
	deaths  int
}

// Blobs starts no git before something is asked for. The caller must call Close.
func (g Git) Blobs(ctx context.Context) *Blobs { return &Blobs{ctx: ctx, git: g} }

// Ask says which objects Next shall give. All that was asked for before must
// have been given.
func (b *Blobs) Ask(ids ...ID) error {
	b.asked = append(b.asked[:0], ids...)
	if b.p == nil {
		return b.start()
	}
	if err := b.skip(); err != nil { // of the last content
		return b.start()
	}
	b.tell()
	return nil
}

func (b *Blobs) start() error {
	b.stop()
	// A cache that is too small for what deltas are made of costs ten times the time
	// and more: https://git-scm.com/docs/git-config (96 MiB without this).
	p, err := b.git.Start(b.ctx, "-c", "core.deltaBaseCacheLimit=256m", "cat-file", "--batch")
	if err != nil {
		return err
	}
	b.p, b.left = p, 0
	if b.out == nil {
		b.out = bufio.NewReaderSize(p.Out, 64<<10)
	}
	b.out.Reset(p.Out)
	b.tell()
	return nil
}

// tell writes beside the reading: git answers before it has been told all.
func (b *Blobs) tell() {
	var list bytes.Buffer
	for _, id := range b.asked {
		list.WriteString(id.String())
		list.WriteByte('\n')
	}
	before, done, in := b.written, make(chan struct{}), b.p.In
	b.written = done
	go func() {
		defer close(done)
		if before != nil {
			<-before
		}
		// A git that has gone is noticed by the reader.
		_, _ = in.Write(list.Bytes())
	}()
}

// Blob is an object that Blobs reached. Err is set if it cannot be read.
type Blob struct {
	ID   ID
	Size int64
	Err  error // wraps ErrMissing if it is not there
}

// Next goes to the next object, whose content Read gives then. The error is
// io.EOF after the last, the context's, or says that git does not work at all.
func (b *Blobs) Next() (Blob, error) {
	if err := b.ctx.Err(); err != nil {
		return Blob{}, context.Cause(b.ctx)
	}
	if b.p == nil && len(b.asked) > 0 {
		if err := b.start(); err != nil {
			return Blob{}, err
		}
	}
	if len(b.asked) == 0 {
		return Blob{}, io.EOF
	}
	id := b.asked[0]
	b.asked = b.asked[1:]
	err := b.skip()
	var line []byte
	if err == nil {
		line, err = b.out.ReadSlice('\n')
	}
	if err != nil {
		return b.died(id)
	}
	return b.header(id, line)
}

func (b *Blobs) header(id ID, line []byte) (Blob, error) {
	name, rest, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
	kind, number, _ := strings.Cut(rest, " ")
	size, err := strconv.ParseInt(number, 10, 64)
	switch {
	case name != id.String():
		return Blob{}, errors.New("git cat-file: an answer to another question")
	case kind == "missing":
		return Blob{ID: id, Err: ErrMissing}, nil
	case err != nil || size < 0:
		return Blob{}, errors.New("git cat-file: an answer without a size")
	}
	b.left = size + 1
	if kind != "blob" {
		return Blob{ID: id, Err: fmt.Errorf("it is a %s, not a blob", kind)}, nil
	}
	return Blob{ID: id, Size: size}, nil
}

// died makes of git's end an error of the one object that it ended with.
func (b *Blobs) died(id ID) (Blob, error) {
	err := b.p.Wait()
	b.forget()
	if b.ctx.Err() != nil {
		return Blob{}, context.Cause(b.ctx)
	}
	if err == nil {
		err = errors.New("git cat-file ended too early")
	}
	if b.deaths++; b.deaths > maxDeaths {
		return Blob{}, err
	}
	return Blob{ID: id, Err: err}, nil
}

// skip passes over what is left of the current content.
func (b *Blobs) skip() error {
	for b.left > 0 {
		n, err := b.out.Discard(int(min(b.left, 1<<30)))
		b.left -= int64(n)
		if err != nil {
			return err
		}
	}
	return nil
}

// Read gives the content of the object that Next has reached, io.EOF at its end.
// Any other error is about that object alone.
func (b *Blobs) Read(p []byte) (int, error) {
	if b.left <= 1 {
		return 0, io.EOF
	}
	n, err := b.out.Read(p[:min(int64(len(p)), b.left-1)])
	b.left -= int64(n)
	if err == nil || n > 0 {
		return n, nil
	}
	err = b.p.Wait()
	b.forget()
	switch {
	case b.ctx.Err() != nil:
		return 0, context.Cause(b.ctx)
	case err == nil:
		err = io.ErrUnexpectedEOF
	}
	return 0, err
}

// forget is after git has ended: the next object needs a new one.
func (b *Blobs) forget() {
	<-b.written
	b.p, b.left, b.written = nil, 0, nil
}

func (b *Blobs) stop() {
	if b.p != nil {
		b.p.Stop()
		b.forget()
	}
}

// Close ends git.
func (b *Blobs) Close() { b.stop() }

// Sizes calls each for the objects, in their order, with their sizes in bytes,
// -1 for those that are not there.
func (g Git) Sizes(ctx context.Context, ids []ID, each func(size int64)) error {
	return g.converse(ctx, []string{"cat-file", "--batch-check=%(objectsize)", "--buffer"}, tellIDs(ids), '\n', func(line []byte) error {
		size, err := strconv.ParseInt(string(line), 10, 64)
		if err != nil {
			size = -1
		}
		each(size)
		return nil
	})
}

// converse runs git, writes to it and calls each for what is between two of the
// separators of its answer. Git's own error counts more than what follows of it.
func (g Git) converse(ctx context.Context, args []string, write func(io.Writer) error, separator byte, each func([]byte) error) error {
	p, err := g.Start(ctx, args...)
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		w := bufio.NewWriter(p.In)
		if write == nil || write(w) == nil {
			_ = w.Flush() // a git that has gone is noticed by the reader
		}
		p.In.Close()
	}()
	err = separated(p.Out, separator, each)
	if err != nil {
		p.Stop()
		<-done
		return err
	}
	<-done
	return p.Wait()
}

// separated calls each for the parts of in, which are valid until it returns. A
// last part without a separator behind it is one that was cut off.
func separated(in io.Reader, separator byte, each func([]byte) error) error {
	r := bufio.NewReaderSize(in, 256<<10)
	var long []byte
	for {
		part, err := r.ReadSlice(separator)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			long = append(long, part...)
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if len(long) > 0 {
			long = append(long, part...)
			part = long
		}
		if err := each(part[:len(part)-1]); err != nil {
			return err
		}
		long = long[:0]
	}
}
