package hardening_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/nbseal/nbseal/internal/hardening"
)

const role = "NBSEAL_TEST_HARDENED"

func TestMain(m *testing.M) {
	if os.Getenv(role) == "" {
		os.Exit(m.Run())
	}
	if err := hardening.Process(); err != nil {
		println(err.Error())
		os.Exit(1)
	}
	if _, err := os.Open("/dev/stdin"); err == nil {
		println("/dev/stdin opens")
	}
	if _, err := os.ReadFile("/proc/self/environ"); err == nil {
		println("environ opens")
	}
	if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
		println("stdin:", err.Error())
	}
	out, err := exec.Command("sh", "-c", "ulimit -c; cat /dev/stdin /proc/self/environ >/dev/null && echo child ok").CombinedOutput()
	print(string(out))
	if err != nil {
		println(err.Error())
	}
}

// TestProcess: without privilege the process cannot be looked into, what is open
// stays usable, and its children are as they would be but for core files.
func TestProcess(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), role+"=1")
	cmd.Stdin = strings.NewReader("x")
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		self, err := os.ReadFile(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		dir, err := os.MkdirTemp("/tmp", "hardening") // t.TempDir is closed to others
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		cmd.Path, cmd.Dir = dir+"/test", "/"
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cmd.Path, self, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "0\nchild ok\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestLockMemory(t *testing.T) {
	locked := func() string {
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(status), "VmLck:")
		kB, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		return kB
	}
	if got := locked(); got != "0" {
		t.Fatalf("%s kB are locked before", got)
	}
	if err := hardening.LockMemory(); err != nil {
		t.Fatal(err)
	}
	if got := locked(); got == "0" || got == "" {
		t.Errorf("%q kB are locked", got)
	}
}
