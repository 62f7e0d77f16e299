//go:build unix

package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// terminal is the real terminal and the pseudo-terminals that stand for it.
type terminal struct {
	outer   *os.File   // nil when there is none
	masters []*os.File // our sides of the pseudo-terminals
	slave   *os.File   // of the owned one, open so that it does not hang up before the command's end
	owned   bool       // the first master is the command's controlling terminal, and its keyboard

	mu    sync.Mutex
	saved *term.State // modes of outer to go back to; set while it is raw
	stop  func()      // ends the copying of keys
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// ownTerminal returns the terminal if it is this process's to give away.
func (r *runner) ownTerminal() *terminal {
	in, ok1 := r.Stdin.(*os.File)
	out, ok2 := r.Stdout.(*os.File)
	if len(r.Monitor) == 0 || !ok1 || !ok2 || !isTerminal(in) || !isTerminal(out) || !same(in, out) || !isForeground(in) {
		return nil
	}
	return &terminal{outer: in, owned: true}
}

// openPTY opens a pseudo-terminal with the modes and the size of outer. When it
// is not in control, it leaves the bytes as they are, for outer processes them.
func openPTY(outer *os.File, control bool) (master, slave *os.File, err error) {
	modes, err := unix.IoctlGetTermios(int(outer.Fd()), getTermios)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the terminal's modes: %w", err)
	}
	if !control {
		modes.Oflag &^= unix.OPOST
		modes.Lflag &^= unix.ECHO
	}
	master, slave, err = pty.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("opening a pseudo-terminal: %w", err)
	}
	if err = unix.IoctlSetTermios(int(slave.Fd()), setTermios, modes); err == nil {
		err = pty.InheritSize(outer, master)
	}
	if err != nil {
		master.Close()
		slave.Close()
		return nil, nil, fmt.Errorf("setting up a pseudo-terminal: %w", err)
	}
	return master, slave, nil
}

// resize gives the pseudo-terminals the size of the real one.
func (t *terminal) resize() {
	for _, m := range t.masters {
		_ = pty.InheritSize(t.outer, m) // a terminal that has gone needs no size
	}
}

// enter makes the terminal raw and copies its keys to the command, if this
// process is in the foreground; otherwise that waits for the next SIGCONT.
func (t *terminal) enter() {
	if !t.owned || !isForeground(t.outer) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	saved, err := term.MakeRaw(int(t.outer.Fd()))
	if err != nil {
		return // it has gone; SIGHUP tells
	}
	if t.saved == nil {
		t.saved = saved
	}
	if t.stop == nil {
		t.stop = t.copyKeys()
	}
	t.resize()
}

// leave gives the terminal back as it was.
func (t *terminal) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stop != nil {
		t.stop()
		t.stop = nil
	}
	if t.saved != nil && isForeground(t.outer) { // else SIGTTOU would stop us, and it is somebody else's
		_ = term.Restore(int(t.outer.Fd()), t.saved)
	}
	t.saved = nil
}

// ended says that the command has ended: its output ends once nobody else has
// the terminal open.
func (t *terminal) ended() {
	if t.slave != nil {
		t.slave.Close()
	}
}

// rescue, deferred by goroutines, gives the terminal back before a panic ends
// the process.
func (t *terminal) rescue() {
	if v := recover(); v != nil {
		t.leave()
		panic(v)
	}
}

// orphanWait is how long a stop may take. A group without a shell does not stop.
const orphanWait = 200 * time.Millisecond

// suspend stops this process as its command was stopped, and returns when it is
// continued. The whole group is stopped, as the terminal's key would do it.
// SIGTSTP must never have been given to signal.Notify: Go's runtime does not go
// back to the default action.
func (t *terminal) suspend() {
	if !t.owned {
		return
	}
	t.leave()
	cont := make(chan os.Signal, 1)
	signal.Notify(cont, unix.SIGCONT)
	defer signal.Stop(cont)
	if err := unix.Kill(0, unix.SIGTSTP); err == nil {
		select {
		case <-cont:
		case <-time.After(orphanWait):
		}
	}
	t.enter()
}

// copyKeys copies what is typed to the command until stop is called. stop does
// not wait for a write to a command that does not read.
func (t *terminal) copyKeys() (stop func()) {
	wake, stopper, err := os.Pipe()
	if err != nil {
		return func() {}
	}
	go func() {
		defer t.rescue()
		defer wake.Close()
		buf := make([]byte, 4096)
		for readable(t.outer, wake) == nil {
			n, err := t.outer.Read(buf)
			if n > 0 {
				_, err = t.masters[0].Write(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	return func() { stopper.Close() }
}

// readable waits until f can be read, and returns io.EOF if the other end of
// wake is closed first. It is select(2), since poll(2) on macOS and kqueue do
// not take every terminal.
func readable(f, wake *os.File) error {
	fd, w := int(f.Fd()), int(wake.Fd())
	for {
		var set unix.FdSet
		if fd < 0 || max(fd, w) >= unix.FD_SETSIZE {
			return os.ErrClosed
		}
		set.Set(fd)
		set.Set(w)
		switch _, err := unix.Select(max(fd, w)+1, &set, nil, nil, nil); {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return err
		case set.IsSet(w):
			return io.EOF
		default:
			return nil
		}
	}
}

// ttyReader reads our side of a pseudo-terminal. Close ends a Read that waits.
type ttyReader struct {
	f             *os.File
	wake, stopper *os.File
	once          sync.Once
	reading       sync.Mutex
}

// newTTYReader owns f, also when it fails.
func newTTYReader(f *os.File) (*ttyReader, error) {
	wake, stopper, err := os.Pipe()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("making a pipe: %w", err)
	}
	return &ttyReader{f: f, wake: wake, stopper: stopper}, nil
}

func (t *ttyReader) Read(p []byte) (int, error) {
	t.reading.Lock()
	defer t.reading.Unlock()
	if err := readable(t.f, t.wake); err != nil {
		return 0, err
	}
	return t.f.Read(p)
}

func (t *ttyReader) Close() error {
	var err error
	t.once.Do(func() {
		t.stopper.Close()
		t.reading.Lock()
		defer t.reading.Unlock()
		t.wake.Close()
		err = t.f.Close()
	})
	return err
}
