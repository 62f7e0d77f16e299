//go:build unix

package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/nbseal/nbseal/internal/hardening"
)

// The command of an owned terminal runs in a session of its own. A process that
// is alone there does not stop on Ctrl-Z: the kernel drops such signals where
// nobody in the session could continue it (POSIX, orphaned process groups). So
// the session's first process is a monitor, this same program, and the command
// is its child, in a group of its own.

// message goes between Command and Monitor, as JSON over a socket.
type message struct {
	Kind string   `json:"kind"`
	Path string   `json:"path,omitempty"` // start
	Argv []string `json:"argv,omitempty"` // start
	N    int      `json:"n,omitempty"`    // signal and killed: the signal; exited: the code; failed: 127 or 126
	Text string   `json:"text,omitempty"` // failed
}

// The kinds of messages, to the monitor and from it.
const (
	msgStart  = "start"
	msgSignal = "signal"
	msgResume = "resume"

	msgFailed  = "failed"
	msgStarted = "started"
	msgStopped = "stopped"
	msgExited  = "exited"
	msgKilled  = "killed"
)

// monitorFD is where the monitor finds its socket.
const monitorFD = 3

// Monitor is the program that Options.Monitor starts. It returns when the
// command has ended and Command has let go of it; the caller then exits.
func Monitor() error {
	sock := os.NewFile(monitorFD, "monitor")
	if sock == nil {
		return errors.New("the monitor is started by nbseal alone")
	}
	unix.CloseOnExec(monitorFD)
	if err := hardening.Process(); err != nil {
		return err
	}
	dec, enc := json.NewDecoder(sock), json.NewEncoder(sock)
	var m message
	if err := dec.Decode(&m); err != nil || m.Kind != msgStart {
		return errors.New("the monitor is started by nbseal alone")
	}
	hup := make(chan os.Signal, 1)
	if !signal.Ignored(unix.SIGHUP) {
		signal.Notify(hup, unix.SIGHUP)
	}
	cmd := &exec.Cmd{Path: m.Path, Args: m.Argv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true}}
	if err := cmd.Start(); err != nil {
		f := message{Kind: msgFailed, N: 126, Text: errors.Unwrap(err).Error()}
		if errors.Is(err, os.ErrNotExist) {
			f.N = 127
		}
		return enc.Encode(f)
	}
	pid := cmd.Process.Pid
	// The command may have touched the terminal before it was in the foreground.
	_ = unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, pid)
	_ = unix.Kill(-pid, unix.SIGCONT)
	for _, f := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		f.Close() // or the output would not end with the command
	}
	if err := enc.Encode(message{Kind: msgStarted}); err != nil {
		return err
	}
	go reap(pid, enc)
	go func() { // the terminal has gone: its session's first process is told
		for range hup {
			_ = unix.Kill(-pid, unix.SIGHUP)
			_ = unix.Kill(-pid, unix.SIGCONT)
		}
	}()
	for {
		if err := dec.Decode(&m); err != nil {
			return nil
		}
		switch m.Kind {
		case msgSignal:
			_ = cmd.Process.Signal(syscall.Signal(m.N))
		case msgResume:
			_ = unix.Kill(-pid, unix.SIGCONT)
		}
	}
}

// reap reports what becomes of the command.
func reap(pid int, enc *json.Encoder) {
	for {
		var w unix.WaitStatus
		_, err := unix.Wait4(pid, &w, unix.WUNTRACED, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return
		case w.Stopped():
			_ = enc.Encode(message{Kind: msgStopped})
			continue
		}
		if s := statusOfWait(w); s.Signal != 0 {
			_ = enc.Encode(message{Kind: msgKilled, N: int(s.Signal)})
		} else {
			_ = enc.Encode(message{Kind: msgExited, N: s.Code})
		}
		return
	}
}

// monitored is a command behind a monitor.
type monitored struct {
	cmd  *exec.Cmd
	sock *os.File
	enc  *json.Encoder
	ch   chan event
}

// startMonitored starts the command on t, and takes the terminal.
func (r *runner) startMonitored(t *terminal, sigs chan<- os.Signal) (child, error) {
	master, slave, err := openPTY(t.outer, true)
	if err != nil {
		return nil, err
	}
	t.slave = slave
	r.later(t.ended)
	src, err := newTTYReader(master)
	if err != nil {
		return nil, err
	}
	r.later(func() { src.Close() })
	t.masters = append(t.masters, master)
	r.pumps = append(r.pumps, newPump(src, r.Stdout, r.red))

	cmd := &exec.Cmd{Path: r.Monitor[0], Args: r.Monitor, Dir: r.Dir, Env: r.env, Stdin: slave, Stdout: slave,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Setctty: true}}
	switch {
	case r.Stderr == nil:
	case same(r.Stdout, r.Stderr):
		cmd.Stderr = slave
	default:
		f, err := r.outputTo(r.Stderr, &terminal{})
		if err != nil {
			return nil, err
		}
		defer f.Close()
		cmd.Stderr = f
	}
	m, err := startMonitor(cmd, message{Kind: msgStart, Path: r.path, Argv: r.Argv})
	if err != nil {
		return nil, err
	}
	r.later(t.leave)
	signal.Notify(sigs, unix.SIGCONT)
	t.enter()
	return m, nil
}

// startMonitor starts cmd and has it start the command.
func startMonitor(cmd *exec.Cmd, start message) (*monitored, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, fmt.Errorf("making a socket: %w", err)
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	ours, theirs := os.NewFile(uintptr(fds[0]), "monitor"), os.NewFile(uintptr(fds[1]), "monitor")
	cmd.ExtraFiles = []*os.File{theirs}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		ours.Close()
		return nil, fmt.Errorf("starting the monitor: %w", err)
	}
	m := &monitored{cmd, ours, json.NewEncoder(ours), make(chan event, 8)}
	dec := json.NewDecoder(ours)
	var answer message
	if err = m.enc.Encode(start); err == nil {
		err = dec.Decode(&answer)
	}
	switch {
	case err != nil:
		err = fmt.Errorf("starting the monitor: %w", err)
	case answer.Kind == msgFailed && answer.N == 127:
		err = fmt.Errorf("running %q: %w: %s", start.Argv[0], ErrNotFound, answer.Text)
	case answer.Kind == msgFailed:
		err = fmt.Errorf("running %q: %w: %s", start.Argv[0], ErrNotExecutable, answer.Text)
	}
	if err != nil {
		m.close()
		return nil, err
	}
	go m.listen(dec)
	return m, nil
}

// listen turns the monitor's messages into events, up to the end.
func (m *monitored) listen(dec *json.Decoder) {
	for {
		var msg message
		if err := dec.Decode(&msg); err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("it has ended")
			}
			m.ch <- event{err: fmt.Errorf("waiting for the monitor: %w", err)}
			return
		}
		switch msg.Kind {
		case msgStopped:
			m.ch <- event{stopped: true}
		case msgExited:
			m.ch <- event{status: Status{Code: msg.N}}
			return
		case msgKilled:
			m.ch <- event{status: Status{Signal: syscall.Signal(msg.N)}}
			return
		}
	}
}

func (m *monitored) events() <-chan event { return m.ch }

func (m *monitored) signal(s syscall.Signal) error {
	return m.enc.Encode(message{Kind: msgSignal, N: int(s)})
}

func (m *monitored) resume() error {
	if err := m.enc.Encode(message{Kind: msgResume}); err != nil {
		return fmt.Errorf("continuing the command: %w", err)
	}
	return nil
}

func (m *monitored) close() {
	m.sock.Close()
	_ = m.cmd.Wait()
}
