//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// terminal is the program on a terminal of its own, with somebody who waits
// for a prompt before he types.
type terminal struct {
	t    *testing.T
	cmd  *exec.Cmd
	f    *os.File
	more chan []byte // what the program shows
	seen string
}

func onTerminal(t *testing.T, program, home string, args ...string) *terminal {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "TERM=xterm", "NBSEAL_AGENT=off"}
	f, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, cmd: cmd, f: f, more: make(chan []byte)}
	ended := make(chan struct{})
	go func() {
		defer close(x.more)
		for {
			buf := make([]byte, 4096)
			n, err := f.Read(buf)
			if err != nil {
				return
			}
			select {
			case x.more <- buf[:n]:
			case <-ended:
				return
			}
		}
	}()
	t.Cleanup(func() { close(ended); _ = cmd.Process.Kill(); _ = cmd.Wait(); f.Close() })
	return x
}

// build makes the program as it is used; the test binary is none.
func build(t *testing.T) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "nbseal")
	out, err := exec.Command("go", "build", "-o", exe, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return exe
}

// expect waits until the text has been shown; with "" until the end.
func (x *terminal) expect(text string) {
	x.t.Helper()
	timeout := time.After(30 * time.Second)
	for text == "" || !strings.Contains(x.seen, text) {
		select {
		case b, open := <-x.more:
			if !open && text == "" {
				return
			}
			if !open {
				x.t.Fatalf("%q did not come, but %q", text, x.seen)
			}
			x.seen += string(b)
		case <-timeout:
			x.t.Fatalf("%q did not come in time, but %q", text, x.seen)
		}
	}
}

func (x *terminal) typed(text string) {
	x.t.Helper()
	if _, err := io.WriteString(x.f, text); err != nil {
		x.t.Fatal(err)
	}
}

func (x *terminal) wait() int {
	x.t.Helper()
	x.expect("")
	_ = x.cmd.Wait()
	return x.cmd.ProcessState.ExitCode()
}

// TestPrompts: nothing that is typed at a prompt is shown.
func TestPrompts(t *testing.T) {
	nbseal, home := build(t), t.TempDir()
	x := onTerminal(t, nbseal, home, "init")
	x.expect("New passphrase for the nbseal store: ")
	x.typed("open sesame\r")
	x.expect("Once more: ")
	x.typed("open sesame\r")
	if code := x.wait(); code != 0 || strings.Contains(x.seen, "sesame") {
		t.Fatalf("exit code %d, seen %q", code, x.seen)
	}

	x = onTerminal(t, nbseal, home, "set", "DB_PASSWORD")
	x.expect("Value for DB_PASSWORD: ")
	x.typed("swordfish\r")
	if code := x.wait(); code != 0 || strings.Contains(x.seen, "fish") {
		t.Fatalf("exit code %d, seen %q", code, x.seen)
	}

	x = onTerminal(t, nbseal, home, "get", "DB_PASSWORD")
	if code := x.wait(); code != 2 || !strings.Contains(x.seen, "hint: --show prints it") {
		t.Fatalf("exit code %d, seen %q", code, x.seen)
	}
	x = onTerminal(t, nbseal, home, "get", "--show", "DB_PASSWORD")
	x.expect("Passphrase for the nbseal store: ")
	x.typed("open sesame\r")
	if code := x.wait(); code != 0 || !strings.Contains(x.seen, "swordfish\r\n") || strings.Contains(x.seen, "sesame") {
		t.Fatalf("exit code %d, seen %q", code, x.seen)
	}
}

// TestTypedAhead: what is typed before its prompt comes is not lost.
func TestTypedAhead(t *testing.T) {
	nbseal, home := build(t), t.TempDir()
	x := onTerminal(t, nbseal, home, "init")
	x.expect("New passphrase")
	x.typed("open sesame\ropen sesame\r")
	if code := x.wait(); code != 0 {
		t.Errorf("exit code %d, seen %q", code, x.seen)
	}
}

// TestInterruptedPrompt: Ctrl-C at a hidden prompt ends the program and leaves
// the terminal as it was.
func TestInterruptedPrompt(t *testing.T) {
	nbseal, home := build(t), t.TempDir()
	x := onTerminal(t, nbseal, home, "init")
	x.expect("New passphrase")
	x.typed("\x03")
	if code := x.wait(); code != 2 {
		t.Errorf("exit code %d, seen %q", code, x.seen)
	}
	if _, err := os.Stat(filepath.Join(home, ".local")); err == nil {
		t.Error("something was made")
	}
}
