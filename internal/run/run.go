// Package run starts a command with secrets in its environment, and blanks them
// out of what it prints, as it prints it.
//
// The command behaves as it would alone: it sees a terminal where there is one,
// with its size and its keys, gets the signals that are sent to nbseal, is
// slowed by a slow reader, and its exit code or signal is handed on. The values
// are in its environment, nowhere else: not in argv, not in a file.
//
// The rest of the environment is passed as it is given, NBSEAL_IDENTITY_FILE
// and NBSEAL_STORE included: they are paths, which the command could find
// anyway, and an nbseal inside the command needs them. So the command can do
// what its user can, reading the store included; run keeps values from whoever
// reads the output, not from the command.
//
// Not redacted is what goes another way than through stdout and stderr: files,
// the network, a terminal that the command opens by itself as /dev/tty when
// Options.Monitor does not apply, and everything that package redact does not
// promise.
//
// There are two ways to show a terminal. When stdin, stdout and the controlling
// terminal are one and nbseal is in its foreground, the command gets a
// pseudo-terminal as its controlling terminal, and the real one is in raw mode
// meanwhile. That needs Options.Monitor, and /dev/tty is redacted too. Otherwise
// (in a pipeline, in the background) stdin is passed through, the command stays
// in nbseal's process group, and a stdout or stderr that is a terminal is
// replaced by a pseudo-terminal for output alone. On Windows there are only
// pipes: the command sees no terminal in stdout and stderr.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nbseal/nbseal/internal/hardening"
	"github.com/nbseal/nbseal/internal/redact"
)

// Options say what to run.
type Options struct {
	Argv    []string        // the program, looked up in PATH, and its arguments
	Dir     string          // working directory; "" is the current one
	Env     []string        // KEY=VALUE, to which the secrets are added; nil is none
	Secrets []redact.Secret // each becomes the variable of its name

	// An *os.File is given to the command or redacted as the file it is; nil is
	// the null device. A Stdin that is no file is read until the command ends,
	// and a Read that blocks then is left behind. If Stdout and Stderr are the
	// same file, or equal, the order of what is written to them is kept.
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	// Monitor is a command line that calls [Monitor] in this same program, as
	// {os.Executable(), "some-hidden-verb"}; the command's argv is not added to
	// it. Without it a terminal is shown for output alone.
	Monitor []string

	// Warn is told, in words for people, of values too short to redact, before
	// anything runs, and of output that was cut off. It must be set.
	Warn func(text string)
}

// Status is how a command ended.
type Status struct {
	Code   int            // exit code, when Signal is 0
	Signal syscall.Signal // the signal that killed it, or 0; always 0 on Windows
}

// ExitCode is the code, or 128 and the signal's number, as shells have it.
func (s Status) ExitCode() int {
	if s.Signal != 0 {
		return 128 + int(s.Signal)
	}
	return s.Code
}

// Bounds on waiting.
const (
	idleAfter   = 100 * time.Millisecond // a pause in the output, see redact.Writer.Idle
	silence     = 2 * time.Second        // of those who keep the output open when the command has ended
	drainAtMost = 10 * time.Second       // waiting for them altogether
	drainBytes  = 16 << 20               // more than any pipe holds: it is they who write
	killAfter   = 5 * time.Second        // from SIGTERM to SIGKILL when ctx is done
)

// ErrNotFound is in the error of Command when there is no such program; the
// exit code for that is 127. ErrNotExecutable is when it cannot be executed:
// 126.
var (
	ErrNotFound      = errors.New("command not found")
	ErrNotExecutable = errors.New("cannot be executed")
)

// Command runs the command to its end and returns how that was. With an error,
// the Status is valid only if the command ran: the error is then about its
// output. When ctx is done, the command gets SIGTERM, and five seconds later
// SIGKILL.
//
// Signals that reach this process meanwhile are passed on (SIGHUP, SIGINT,
// SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH), unless they were ignored when
// it started. SIGINT and SIGQUIT are not when this process is in the
// foreground of a terminal that it shares with the command, which then has them
// from the terminal; one that was sent with kill to nbseal alone looks the
// same, and is lost.
//
// When the command has ended while others hold its output open, their output is
// shown until they are silent for two seconds, or ten seconds have been spent
// waiting. Then their output is closed.
func Command(ctx context.Context, o Options) (Status, error) {
	env, err := environ(o.Env, o.Secrets)
	if err != nil {
		return Status{}, err
	}
	if len(o.Argv) == 0 || o.Warn == nil {
		panic("run: no Argv or no Warn")
	}
	red, err := redact.New(o.Secrets)
	if err != nil {
		return Status{}, err
	}
	for _, name := range red.NotRedactable() {
		o.Warn(fmt.Sprintf("the value of %s is shorter than %d characters and is not redacted from the output", name, redact.MinLength))
	}
	path, err := lookUp(o.Argv[0], o.Dir)
	if err != nil {
		return Status{}, err
	}
	if err := hardening.Process(); err != nil {
		return Status{}, err
	}
	r := &runner{Options: o, red: red, path: path, env: env}
	defer r.close()
	return r.run(ctx)
}

// lookUp finds the program and makes sure of the directory, so that neither is
// taken for the other when the start fails.
func lookUp(name, dir string) (string, error) {
	if dir != "" {
		if info, err := os.Stat(dir); err != nil {
			return "", fmt.Errorf("working directory: %w", err)
		} else if !info.IsDir() {
			return "", fmt.Errorf("working directory %q: not a directory", dir)
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", startError(name, err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", fmt.Errorf("running %q: %w", name, err)
	}
	return path, nil
}

// startError makes one of the two kinds of an error of exec.
func startError(name string, err error) error {
	kind := ErrNotExecutable
	switch {
	case errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist):
		kind = ErrNotFound
	case errors.Is(err, syscall.E2BIG):
		err = errors.New("the environment or the arguments are too large; on Linux a variable has at most 128 KiB")
	}
	return fmt.Errorf("running %q: %w: %w", name, kind, err)
}

// child is a started command.
type child interface {
	signal(syscall.Signal) error // does nothing once the command has ended
	resume() error               // after stopped
	events() <-chan event        // stopped any number of times, then one end
	close()                      // lets go of it, after the end
}

// event is what happens to a child: it stopped, or it ended.
type event struct {
	stopped bool
	status  Status
	err     error
}

// runner is one run of a command.
type runner struct {
	Options
	red   *redact.Redactor
	path  string
	env   []string
	pumps []*pump
	after []func() // undoes what was done, last first
}

func (r *runner) close() {
	for i := len(r.after) - 1; i >= 0; i-- {
		r.after[i]()
	}
	r.after = nil
}

func (r *runner) later(f func()) { r.after = append(r.after, f) }

func (r *runner) run(ctx context.Context) (Status, error) {
	sigs := make(chan os.Signal, 16)
	defer notify(sigs)()
	c, term, err := r.start(sigs)
	if err != nil {
		return Status{}, err
	}
	exited := make(chan struct{})
	for _, p := range r.pumps {
		go func() {
			defer term.rescue()
			p.run(exited)
		}()
	}
	status, err := r.watch(ctx, c, term, sigs)
	term.ended()
	close(exited)
	errs := []error{err}
	cut := false
	for _, p := range r.pumps {
		<-p.done
		cut = cut || p.cut
		errs = append(errs, p.err)
	}
	c.close()
	term.leave()
	if cut {
		r.Warn("the command has ended, but something that it started keeps its output open; what that prints from here on is not shown")
	}
	return status, errors.Join(errs...)
}

// watch passes signals on until the command ends.
func (r *runner) watch(ctx context.Context, c child, term *terminal, sigs <-chan os.Signal) (Status, error) {
	done := ctx.Done()
	var kill <-chan time.Time
	for {
		select {
		case e := <-c.events():
			if !e.stopped {
				return e.status, e.err
			}
			term.suspend()
			if err := c.resume(); err != nil {
				return Status{}, err
			}
		case s := <-sigs:
			forward(c, term, s)
		case <-done:
			done, kill = nil, time.After(killAfter)
			_ = c.signal(syscall.SIGTERM)
		case <-kill:
			_ = c.signal(syscall.SIGKILL)
		}
	}
}

// direct is a child of this very process, in its process group.
type direct struct {
	cmd *exec.Cmd
	ch  chan event
}

// startDirect starts cmd and waits for it in the background.
func startDirect(cmd *exec.Cmd, name string) (*direct, error) {
	if err := cmd.Start(); err != nil {
		return nil, startError(name, err)
	}
	d := &direct{cmd, make(chan event, 1)}
	go func() {
		var e event
		if err := cmd.Wait(); err != nil && cmd.ProcessState == nil {
			e.err = fmt.Errorf("waiting for the command: %w", err)
		} else {
			e.status = statusOf(cmd.ProcessState)
		}
		d.ch <- e
	}()
	return d, nil
}

func (d *direct) events() <-chan event { return d.ch }
func (d *direct) resume() error        { return nil }
func (d *direct) close()               {}

// stdinFor gives cmd what is to be its stdin; the function starts copying, if
// that is needed, once cmd has started.
func (r *runner) stdinFor(cmd *exec.Cmd) (func(), error) {
	if r.Stdin == nil {
		return func() {}, nil
	}
	if f, ok := r.Stdin.(*os.File); ok {
		cmd.Stdin = f
		return func() {}, nil
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe: %w", err)
	}
	cmd.Stdin = read
	r.later(func() { write.Close() })
	return func() {
		read.Close()
		go func() { // a Read that blocks cannot be ended; see Options.Stdin
			_, _ = io.Copy(write, r.Stdin)
			write.Close()
		}()
	}, nil
}

// pipeTo adds a pump to dst, and returns what the command is to write to.
func (r *runner) pipeTo(dst io.Writer) (*os.File, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe: %w", err)
	}
	r.later(func() { read.Close() })
	r.pumps = append(r.pumps, newPump(read, dst, r.red))
	return write, nil
}

// same reports whether two writers are one.
func same(a, b io.Writer) bool {
	fa, ok1 := a.(*os.File)
	fb, ok2 := b.(*os.File)
	if !ok1 || !ok2 {
		return comparable(a) && comparable(b) && a == b
	}
	ia, err1 := fa.Stat()
	ib, err2 := fb.Stat()
	return err1 == nil && err2 == nil && os.SameFile(ia, ib)
}
