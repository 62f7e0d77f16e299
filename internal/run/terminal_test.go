//go:build unix

package run_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// screen is a terminal with a person before it.
type screen struct {
	t      *testing.T
	master *os.File
	slave  *os.File
	shown  buffer
	read   int // of shown, by expect
	cmd    *exec.Cmd
	ended  chan error
	before term.State // of the terminal, when the program starts
}

// open starts cmd as the leader of a session on a new terminal of 100 columns
// and 40 rows. Files that cmd has already are left to it.
func open(t *testing.T, cmd *exec.Cmd) *screen {
	t.Helper()
	s := &screen{t: t, cmd: cmd, ended: make(chan error, 1)}
	var err error
	if s.master, s.slave, err = pty.Open(); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(int(s.master.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	s.master.Close()
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil { // so that Close ends a Read that waits
		t.Fatal(err)
	}
	s.master = os.NewFile(uintptr(fd), "terminal")
	t.Cleanup(func() { s.slave.Close(); s.master.Close() })
	s.resize(100, 40)
	ctty := -1
	for fd, f := range map[int]any{0: cmd.Stdin, 1: cmd.Stdout, 2: cmd.Stderr} {
		if f == nil {
			ctty = fd
		}
	}
	if cmd.Stdin == nil {
		cmd.Stdin = s.slave
	}
	if cmd.Stdout == nil {
		cmd.Stdout = s.slave
	}
	if cmd.Stderr == nil {
		cmd.Stderr = s.slave
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: ctty}
	s.before = s.modes()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := s.master.Read(buf)
			_, _ = s.shown.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	go func() { s.ended <- cmd.Wait() }()
	return s
}

func (s *screen) resize(cols, rows uint16) {
	s.t.Helper()
	if err := unix.IoctlSetWinsize(int(s.slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: cols, Row: rows}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *screen) keys(k string) {
	s.t.Helper()
	if _, err := s.master.WriteString(k); err != nil {
		s.t.Fatal(err)
	}
}

// expect waits for text, after what was expected before, and returns all up to it.
func (s *screen) expect(text string) string {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		rest := s.shown.String()[s.read:]
		if i := strings.Index(rest, text); i >= 0 {
			s.read += i + len(text)
			return rest[:i+len(text)]
		}
	}
	s.t.Fatalf("no %q in %q", text, s.shown.String()[s.read:])
	return ""
}

func (s *screen) wait() *os.ProcessState {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
		s.t.Fatalf("does not end; shown: %q", s.shown.String())
	}
	return s.cmd.ProcessState
}

func (s *screen) modes() term.State {
	s.t.Helper()
	m, err := term.GetState(int(s.slave.Fd()))
	if err != nil {
		s.t.Fatal(err)
	}
	return *m
}

const lookAround = `
import os, signal, sys, time
v = os.environ["TOKEN"]
signal.signal(signal.SIGWINCH, lambda *a: print("now", *os.get_terminal_size(1), flush=True))
print("tty", *(os.isatty(i) for i in range(3)), *os.get_terminal_size(1))
print("value", v)
for c in v: sys.stdout.write(c); sys.stdout.flush(); time.sleep(.001)
print()
`

func TestTerminal(t *testing.T) {
	v := randomValue()
	script := lookAround + `
with open("/dev/tty", "w") as f: f.write("direct " + v + "\n")
print("ctty", os.tcgetpgrp(0) == os.getpgrp(), flush=True)
print("typed", sys.stdin.readline().strip(), repr(sys.stdin.readline()))
while True: time.sleep(.05)`
	s := open(t, cli(t, v, "python3", "-c", script))
	s.expect("tty True True True 100 40\r\nvalue [nbseal:TOKEN]\r\n[nbseal:TOKEN]\r\n")
	s.expect("direct [nbseal:TOKEN]\r\n")
	s.expect("ctty True\r\n")
	if s.modes() == s.before {
		t.Error("the terminal is not raw meanwhile")
	}
	s.resize(50, 20)
	s.expect("now 50 20\r\n")
	s.keys("a line\n")
	s.expect("a line\r\n") // the echo
	s.keys("\x04")
	s.expect("typed a line ''\r\n")
	s.keys("\x03")
	s.expect("KeyboardInterrupt")
	if w := s.wait().Sys().(syscall.WaitStatus); w.Signal() != syscall.SIGINT {
		t.Errorf("ended with %v", s.cmd.ProcessState)
	}
	if s.modes() != s.before {
		t.Error("the modes of the terminal are not restored")
	}
	if strings.Contains(s.shown.String(), v) {
		t.Errorf("the value is shown: %q", s.shown.String())
	}
}

// TestTerminalSignals: what is sent to us reaches the command, and the terminal
// is given back.
func TestTerminalSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		s := open(t, cli(t, randomValue(), "sh", "-c", "echo ready; exec sleep 30"))
		s.expect("ready")
		if err := s.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if w := s.wait().Sys().(syscall.WaitStatus); w.Signal() != sig {
			t.Errorf("%v: ended with %v", sig, s.cmd.ProcessState)
		}
		if s.modes() != s.before {
			t.Errorf("%v: the modes of the terminal are not restored", sig)
		}
	}
}

func TestTerminalErrors(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte("\x7fELF nothing"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := open(t, cli(t, randomValue(), bad))
	s.expect("cannot be executed: exec format error")
	s.wait()
	s = open(t, cli(t, randomValue(), "sh", "-c", "exit 42"))
	if code := s.wait().ExitCode(); code != 42 {
		t.Errorf("exit code %d: %q", code, s.shown.String())
	}
	// Letting go of the terminal is not its end.
	s = open(t, cli(t, randomValue(), "sh", "-c", "exec </dev/null >/dev/null 2>&1; sleep 0.3; exit 43"))
	if code := s.wait().ExitCode(); code != 43 {
		t.Errorf("exit code %d: %q", code, s.shown.String())
	}
}

// TestTerminalGone: a terminal that hangs up ends us and the command.
func TestTerminalGone(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	s := open(t, cli(t, randomValue(), "sh", "-c", `trap 'echo hup > "$1"; exit 5' HUP; echo ready; while :; do sleep 0.05; done`, "sh", mark))
	s.expect("ready")
	s.slave.Close()
	s.master.Close()
	s.wait()
	if got, err := os.ReadFile(mark); err != nil || string(got) != "hup\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestJobControl: under a shell, Ctrl-Z stops the command and us, fg goes on,
// bg too.
func TestJobControl(t *testing.T) {
	v := randomValue()
	shell := exec.CommandContext(t.Context(), "bash", "--norc", "--noprofile", "--noediting", "-i")
	shell.Env = append(os.Environ(), testValue+"="+v, "PS1=prompt> ", "SELF="+os.Args[0])
	s := open(t, shell)
	s.expect("prompt> ")
	for _, inner := range []string{
		`sh -c 'echo re""ady; read x; echo "got $x $TOKEN"; exit 9'`,
		// one that cleans up before it stops, as full-screen programs do
		`python3 -c 'import os,signal
def stop(s, f):
    print("cleaning", flush=True); signal.signal(s, signal.SIG_DFL); os.kill(0, s)
signal.signal(signal.SIGTSTP, stop)
print("re"+"ady", flush=True)
print("got", input(), os.environ["TOKEN"]); raise SystemExit(9)'`,
	} {
		s.keys(`"$SELF" ` + cliArg + " " + inner + "\n")
		s.expect("ready\r\n")
		s.keys("\x1a")
		s.expect("Stopped")
		s.expect("prompt> ")
		if s.modes() != s.before {
			t.Error("the modes of the terminal are not restored while stopped")
		}
		s.keys("echo in bet\"\"ween\n")
		s.expect("in between\r\nprompt> ")
		s.keys("fg\n")
		s.expect("nbseal-test-cli") // the job that bash names
		for range 100 {             // until it has the terminal again
			if s.modes() != s.before {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		s.keys("hello\n")
		s.expect("got hello [nbseal:TOKEN]\r\n")
		s.expect("prompt> ")
		s.keys("echo code $?\n")
		s.expect("code 9\r\nprompt> ")
	}
	s.keys(`"$SELF" ` + cliArg + ` sh -c 'sleep 0.3; echo back""ground $TOKEN' & wait; echo en""d` + "\n")
	s.expect("background [nbseal:TOKEN]")
	s.expect("end")
	s.keys("exit\n")
	s.wait()
	if strings.Contains(s.shown.String(), v) {
		t.Errorf("the value is shown: %q", s.shown.String())
	}
}

// TestOutputTerminal: in a pipeline the streams that are terminals stay so.
func TestOutputTerminal(t *testing.T) {
	v := randomValue()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	cmd := cli(t, v, "python3", "-c", lookAround+`
sys.stdout.write("one\ntwo\n"); sys.stdout.flush()
# Short sleeps: Python runs no handler for a signal that comes just before one.
while True: time.sleep(.05)`)
	cmd.Stdin = null
	s := open(t, cmd)
	s.expect("tty False True True 100 40\r\nvalue [nbseal:TOKEN]\r\n[nbseal:TOKEN]\r\none\r\ntwo\r\n")
	s.resize(60, 30)
	s.expect("now 60 30\r\n")
	s.keys("\x03")
	s.expect("KeyboardInterrupt")
	if w := s.wait().Sys().(syscall.WaitStatus); w.Signal() != syscall.SIGINT {
		t.Errorf("ended with %v", s.cmd.ProcessState)
	}

	var out buffer
	cmd = cli(t, v, "python3", "-c", `import os,sys; print(*(os.isatty(i) for i in range(3))); print(os.environ["TOKEN"], file=sys.stderr)`)
	cmd.Stdout = &out
	s = open(t, cmd)
	s.expect("[nbseal:TOKEN]\r\n")
	s.wait()
	if out.String() != "True False True\n" {
		t.Errorf("got %q", out.String())
	}
}

// TestInterruptOnce: Ctrl-C on a shared terminal arrives once.
func TestInterruptOnce(t *testing.T) {
	var out buffer
	cmd := cli(t, randomValue(), "python3", "-c", `
import signal, time, sys
n = 0
def got(s, f):
    global n; n += 1
signal.signal(signal.SIGINT, got)
print("ready", file=sys.stderr, flush=True)
end = time.time() + 1
while time.time() < end: time.sleep(.05)
print("interrupts:", n)`)
	cmd.Stdout = &out
	s := open(t, cmd)
	s.expect("ready")
	s.keys("\x03")
	s.wait()
	if out.String() != "interrupts: 1\n" {
		t.Errorf("got %q", out.String())
	}
}

// TestLargeTerminalOutput: nothing is lost at the end of a pseudo-terminal.
func TestLargeTerminalOutput(t *testing.T) {
	s := open(t, cli(t, randomValue(), "sh", "-c", "seq 200000; echo last"))
	got := s.expect("last\r\n")
	var want strings.Builder
	for i := range 200000 {
		fmt.Fprintf(&want, "%d\r\n", i+1)
	}
	if got != want.String()+"last\r\n" {
		t.Errorf("%d bytes, want %d", len(got), want.Len()+6)
	}
	s.wait()
}
