// Package gitfilter speaks git's long-running filter protocol, version 2, from
// the filter's side: gitattributes(5), "Long Running Filter Process", over the
// packets of gitprotocol-common(5). docs/spec/filter.md tells what is answered to
// what, and what git makes of it.
//
// It promises that "success" is answered only for a file that was read to its
// last byte and whose answer is whole before the first byte of it is written;
// that whatever git should not have sent ends the conversation with an error, so
// that a filter with required=true fails closed; that memory is bounded by the
// largest file; and that content is in no error.
//
// It does not know what a clean file is; smudging gives back what it was given.
// It starts and stops no process, and it cannot tell git why a file was refused:
// the protocol has no room for reasons.
package gitfilter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
)

// DefaultLimit is the largest file that is read, in bytes, if no other is set.
const DefaultLimit = 2 << 30

// keep is the largest buffer that is kept from one file to the next, in bytes.
const keep = 4 << 20

// ErrAbort says, in the chain of an error of Filter.Clean, that no file of this
// conversation can be cleaned. Git then asks for no more; with required=true it
// ends at this file, without it adds this one and all others as they are.
var ErrAbort = errors.New("no file can be cleaned")

// ErrTooLarge is told to Filter.Refused of a file above the limit.
var ErrTooLarge = errors.New("the file is too large")

// errPanic ends the conversation: what state the handler left is unknown.
var errPanic = errors.New("a defect in nbseal")

// A File is what git asks to clean.
type File struct {
	// Path is the file's name as git gives it: bytes, seldom other than UTF-8,
	// with slashes, relative to the top of the work tree. It is not empty and has
	// no NUL. `git hash-object --path` passes on whatever it is given, an absolute
	// path too: it is a name to match, not one to open.
	Path string
	// Content is the whole file, and valid until Clean returns.
	Content []byte
}

// A Filter answers git.
type Filter struct {
	// Clean returns what git is to store. The result may be, or share memory with,
	// the content that it was given. An error makes git refuse the file, and with
	// required=true end; an error with ErrAbort in its chain refuses all others.
	Clean func(ctx context.Context, file File) ([]byte, error)
	// Refused, if set, is told of each file that git was refused, before git is.
	Refused func(path string, err error)
	// Limit is the largest file, in bytes; 0: DefaultLimit. More is read to its
	// end and refused.
	Limit int64
}

// Serve answers git until it closes r between two files, which is the good end.
// Files that were refused are no error of Serve. Everything else is: input that
// ends in the middle or is not the protocol, a w that does not take the answer, a
// Clean that panicked, a context that was cancelled. The process must then end,
// so that git learns of it, and end with a code other than 0.
//
// A read that waits for git is not interrupted by ctx: git closes r when it ends.
func (f Filter) Serve(ctx context.Context, r io.Reader, w io.Writer) error {
	c := conversation{Filter: f, in: newReader(r), out: newWriter(w)}
	if c.Limit == 0 {
		c.Limit = DefaultLimit
	}
	if err := c.greet(); err != nil {
		if err == io.EOF {
			return fmt.Errorf("reading from git: %w before the conversation began", io.ErrUnexpectedEOF)
		}
		return err
	}
	for {
		err := c.answer(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// conversation is one run of Serve.
type conversation struct {
	Filter
	in     *reader
	out    *writer
	buffer []byte // empty between two files
}

// greet settles version and capabilities: git's long-running process protocol,
// "Handshake". What is not known is passed over, as later versions need it.
func (c *conversation) greet() error {
	const want = `git's greeting, "git-filter-client" and its versions`
	first, known := true, false
	err := c.in.list(want, func(line []byte) error {
		if first && string(line) != "git-filter-client" {
			return c.in.expected(want, "another line")
		}
		first = false
		known = known || string(line) == "version=2"
		return nil
	})
	if err != nil {
		return err
	}
	if !known {
		return c.in.expected("version 2 of the filter protocol", "other versions, or none")
	}
	c.out.lines("git-filter-server", "version=2")
	if err := c.out.send(); err != nil {
		return err
	}

	const wantCaps = "git's list of capabilities"
	var offered []string
	err = c.in.list(wantCaps, func(line []byte) error {
		for _, name := range []string{"capability=clean", "capability=smudge"} {
			if string(line) == name && !slices.Contains(offered, name) {
				offered = append(offered, name)
			}
		}
		return nil
	})
	if err == io.EOF {
		return c.in.broken(wantCaps, 0, err)
	}
	if err != nil {
		return err
	}
	if !slices.Contains(offered, "capability=clean") {
		return c.in.expected("a git that can clean", "a list of capabilities without it")
	}
	c.out.lines(offered...)
	return c.out.send()
}

// answer reads one request and answers it. The error is io.EOF alone if there
// is no other request.
func (c *conversation) answer(ctx context.Context) error {
	command, path, err := c.request()
	if err != nil {
		return err
	}
	content, tooLarge, err := c.in.content(c.buffer[:0], c.Limit)
	if err != nil {
		return err
	}
	c.buffer = nil
	defer func() {
		// What still points into the content must not find the next file's there.
		if clear(content); cap(content) <= keep {
			c.buffer = content
		}
	}()

	result := content
	switch {
	case tooLarge:
		err = fmt.Errorf("%w: more than %d bytes", ErrTooLarge, c.Limit)
	case command == "clean":
		result, err = c.clean(ctx, File{Path: path, Content: content})
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err == nil {
		c.out.lines("status=success")
		c.out.content(result)
		c.out.lines() // the status stays
		return c.out.send()
	}

	if c.Refused != nil {
		c.Refused(path, err)
	}
	status := "status=error"
	if errors.Is(err, ErrAbort) {
		status = "status=abort"
	}
	c.out.lines(status)
	if err := c.out.send(); err != nil {
		return err
	}
	if errors.Is(err, errPanic) {
		return fmt.Errorf("cleaning %q: %w", path, err)
	}
	return nil
}

// request reads the list that begins a request. A command that is not known ends
// the conversation: nobody can tell whether content follows it, and content that
// is taken for requests would answer for files that do not exist.
func (c *conversation) request() (command, path string, err error) {
	const want = "a command and a pathname"
	var commands, paths int
	err = c.in.list(want, func(line []byte) error {
		key, value, ok := bytes.Cut(line, []byte("="))
		switch {
		case !ok:
			return c.in.expected(want, "a line without =")
		case string(key) == "command":
			commands++
			command = string(value)
		case string(key) == "pathname":
			paths++
			path = string(value)
		}
		return nil
	})
	switch {
	case err != nil:
		return "", "", err
	case commands != 1:
		return "", "", c.in.expected(want, fmt.Sprintf("%d commands", commands))
	case command != "clean" && command != "smudge":
		return "", "", c.in.expected(`the command "clean" or "smudge"`, "another")
	case paths != 1:
		return "", "", c.in.expected(want, fmt.Sprintf("%d pathnames", paths))
	case path == "" || strings.ContainsRune(path, 0):
		return "", "", c.in.expected(want, "a pathname that is empty or has a NUL")
	}
	return command, path, nil
}

// clean calls Clean. A panic becomes an error that tells where, not what: a
// panic's value may hold content.
func (c *conversation) clean(ctx context.Context, file File) (result []byte, err error) {
	defer func() {
		if recover() != nil {
			result, err = nil, fmt.Errorf("%w: panic at %s", errPanic, panicked())
		}
	}()
	return c.Clean(ctx, file)
}

// panicked is the place of the panic that the caller recovers from.
func panicked() string {
	var pcs [32]uintptr
	// Callers, panicked, the deferred function.
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		frame, more := frames.Next()
		if frame.Function != "" && !strings.HasPrefix(frame.Function, "runtime.") {
			return fmt.Sprintf("%s:%d", frame.Function, frame.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}
