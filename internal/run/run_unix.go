//go:build unix

package run

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// start starts the command behind a monitor if there is a terminal to own, else
// as a child in this process group.
func (r *runner) start(sigs chan<- os.Signal) (child, *terminal, error) {
	if t := r.ownTerminal(); t != nil {
		c, err := r.startMonitored(t, sigs)
		return c, t, err
	}
	cmd := &exec.Cmd{Path: r.path, Args: r.Argv, Dir: r.Dir, Env: r.env}
	started, err := r.stdinFor(cmd)
	if err != nil {
		return nil, nil, err
	}
	t := &terminal{}
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	if r.Stdout != nil {
		f, err := r.outputTo(r.Stdout, t)
		if err != nil {
			return nil, nil, err
		}
		theirs = append(theirs, f)
		cmd.Stdout = f
	}
	switch {
	case r.Stderr == nil:
	case r.Stdout != nil && same(r.Stdout, r.Stderr):
		cmd.Stderr = cmd.Stdout
	default:
		f, err := r.outputTo(r.Stderr, t)
		if err != nil {
			return nil, nil, err
		}
		theirs = append(theirs, f)
		cmd.Stderr = f
	}
	d, err := startDirect(cmd, r.Argv[0])
	if err != nil {
		return nil, nil, err
	}
	started()
	return d, t, nil
}

// outputTo adds a pump to dst, and returns what the command is to write to: a
// terminal if dst is one, for output alone.
func (r *runner) outputTo(dst io.Writer, t *terminal) (*os.File, error) {
	outer, ok := dst.(*os.File)
	if !ok || !isTerminal(outer) {
		return r.pipeTo(dst)
	}
	master, slave, err := openPTY(outer, false)
	if err != nil { // no /dev/ptmx, as in a bare container
		r.Warn(fmt.Sprintf("the command sees no terminal: %v", err))
		return r.pipeTo(dst)
	}
	src, err := newTTYReader(master)
	if err != nil {
		slave.Close()
		return nil, err
	}
	r.later(func() { src.Close() })
	t.outer, t.masters = outer, append(t.masters, master)
	r.pumps = append(r.pumps, newPump(src, dst, r.red))
	return slave, nil
}

// notify sends the signals that are passed on to sigs. Those that were ignored
// when this process started stay ignored, by the command too. SIGPIPE is taken,
// lest the runtime end this process when a reader of stdout has gone: the
// command is to notice that.
func notify(sigs chan<- os.Signal) (stop func()) {
	for _, s := range []os.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH} {
		if !signal.Ignored(s) {
			signal.Notify(sigs, s)
		}
	}
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, unix.SIGPIPE)
	return func() {
		signal.Stop(sigs)
		signal.Stop(pipe)
	}
}

// forward passes a signal on.
func forward(c child, t *terminal, s os.Signal) {
	switch s {
	case unix.SIGWINCH:
		t.resize()
		if t.owned { // the resized terminal told the command
			return
		}
	case unix.SIGCONT:
		t.enter()
		return
	case unix.SIGINT, unix.SIGQUIT:
		if !t.owned && inForeground() {
			return
		}
	}
	_ = c.signal(s.(syscall.Signal))
}

// inForeground reports whether the keys of the controlling terminal signal this
// process group.
func inForeground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	defer tty.Close()
	return isForeground(tty)
}

func isForeground(tty *os.File) bool {
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// signal sends a signal. os.Process knows whether the command has ended.
func (d *direct) signal(s syscall.Signal) error { return d.cmd.Process.Signal(s) }

func statusOf(s *os.ProcessState) Status {
	if w, ok := s.Sys().(syscall.WaitStatus); ok {
		return statusOfWait(unix.WaitStatus(w))
	}
	return Status{Code: s.ExitCode()}
}

func statusOfWait(w unix.WaitStatus) Status {
	if w.Signaled() {
		return Status{Signal: w.Signal()}
	}
	return Status{Code: w.ExitStatus()}
}

// Die ends this process by the signal that ended the command, so that whoever
// started it sees the same. It returns if s has no signal; should the signal
// not kill, the exit code is that of s.
//
// Go's runtime handles most signals: SIGQUIT prints goroutines, SIGPIPE and
// others are dropped. So the process becomes a shell, where signals have their
// default actions, and that sends it to itself. No core is written, since
// Command has forbidden that.
func Die(s Status) {
	if s.Signal == 0 {
		return
	}
	script := "kill -" + strconv.Itoa(int(s.Signal)) + " $$; exit " + strconv.Itoa(s.ExitCode())
	_ = unix.Exec("/bin/sh", []string{"sh", "-c", script}, nil)
}
