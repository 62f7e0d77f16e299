package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"syscall"
	"time"

	"github.com/nbseal/nbseal/internal/redact"
)

// pump moves one stream of the command's output, redacted, to where it goes.
// It reads no faster than that is written: two chunks at most are under way.
type pump struct {
	src  io.ReadCloser // Close makes a Read that blocks return, or does at the end of the stream
	dst  io.Writer
	w    *redact.Writer
	done chan struct{} // closed at the end; the fields below are then set
	err  error         // from dst; nil when its reader has gone, for the command notices
	cut  bool          // ended with the stream still open
}

const chunkSize = 64 << 10

func newPump(src io.ReadCloser, dst io.Writer, red *redact.Redactor) *pump {
	return &pump{src: src, dst: dst, w: red.Writer(dst), done: make(chan struct{})}
}

// run ends with the stream, with an error of dst, or some time after exited.
func (p *pump) run(exited <-chan struct{}) {
	defer close(p.done)
	chunks, free, quit := make(chan []byte), make(chan []byte, 2), make(chan struct{})
	free <- make([]byte, chunkSize)
	free <- make([]byte, chunkSize)
	go p.read(chunks, free, quit)
	err := p.move(chunks, free, exited)
	close(quit)
	// From here on the command's writes fail, as they would without us.
	closed := make(chan struct{})
	go func() { p.src.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(idleAfter): // where Close waits for a Read that blocks
	}
	if err == nil {
		err = p.w.Flush()
	}
	if err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, io.ErrClosedPipe) && !errors.Is(err, os.ErrClosed) {
		p.err = fmt.Errorf("writing the command's output: %w", err)
	}
}

// read hands over chunks until the stream ends; a pseudo-terminal ends with EIO.
func (p *pump) read(chunks chan<- []byte, free chan []byte, quit <-chan struct{}) {
	defer close(chunks)
	for {
		var buf []byte
		select {
		case buf = <-free:
		case <-quit:
			return
		}
		n, err := p.src.Read(buf[:chunkSize])
		if n > 0 {
			select {
			case chunks <- buf[:n]:
			case <-quit:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// move writes the chunks. Only the time spent waiting for them counts against
// whoever keeps the stream open after the command, not a slow reader's.
func (p *pump) move(chunks <-chan []byte, free chan<- []byte, exited <-chan struct{}) error {
	idle, quiet := newStoppedTimer(), newStoppedTimer()
	defer idle.Stop()
	defer quiet.Stop()
	var waited time.Duration
	var since time.Time // the command's end
	var bytes int
	for begin := time.Now(); ; begin = time.Now() {
		select {
		case c, ok := <-chunks:
			if !ok {
				return nil
			}
			if !since.IsZero() {
				waited += time.Since(begin)
				bytes += len(c)
			}
			if _, err := p.w.Write(c); err != nil {
				return err
			}
			free <- c
			if p.w.Held() > 0 {
				idle.Reset(idleAfter)
			} else {
				idle.Stop()
			}
			if since.IsZero() {
				continue
			}
			if waited > drainAtMost || bytes > drainBytes && time.Since(since) > drainAtMost {
				p.cut = true
				return nil
			}
			quiet.Reset(silence)
		case <-idle.C:
			waited += time.Since(begin)
			if err := p.w.Idle(); err != nil {
				return err
			}
		case <-exited:
			exited, since, waited = nil, time.Now(), 0
			quiet.Reset(silence)
		case <-quiet.C:
			p.cut = true
			return nil
		}
	}
}

func newStoppedTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// comparable reports whether == on the writer does not panic.
func comparable(w io.Writer) bool { return w != nil && reflect.TypeOf(w).Comparable() }
