package gitfilter

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// gitprotocol-common(5), "pkt-line Format": four hexadecimal digits count
// themselves and what follows.
const (
	headSize  = 4
	maxPacket = 65520
	maxData   = maxPacket - headSize // the most that one packet carries
)

// maxLines is how long a list of lines may be. Git sends five at most.
const maxLines = 1000

// reader reads packets. Its errors tell where and what was expected and never
// quote data: where git and the filter have lost step, a line may be content.
type reader struct {
	src     *bufio.Reader
	at      int64 // bytes read so far
	scratch [maxData]byte
}

func newReader(r io.Reader) *reader {
	return &reader{src: bufio.NewReaderSize(r, maxPacket)}
}

// head reads the length of the next packet's data; flush reports the packet
// that ends a list. The error is io.EOF alone if nothing at all was left.
func (r *reader) head(want string) (size int, flush bool, err error) {
	var digits [headSize]byte
	n, err := io.ReadFull(r.src, digits[:])
	if err == io.EOF {
		return 0, false, io.EOF
	}
	if err != nil {
		return 0, false, r.broken(want, int64(n), err)
	}
	for _, c := range digits {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false, r.expected(want, "a packet length that is not hexadecimal")
		}
		size = size<<4 | int(c)
	}
	// 0001 and 0002 separate sections in other protocols, 0003 has no meaning.
	if 0 < size && size < headSize || size > maxPacket {
		return 0, false, r.expected(want, fmt.Sprintf("the packet length %04x", size))
	}
	r.at += headSize
	return max(size-headSize, 0), size == 0, nil
}

// fill reads len(into) bytes of a packet's data.
func (r *reader) fill(want string, into []byte) error {
	n, err := io.ReadFull(r.src, into)
	if err != nil {
		return r.broken(want, int64(n), err)
	}
	r.at += int64(n)
	return nil
}

// skip reads size bytes and keeps none of them.
func (r *reader) skip(want string, size int) error {
	return r.fill(want, r.scratch[:size])
}

// list calls f with each line up to the flush packet, without the line break at
// its end; f must not keep the line. The error is io.EOF alone if the input was
// at its end before the first line.
func (r *reader) list(want string, f func(line []byte) error) error {
	for lines := 0; ; lines++ {
		size, flush, err := r.head(want)
		switch {
		case err == io.EOF && lines > 0:
			return r.broken(want, 0, io.ErrUnexpectedEOF)
		case err != nil:
			return err
		case flush:
			return nil
		case lines == maxLines:
			return r.expected(want, fmt.Sprintf("more than %d lines", maxLines))
		}
		line := r.scratch[:size]
		if err := r.fill(want, line); err != nil {
			return err
		}
		if err := f(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return err
		}
	}
}

// content reads packets up to the flush packet and appends them to into. If they
// are more than limit bytes it reads on, keeps none, and reports tooLarge.
func (r *reader) content(into []byte, limit int64) (_ []byte, tooLarge bool, err error) {
	const want = "content or a flush packet"
	for {
		size, flush, err := r.head(want)
		switch {
		case err == io.EOF:
			return nil, false, r.broken(want, 0, io.ErrUnexpectedEOF)
		case err != nil:
			return nil, false, err
		case flush:
			return into, tooLarge, nil
		}
		if int64(len(into))+int64(size) > limit {
			into, tooLarge = nil, true
		}
		if tooLarge {
			if err := r.skip(want, size); err != nil {
				return nil, false, err
			}
			continue
		}
		into = grow(into, size)
		data := into[len(into) : len(into)+size]
		if err := r.fill(want, data); err != nil {
			return nil, false, err
		}
		into = into[:len(into)+size]
	}
}

// grow makes room for more bytes: for twice what there is, since append's steps
// would copy a large notebook five times. What b had is zeroed if it moves.
func grow(b []byte, more int) []byte {
	if cap(b)-len(b) >= more {
		return b
	}
	bigger := make([]byte, len(b), max(2*cap(b), len(b)+more))
	copy(bigger, b)
	clear(b)
	return bigger
}

func (r *reader) expected(want, got string) error {
	return fmt.Errorf("reading from git: byte %d: expected %s, got %s", r.at, want, got)
}

func (r *reader) broken(want string, got int64, err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("reading from git: byte %d: expected %s, and the input ended: %w", r.at+got, want, io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("reading from git: byte %d: expected %s: %w", r.at+got, want, err)
}

// writer writes packets; it keeps the first error, which send returns.
type writer struct {
	dst *bufio.Writer
}

func newWriter(w io.Writer) *writer {
	return &writer{bufio.NewWriterSize(w, 2*maxPacket)}
}

// lines writes a list of lines and the flush packet after it.
func (w *writer) lines(texts ...string) {
	for _, text := range texts {
		fmt.Fprintf(w.dst, "%04x%s\n", headSize+len(text)+1, text)
	}
	w.dst.WriteString("0000")
}

// content writes data and the flush packet after it. An empty packet is never
// written: git takes it for the end of the content (read_packetized_to_strbuf
// in git's pkt-line.c).
func (w *writer) content(data []byte) {
	for len(data) > 0 {
		n := min(len(data), maxData)
		fmt.Fprintf(w.dst, "%04x", headSize+n)
		w.dst.Write(data[:n])
		data = data[n:]
	}
	w.dst.WriteString("0000")
}

func (w *writer) send() error {
	if err := w.dst.Flush(); err != nil {
		return fmt.Errorf("answering git: %w", err)
	}
	return nil
}
