//go:build unix

package run_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/redact"
	"github.com/nbseal/nbseal/internal/run"
	"github.com/nbseal/nbseal/internal/secret"
)

// The test binary is also the monitor, and a command line around Command.
const (
	monitorArg = "nbseal-test-monitor"
	cliArg     = "nbseal-test-cli" // then argv; the value is in testValue
	testValue  = "TEST_RUN_VALUE"
)

// runTests gives signals that whoever started the tests ignores, as nohup does,
// a handler, so that programs under test start with the default action.
func runTests(m *testing.M) int {
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
	return m.Run()
}

func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(runTests(m))
	}
	switch os.Args[1] {
	case monitorArg:
		if err := run.Monitor(); err != nil {
			os.Exit(2)
		}
	case cliArg:
		value := os.Getenv(testValue)
		os.Unsetenv(testValue)
		status, err := run.Command(context.Background(), run.Options{
			Argv: os.Args[2:], Env: os.Environ(), Secrets: secrets("TOKEN", value),
			Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
			Monitor: []string{os.Args[0], monitorArg},
			Warn:    func(s string) { fmt.Fprintln(os.Stderr, s) },
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		run.Die(status)
		os.Exit(status.ExitCode())
	default:
		os.Exit(runTests(m))
	}
}

func secrets(pairs ...string) []redact.Secret {
	var s []redact.Secret
	for i := 0; i < len(pairs); i += 2 {
		s = append(s, redact.Secret{Name: pairs[i], Value: secret.New([]byte(pairs[i+1]))})
	}
	return s
}

// randomValue is a value made for this test alone.
func randomValue() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return "v-" + hex.EncodeToString(b)
}

// buffer is a bytes.Buffer for two goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) { b.mu.Lock(); defer b.mu.Unlock(); return b.b.Write(p) }
func (b *buffer) String() string              { b.mu.Lock(); defer b.mu.Unlock(); return b.b.String() }

type result struct {
	run.Status
	err         error
	out, errOut string
	warned      []string
}

// command runs argv with pipes.
func command(t *testing.T, stdin io.Reader, sec []redact.Secret, argv ...string) result {
	t.Helper()
	var r result
	var out, errOut buffer
	r.Status, r.err = run.Command(t.Context(), run.Options{
		Argv: argv, Env: os.Environ(), Secrets: sec, Stdin: stdin, Stdout: &out, Stderr: &errOut,
		Warn: func(s string) { r.warned = append(r.warned, s) },
	})
	r.out, r.errOut = out.String(), errOut.String()
	return r
}

func TestExitCodes(t *testing.T) {
	for code := range 256 {
		if r := command(t, nil, nil, "sh", "-c", fmt.Sprint("exit ", code)); r.err != nil || r.Status != (run.Status{Code: code}) || r.ExitCode() != code {
			t.Errorf("exit %d: got %+v, %v", code, r.Status, r.err)
		}
	}
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL, syscall.SIGSEGV, syscall.SIGPIPE, syscall.SIGINT} {
		r := command(t, nil, nil, "sh", "-c", fmt.Sprintf("kill -%d $$", s))
		if r.err != nil || r.Status != (run.Status{Signal: s}) || r.ExitCode() != 128+int(s) {
			t.Errorf("%v: got %+v, %v", s, r.Status, r.err)
		}
	}
}

func TestEnvironmentAndStreams(t *testing.T) {
	v, w := randomValue(), randomValue()
	t.Setenv("NBSEAL_RUN", "OUTER")
	t.Setenv("A_TOKEN", "of before")
	r := command(t, nil, secrets("A_TOKEN", v, "B_TOKEN", w), "sh", "-c",
		`echo "out $A_TOKEN"; echo "err $B_TOKEN" >&2; echo $NBSEAL_RUN; env | grep -c ^A_TOKEN=; ulimit -c; printf %s "$A_TOKEN" | base64`)
	if r.err != nil || r.out != "out [nbseal:A_TOKEN]\nOUTER,A_TOKEN,B_TOKEN\n1\n0\n[nbseal:A_TOKEN]\n" || r.errOut != "err [nbseal:B_TOKEN]\n" {
		t.Errorf("got %+v", r)
	}
}

// TestPieces: a value that comes in pieces, with pauses longer and shorter than
// those that count as idle, is not shown.
func TestPieces(t *testing.T) {
	v := randomValue()
	for name, script := range map[string]string{
		"two writes":      `import os,sys,time; v=os.environ["T"].encode(); os.write(1,b"<"+v[:12]); time.sleep(.3); os.write(1,v[12:]+b">")`,
		"short beginning": `import os,sys,time; v=os.environ["T"].encode(); os.write(1,b"<"+v[:3]); time.sleep(.3); os.write(1,v[3:]+b">")`,
		"bytes":           `import os,sys,time; v=os.environ["T"].encode(); [(os.write(1,bytes([c])), time.sleep(.002)) for c in b"<"+v+b">"]`,
	} {
		r := command(t, nil, secrets("T", v), "python3", "-c", script)
		want := "<[nbseal:T]>"
		if name == "short beginning" {
			want = "<" + v[:3] + "[nbseal:T]>"
		}
		if r.err != nil || r.out != want {
			t.Errorf("%s: got %q, want %q, %v", name, r.out, want, r.err)
		}
	}
}

// TestLive: output that is no beginning of a value is there while the command runs.
func TestLive(t *testing.T) {
	read, write := io.Pipe()
	answer, ask := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := run.Command(t.Context(), run.Options{Argv: []string{"sh", "-c", `printf 'name? v-'; read n; echo "hello $n"`},
			Env: os.Environ(), Secrets: secrets("T", randomValue()), Stdin: answer, Stdout: write, Warn: func(string) {}})
		write.Close()
		done <- err
	}()
	prompt := make([]byte, 8)
	if _, err := io.ReadFull(read, prompt); err != nil || string(prompt) != "name? v-" {
		t.Fatalf("got %q, %v", prompt, err)
	}
	go func() { io.WriteString(ask, "you\n"); ask.Close() }()
	if rest, err := io.ReadAll(read); err != nil || string(rest) != "hello you\n" {
		t.Errorf("got %q, %v", rest, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestStdinFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, []byte("from a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if r := command(t, f, nil, "cat"); r.out != "from a file" {
		t.Errorf("got %+v", r)
	}
	if r := command(t, nil, nil, "cat"); r.out != "" || r.Code != 0 {
		t.Errorf("no stdin: got %+v", r)
	}
}

// TestLargeOutput: 50 MB come through unchanged and in order.
func TestLargeOutput(t *testing.T) {
	const script = `
import hashlib, sys, random
random.seed(7)
h = hashlib.sha256()
block = bytes(random.randrange(256) for _ in range(65521))
for i in range(800):
    b = b"%d" % i + block
    h.update(b); sys.stdout.buffer.write(b)
sys.stderr.write(h.hexdigest())`
	h := sha256.New()
	var errOut bytes.Buffer
	status, err := run.Command(t.Context(), run.Options{Argv: []string{"python3", "-c", script}, Env: os.Environ(),
		Secrets: secrets("T", randomValue()), Stdout: h, Stderr: &errOut, Warn: func(s string) { t.Error(s) }})
	if got := hex.EncodeToString(h.Sum(nil)); err != nil || status.Code != 0 || got != errOut.String() {
		t.Errorf("got %s, want %s, %+v, %v", got, errOut.String(), status, err)
	}
}

func TestSameWriterKeepsOrder(t *testing.T) {
	var out, want buffer
	_, err := run.Command(t.Context(), run.Options{Argv: []string{"sh", "-c", `for i in $(seq 300); do echo $i; echo $i >&2; done`},
		Env: os.Environ(), Stdout: &out, Stderr: &out, Warn: func(s string) { t.Error(s) }})
	for i := range 300 {
		fmt.Fprintf(&want, "%d\n%d\n", i+1, i+1)
	}
	if err != nil || out.String() != want.String() {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

// TestBackPressure: the command waits for whoever reads.
func TestBackPressure(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	read, write := io.Pipe()
	go func() {
		_, err := run.Command(t.Context(), run.Options{Argv: []string{"sh", "-c", `head -c 4000000 /dev/zero; : > "$1"`, "sh", mark},
			Env: os.Environ(), Stdout: write, Warn: func(string) {}})
		write.CloseWithError(err)
	}()
	time.Sleep(300 * time.Millisecond)
	if _, err := os.Stat(mark); err == nil {
		t.Error("the command did not wait")
	}
	if n, err := io.Copy(io.Discard, read); n != 4000000 || err != nil {
		t.Errorf("got %d bytes, %v", n, err)
	}
	if _, err := os.Stat(mark); err != nil {
		t.Error(err)
	}
}

// TestGrandchild: one that keeps the output open is waited for, but not for ever.
func TestGrandchild(t *testing.T) {
	start := time.Now()
	r := command(t, nil, nil, "sh", "-c", `(sleep 0.5; echo late; sleep 6) & echo done; exit 3`)
	if r.err != nil || r.Code != 3 || r.out != "done\nlate\n" || len(r.warned) != 1 || !strings.Contains(r.warned[0], "keeps its output open") {
		t.Errorf("got %+v", r)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out buffer
	time.AfterFunc(200*time.Millisecond, cancel)
	status, err := run.Command(ctx, run.Options{Argv: []string{"sleep", "30"}, Env: os.Environ(), Stdout: &out, Warn: func(string) {}})
	if err != nil || status.Signal != syscall.SIGTERM {
		t.Errorf("got %+v, %v", status, err)
	}
}

func TestErrors(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(filepath.Dir(plain), "bad")
	if err := os.WriteFile(bad, []byte("\x7fELF nothing"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"nbseal-no-such-program": run.ErrNotFound, "/no/such/file": run.ErrNotFound, plain: run.ErrNotExecutable, bad: run.ErrNotExecutable} {
		if r := command(t, nil, nil, name); !errors.Is(r.err, want) {
			t.Errorf("%s: got %v", name, r.err)
		}
	}
	v := randomValue()
	for name, want := range map[string]string{"db/password": "DB_PASSWORD", "a.b": "A_B", "1A": "_1A", "": "_", "LD_PRELOAD": "load code", "PATH": "load code", "NBSEAL_STORE": "nbseal's own"} {
		if r := command(t, nil, secrets(name, v), "true"); r.err == nil || !strings.Contains(r.err.Error(), want) || strings.Contains(r.err.Error(), v) {
			t.Errorf("%q: got %v", name, r.err)
		}
	}
	if r := command(t, nil, secrets("A", v, "A", v), "true"); r.err == nil {
		t.Error("a name twice")
	}
	if r := command(t, nil, secrets("A", "a\x00b"), "true"); r.err == nil || !strings.Contains(r.err.Error(), "zero byte") {
		t.Errorf("got %v", r.err)
	}
	if r := command(t, nil, secrets("SHORT", "abc"), "true"); r.err != nil || len(r.warned) != 1 || !strings.Contains(r.warned[0], "SHORT") || strings.Contains(r.warned[0], "abc") {
		t.Errorf("got %+v", r)
	}
	if _, err := run.Command(t.Context(), run.Options{Argv: []string{"true"}, Dir: "/no/such/dir", Warn: func(string) {}}); err == nil || errors.Is(err, run.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// cli starts this program's own command line, in a session of its own.
func cli(t *testing.T, value string, argv ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], slices.Concat([]string{cliArg}, argv)...)
	cmd.Env = append(os.Environ(), testValue+"="+value)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

func TestSignalsArePassedOn(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH} {
		script := fmt.Sprintf(`
import os, signal, time # print is not for handlers: it may be interrupted by itself
signal.signal(%d, lambda s, f: (os.write(1, b"got %%d\n" %% s), os._exit(7)))
os.write(1, b"ready\n")
while True: time.sleep(.05)`, s)
		cmd := cli(t, randomValue(), "python3", "-c", script)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ready := make([]byte, 6)
		if _, err := io.ReadFull(out, ready); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		rest, _ := io.ReadAll(out)
		_ = cmd.Wait()
		if string(rest) != fmt.Sprintf("got %d\n", s) || cmd.ProcessState.ExitCode() != 7 {
			t.Errorf("%v: got %q, %v", s, rest, cmd.ProcessState)
		}
	}
}

func TestIgnoredSignalStaysIgnored(t *testing.T) {
	inner := cli(t, randomValue(), "sh", "-c", "kill -HUP $$; echo alive")
	cmd := exec.CommandContext(t.Context(), "sh", slices.Concat([]string{"-c", `trap "" HUP; exec "$@"`, "sh"}, inner.Args)...)
	cmd.Env = inner.Env
	if out, err := cmd.Output(); err != nil || string(out) != "alive\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestDie(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGPIPE, syscall.SIGKILL, syscall.SIGSEGV, syscall.SIGABRT, syscall.SIGALRM, syscall.SIGUSR1} {
		cmd := cli(t, randomValue(), "sh", "-c", fmt.Sprintf("kill -%d $$", s))
		out, err := cmd.CombinedOutput()
		if w := cmd.ProcessState.Sys().(syscall.WaitStatus); !w.Signaled() || w.Signal() != s || len(out) > 0 {
			t.Errorf("%v: got %v, %q", s, err, out)
		}
	}
}

// TestReaderGone: the command gets SIGPIPE, and we end as it did.
func TestReaderGone(t *testing.T) {
	cmd := cli(t, randomValue(), "yes")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	out.Close()
	_ = cmd.Wait()
	if w := cmd.ProcessState.Sys().(syscall.WaitStatus); w.Signal() != syscall.SIGPIPE || errOut.Len() > 0 {
		t.Errorf("got %v, %q", cmd.ProcessState, errOut.String())
	}
}
