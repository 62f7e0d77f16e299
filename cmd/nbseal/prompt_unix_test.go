//go:build unix

package main

import (
	"bytes"
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
	seen bytes.Buffer
}

func onTerminal(t *testing.T, home string, args ...string) *terminal {
	t.Helper()
	cmd := exec.Command(filepath.Join(binaries(t), "nbseal"), args...)
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "TERM=xterm"}
	f, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return &terminal{t: t, cmd: cmd, f: f}
}

// binaries is where testscript puts the program that this test binary is.
func binaries(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("go", "build", "-o", dir, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

func (x *terminal) expect(text string) {
	x.t.Helper()
	buf := make([]byte, 4096)
	for !strings.Contains(x.seen.String(), text) {
		if err := x.f.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			x.t.Log(err) // not every system's terminals know deadlines
		}
		n, err := x.f.Read(buf)
		x.seen.Write(buf[:n])
		if err != nil && !strings.Contains(x.seen.String(), text) {
			x.t.Fatalf("%q did not come, but %q (%v)", text, x.seen.String(), err)
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
	_, _ = io.Copy(&x.seen, x.f)
	_ = x.cmd.Wait()
	return x.cmd.ProcessState.ExitCode()
}

// TestPrompts: nothing that is typed at a prompt is shown.
func TestPrompts(t *testing.T) {
	home := t.TempDir()
	x := onTerminal(t, home, "init")
	x.expect("New passphrase for the nbseal store: ")
	x.typed("open sesame\r")
	x.expect("Once more: ")
	x.typed("open sesame\r")
	if code := x.wait(); code != 0 || strings.Contains(x.seen.String(), "sesame") {
		t.Fatalf("exit code %d, seen %q", code, x.seen.String())
	}

	x = onTerminal(t, home, "set", "DB_PASSWORD")
	x.expect("Value for DB_PASSWORD: ")
	x.typed("swordfish\r")
	if code := x.wait(); code != 0 || strings.Contains(x.seen.String(), "fish") {
		t.Fatalf("exit code %d, seen %q", code, x.seen.String())
	}

	x = onTerminal(t, home, "get", "DB_PASSWORD")
	if code := x.wait(); code != 2 || !strings.Contains(x.seen.String(), "hint: --show prints it") {
		t.Fatalf("exit code %d, seen %q", code, x.seen.String())
	}
	x = onTerminal(t, home, "get", "--show", "DB_PASSWORD")
	x.expect("Passphrase for the nbseal store: ")
	x.typed("open sesame\r")
	if code := x.wait(); code != 0 || !strings.Contains(x.seen.String(), "swordfish\r\n") || strings.Contains(x.seen.String(), "sesame") {
		t.Fatalf("exit code %d, seen %q", code, x.seen.String())
	}
}

// TestInterruptedPrompt: Ctrl-C at a hidden prompt ends the program and leaves
// the terminal as it was.
func TestInterruptedPrompt(t *testing.T) {
	home := t.TempDir()
	x := onTerminal(t, home, "init")
	x.expect("New passphrase")
	x.typed("\x03")
	if code := x.wait(); code != 2 {
		t.Errorf("exit code %d, seen %q", code, x.seen.String())
	}
	if _, err := os.Stat(filepath.Join(home, ".local")); err == nil {
		t.Error("something was made")
	}
}
