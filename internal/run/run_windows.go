package run

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// terminal is nothing here: the console serves both processes.
type terminal struct{}

func (*terminal) suspend() {}
func (*terminal) leave()   {}
func (*terminal) ended()   {}
func (*terminal) rescue()  {}

// start starts the command with pipes.
func (r *runner) start(chan<- os.Signal) (child, *terminal, error) {
	cmd := &exec.Cmd{Path: r.path, Args: r.Argv, Dir: r.Dir, Env: r.env}
	started, err := r.stdinFor(cmd)
	if err != nil {
		return nil, nil, err
	}
	var theirs []*os.File
	open := func(dst *os.File) { theirs = append(theirs, dst) }
	if r.Stdout != nil {
		f, err := r.pipeTo(r.Stdout)
		if err != nil {
			return nil, nil, err
		}
		cmd.Stdout = f
		open(f)
	}
	switch {
	case r.Stderr == nil:
	case r.Stdout != nil && same(r.Stdout, r.Stderr):
		cmd.Stderr = cmd.Stdout
	default:
		f, err := r.pipeTo(r.Stderr)
		if err != nil {
			return nil, nil, err
		}
		cmd.Stderr = f
		open(f)
	}
	d, err := startDirect(cmd, r.Argv[0])
	for _, f := range theirs {
		f.Close()
	}
	if err != nil {
		return nil, nil, err
	}
	started()
	return d, nil, nil
}

// notify keeps Ctrl-C from ending this process: the console gives it to the
// command as well, which decides.
func notify(sigs chan<- os.Signal) (stop func()) {
	signal.Notify(sigs, os.Interrupt)
	return func() { signal.Stop(sigs) }
}

func forward(child, *terminal, os.Signal) {}

// signal ends the process, for there are no signals.
func (d *direct) signal(syscall.Signal) error { return d.cmd.Process.Kill() }

func statusOf(s *os.ProcessState) Status { return Status{Code: s.ExitCode()} }

// Die returns, for no process dies of a signal on Windows; exit with
// Status.ExitCode then.
func Die(Status) {}

// Monitor is never started on Windows.
func Monitor() error { return errors.New("there is no monitor on Windows") }
