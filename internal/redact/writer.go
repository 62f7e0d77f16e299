package redact

import (
	"fmt"
	"io"
)

// releasable is the length in bytes from which the beginning of a form counts
// as a leak: shorter ones may be shown when a stream ends. When it only pauses
// the rest may still come, so no more than a prompt's last letters are shown.
const (
	releasable = 8
	pausable   = 4
)

// Writer redacts a stream. It holds back only the longest end of what was
// written that begins a form, so fewer bytes than the longest form has. It is
// not safe for concurrent use.
type Writer struct {
	r   *Redactor
	dst io.Writer
	err error // sticky, from dst

	// Positions count the bytes of the stream.
	state    int32
	pos      int64   // read so far
	sent     int64   // shown so far, or redacted
	held     []byte  // the bytes [sent, pos)
	found    []found // redacted ranges that are not shown yet, in order, apart
	onMarker bool    // the last thing shown was a marker, for a range up to sent
	out      []byte
}

// found is a redacted range. It may begin before what is held, when its
// beginning was released.
type found struct {
	start, end int64
	secret     int32
	joined     bool // part of a range whose marker is already shown
}

// Writer returns a Writer to dst, at the beginning of a stream.
func (r *Redactor) Writer(dst io.Writer) *Writer { return &Writer{r: r, dst: dst} }

// Write redacts p and writes all that is certain to dst, in one call or none.
// The error is dst's, and stays.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	text := p
	if len(w.held) > 0 {
		w.held = append(w.held, p...)
		text = w.held
	}
	w.scan(p)
	w.show(text, w.pos-int64(w.r.auto.depth[w.state]))
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// Held is the number of bytes that are held back.
func (w *Writer) Held() int { return len(w.held) }

// Idle tells the Writer that nothing was written for a while, which is the
// caller's to judge; 100 ms is a good while. What is held is shown if it has
// fewer than 4 bytes and less than half of the form that it may begin; if the
// rest comes, a marker stands for that. A value that is whole but might go on
// is shown as its marker.
func (w *Writer) Idle() error {
	if w.err != nil || len(w.held) == 0 {
		return w.err
	}
	end := w.sent
	for _, f := range w.found {
		if f.start > end {
			break
		}
		end = f.end
	}
	if w.r.auto.mayRelease(w.state) {
		end = w.pos
	}
	if end > w.sent {
		w.show(w.held, end)
	}
	return w.err
}

// Flush ends the stream: what is held is shown as it is if it has fewer than 8
// bytes, else as the marker of the value that it begins. The Writer is then as
// new, at the beginning of another stream.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.markTail()
		w.show(w.held, w.pos)
	}
	w.state, w.onMarker = 0, false
	return w.err
}

// Use makes the Writer redact the values of r from here on, what is held
// included. A value that r does not have and that has begun passes.
func (w *Writer) Use(r *Redactor) error {
	held := w.held
	w.r, w.state, w.found, w.held = r, 0, nil, nil
	w.pos = w.sent
	_, err := w.Write(held)
	return err
}

// Format writes the type's name, whatever the verb: the fields hold plaintext.
func (w *Writer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "redact.Writer") }

// scan reads p and records what is found.
func (w *Writer) scan(p []byte) {
	a, s := w.r.auto, w.state
	for i := 0; i < len(p); {
		if s == 0 {
			if i = a.next(p, i); i >= len(p) {
				break
			}
		}
		s = a.step(s, p[i])
		i++
		if a.nodes[s] < 0 {
			continue
		}
		if n := &a.special[a.nodes[s]]; n.length > 0 {
			w.add(w.pos+int64(i)-int64(n.length), w.pos+int64(i), n.secret)
		}
		for s != 0 && a.leaf(s) { // not the beginning of anything longer
			s = a.fail[s]
		}
	}
	w.state = s
	w.pos += int64(len(p))
}

// add records that [start, end) is to be redacted. Ends come in order.
func (w *Writer) add(start, end int64, secret int32) {
	f := found{start, end, secret, start < w.sent && w.onMarker}
	for n := len(w.found); n > 0 && w.found[n-1].end > start; n-- {
		if last := w.found[n-1]; last.start < start {
			f.start, f.secret, f.joined = last.start, last.secret, last.joined
		}
		w.found = w.found[:n-1]
	}
	w.found = append(w.found, f)
}

// markTail records the beginning of a form at the end of a stream, if it is
// long enough to be a leak.
func (w *Writer) markTail() {
	if d := int64(w.r.auto.depth[w.state]); d >= releasable && w.sent < w.pos {
		w.add(w.pos-d, w.pos, w.r.auto.secretOf(w.state))
	}
}

// show writes the stream up to limit, and the ranges that begin before it, and
// keeps the rest. text is the bytes from sent on, up to pos.
func (w *Writer) show(text []byte, limit int64) {
	from := w.sent
	if len(w.found) == 0 && limit > from { // as is nearly always the case
		w.send(text[:limit-from])
		w.sent, w.onMarker = limit, false
	} else {
		w.out = w.out[:0]
		w.send(w.render(text, limit))
	}
	if w.sent > from || len(w.held) == 0 {
		w.held = append(w.held[:0], text[w.sent-from:]...)
	}
}

// render appends to out what show is to write, and moves sent.
func (w *Writer) render(text []byte, limit int64) []byte {
	base := w.sent
	copyTo := func(end int64) {
		if end > w.sent {
			w.out = append(w.out, text[w.sent-base:end-base]...)
			w.sent, w.onMarker = end, false
		}
	}
	done := 0
	for _, f := range w.found {
		if f.start >= limit {
			break
		}
		copyTo(f.start)
		if !f.joined {
			w.out = append(w.out, w.r.markers[f.secret]...)
		}
		w.sent, w.onMarker = f.end, true
		done++
	}
	copyTo(limit)
	w.found = append(w.found[:0], w.found[done:]...)
	return w.out
}

func (w *Writer) send(p []byte) {
	if len(p) == 0 || w.err != nil {
		return
	}
	n, err := w.dst.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	w.err = err
}
