package leaktest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What a program that goes on after its test is given to end by itself, to end
// after SIGTERM, and to be gone after SIGKILL.
const (
	graceSelf = 2 * time.Second
	graceTerm = 3 * time.Second
	graceKill = 10 * time.Second
)

// maxString is the number of bytes of one write that strace shows. A longer
// one is a leak of the kind "not searched".
const maxString = 8 << 20

// tracedCalls are the system calls by which data or names leave a process, and
// those by which processes come to be.
var tracedCalls = []string{
	"execve", "execveat", "fork", "vfork", "clone", "clone3",
	"write", "writev", "pwrite64", "pwritev", "pwritev2", "vmsplice",
	"sendto", "sendmsg", "sendmmsg", "splice", "tee", "sendfile", "copy_file_range", "mmap", "io_uring_setup",
	"open", "openat", "openat2", "creat", "mkdir", "mkdirat", "mknod", "mknodat", "rename", "renameat", "renameat2",
	"link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "setxattr", "lsetxattr", "fsetxattr",
	"memfd_create", "bind", "connect",
}

// Cmd is a program to run in a Box.
type Cmd struct {
	Args  []string // the program, looked up in PATH unless it has a slash, and its arguments
	Env   []string // NAME=value, added to Box.Env
	Dir   string   // relative to the folder that programs start in
	Stdin string   // all of standard input
	// Shows names the canaries that standard output may hold. Standard error
	// may hold none, ever.
	Shows []string
}

// Result is what a program left to its caller. Its outputs may hold canaries:
// do not print them.
type Result struct {
	Stdout, Stderr []byte
	Code           int // exit code; 128 and the signal's number if a signal ended it
}

// Proc is a program that was started, traced with all its children.
type Proc struct {
	cmd     *exec.Cmd
	spec    Cmd
	logs    string // folder with one trace a thread
	outputs [2]*output
}

// output collects what comes out of one pipe.
type output struct {
	name  string
	inode string // as strace shows it
	eof   chan struct{}
	mu    sync.Mutex
	data  []byte
}

// Run runs a program to its end.
func (b *Box) Run(c Cmd) Result {
	b.t.Helper()
	return b.Start(c).Wait()
}

// Start starts a program. When the test ends it is ended, if it has not ended
// by then: left alone for 2 s, asked with SIGTERM, killed 3 s later.
func (b *Box) Start(c Cmd) *Proc {
	b.t.Helper()
	p, err := b.start(c)
	if err != nil {
		b.t.Fatalf("leaktest: starting %q: %v", c.Args[0], err)
	}
	return p
}

func (b *Box) start(c Cmd) (*Proc, error) {
	program, err := exec.LookPath(c.Args[0])
	if err != nil {
		return nil, err
	}
	p := &Proc{spec: c, logs: filepath.Join(b.logs, strconv.Itoa(len(b.procs)))}
	if err := os.Mkdir(p.logs, 0o700); err != nil {
		return nil, err
	}
	// -DD: the program, not strace, is the child here, so that its exit code
	// and the signals to it are its own. -ff: a file for each thread, so that
	// no line is split. -xx: text in hex, so that it can be told from syntax.
	// Not --seccomp-bpf: faster, but 2 in 150 traces of a Go program had a call
	// of a wrong number in a thread that was about to end (strace 6.1).
	args := slices.Concat(asTracer(), []string{
		"strace", "-DD", "-ff", "-v", "-xx", "-yy", "-ttt", "--quiet=attach,personality,thread-execve",
		"-s", strconv.Itoa(maxString), "-e", "trace=" + strings.Join(tracedCalls, ","),
		"-o", filepath.Join(p.logs, "trace"), "--", program}, c.Args[1:])
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Env = append(b.Env(), c.Env...)
	p.cmd.Dir = b.Path(c.Dir)
	p.cmd.Stdin = strings.NewReader(c.Stdin)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.WaitDelay = graceSelf // for the rest of a standard input that nobody reads

	ends := make([]*os.File, 2)
	for i, name := range []string{"stdout", "stderr"} {
		if p.outputs[i], ends[i], err = newOutput(name); err != nil {
			return nil, err
		}
		defer ends[i].Close()
	}
	p.cmd.Stdout, p.cmd.Stderr = ends[0], ends[1]
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	b.procs = append(b.procs, p)
	if err := p.awaitTrace(); err != nil {
		return nil, err
	}
	b.Given(c.Stdin + "\x00" + strings.Join(c.Env, "\x00"))
	return p, nil
}

// asTracer is what lets strace read the memory and the descriptors of a process
// that is not dumpable (prctl(2)), as nbseal is. Root may; anybody else may as
// the root of a user namespace of his own, which is also who the programs then
// think they run as.
func asTracer() []string {
	if os.Geteuid() == 0 {
		return nil
	}
	return []string{"unshare", "--user", "--map-root-user", "--"}
}

// awaitTrace waits until strace has seen the program start: before that it is
// not the program that signals go to.
func (p *Proc) awaitTrace() error {
	log := filepath.Join(p.logs, fmt.Sprintf("trace.%d", p.Pid()))
	for deadline := time.Now().Add(graceKill); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if info, err := os.Stat(log); err == nil && info.Size() > 0 {
			return nil
		}
	}
	return fmt.Errorf("strace does not trace it: %s", firstLine(string(p.Stderr())))
}

// newOutput returns a pipe's reader, which reads by itself, and its writing end.
func newOutput(name string) (*output, *os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	var stat syscall.Stat_t
	if err := syscall.Fstat(int(r.Fd()), &stat); err != nil {
		return nil, nil, errors.Join(err, r.Close(), w.Close())
	}
	o := &output{name: name, inode: fmt.Sprintf("pipe:[%d]", stat.Ino), eof: make(chan struct{})}
	go func() {
		defer close(o.eof)
		defer r.Close()
		buf := make([]byte, 32<<10)
		for {
			n, err := r.Read(buf)
			o.mu.Lock()
			o.data = append(o.data, buf[:n]...)
			o.mu.Unlock()
			if err != nil {
				return // the end: nothing else can fail in reading a pipe
			}
		}
	}()
	return o, w, nil
}

func (o *output) bytes() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.data)
}

// Pid is the id of the program's first process.
func (p *Proc) Pid() int { return p.cmd.Process.Pid }

// Signal sends a signal to the program's first process.
func (p *Proc) Signal(sig os.Signal) error { return p.cmd.Process.Signal(sig) }

// Stdout returns what has come out so far.
func (p *Proc) Stdout() []byte { return p.outputs[0].bytes() }

// Stderr returns what has come out so far.
func (p *Proc) Stderr() []byte { return p.outputs[1].bytes() }

// Wait waits for the program's first process to end. Children that it left
// behind go on; what they print within 2 s, if they keep its outputs open, is
// in the result.
func (p *Proc) Wait() Result {
	_ = p.cmd.Wait() // the state has all that the error says
	late := time.After(graceSelf)
	for _, o := range p.outputs {
		select {
		case <-o.eof:
		case <-late:
		}
	}
	code := p.cmd.ProcessState.ExitCode()
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	return Result{Stdout: p.Stdout(), Stderr: p.Stderr(), Code: code}
}

// end sees to it that every process of the program is gone and that its trace
// is complete.
func (p *Proc) end() error {
	if p.cmd.ProcessState == nil {
		go func() { _ = p.cmd.Wait() }() // reaps it, so that strace sees it go
	}
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{0, graceSelf}, {syscall.SIGTERM, graceTerm}, {syscall.SIGKILL, graceKill}} {
		for deadline := time.Now().Add(step.wait); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			running, err := p.running()
			if err != nil {
				return err
			}
			if len(running) == 0 {
				return nil
			}
			if step.signal == 0 {
				continue
			}
			for _, id := range running {
				_ = syscall.Kill(id, step.signal) // gone in between is as well
			}
			if step.signal == syscall.SIGTERM {
				time.Sleep(step.wait / 20) // not to ask too often
			}
		}
	}
	return fmt.Errorf("the processes of %q did not end", p.spec.Args[0])
}

// running lists the threads whose trace has no end yet.
func (p *Proc) running() ([]int, error) {
	logs, err := filepath.Glob(filepath.Join(p.logs, "trace.*"))
	if err != nil || len(logs) == 0 {
		return nil, fmt.Errorf("strace left no trace of %q: %s", p.spec.Args[0], firstLine(string(p.Stderr())))
	}
	var running []int
	for _, log := range logs {
		ended, err := hasEnd(log)
		if err != nil {
			return nil, err
		}
		if !ended {
			id, err := strconv.Atoi(strings.TrimPrefix(filepath.Ext(log), "."))
			if err != nil {
				return nil, err
			}
			running = append(running, id)
		}
	}
	return running, nil
}

// hasEnd reports whether the last line of a trace says that the thread ended.
func hasEnd(log string) (bool, error) {
	f, err := os.Open(log)
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	tail := make([]byte, min(info.Size(), 200))
	if _, err := f.ReadAt(tail, info.Size()-int64(len(tail))); err != nil {
		return false, err
	}
	return bytes.HasSuffix(tail, []byte(" +++\n")), nil
}

// outputLeaks searches standard output and error.
func (p *Proc) outputLeaks(s *Searcher) []Leak {
	var leaks []Leak
	for _, o := range p.outputs {
		for _, hit := range s.Search(o.bytes()) {
			if o.name == "stdout" && slices.Contains(p.spec.Shows, hit.Canary) {
				continue
			}
			leaks = append(leaks, Leak{Output, filepath.Base(p.spec.Args[0]), o.name, hit})
		}
	}
	return leaks
}
