package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
)

// TestMain lets this program be a client that another user has started.
func TestMain(m *testing.M) {
	if path := os.Getenv("NBSEAL_TEST_DIAL"); path != "" {
		conn, err := net.Dial("unix", path)
		if err != nil {
			os.Exit(3)
		}
		_, _ = conn.Write([]byte(`{"v":1,"op":"status"}` + "\n"))
		if answer, _ := io.ReadAll(conn); len(answer) > 0 {
			os.Exit(4)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func identity(t testing.TB) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func encrypt(t testing.TB, text string, recipients ...age.Recipient) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := age.Encrypt(&b, recipients...)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decrypt(file []byte, id age.Identity) (string, error) {
	r, err := age.Decrypt(bytes.NewReader(file), id)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), err
}

// socket is a path short enough for every system.
func socket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "nbseal")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "a", "agent.sock")
}

// start runs an agent; ended is closed when it ends.
func start(t *testing.T, path string, id age.Identity, limits Limits) (c Client, ended <-chan error) {
	t.Helper()
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		done <- serve(ctx, l, &server{identity: id, limits: limits, lookout: 20 * time.Millisecond})
		close(done)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return NewClient(path), done
}

func ends(t *testing.T, ended <-chan error) {
	t.Helper()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the agent does not end")
	}
}

func TestUnwrap(t *testing.T) {
	mine, other := identity(t), identity(t)
	c, _ := start(t, socket(t), mine, Limits{})
	file := encrypt(t, "hello", other.Recipient(), mine.Recipient())
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if got, err := decrypt(file, c); err != nil || got != "hello" {
				t.Errorf("reads %q, %v", got, err)
			}
		})
	}
	wg.Wait()
	if _, err := decrypt(encrypt(t, "x", other.Recipient()), c); err == nil || !strings.Contains(err.Error(), "identity did not match") {
		t.Errorf("what is for somebody else: %v", err)
	}
}

func TestNobody(t *testing.T) {
	c := NewClient(socket(t))
	if _, err := c.Status(); !errors.Is(err, ErrNotRunning) {
		t.Error(err)
	}
	if err := c.Lock(); !errors.Is(err, ErrNotRunning) {
		t.Error(err)
	}
	if _, err := c.Unwrap(nil); !errors.Is(err, ErrNotRunning) {
		t.Error(err)
	}
}

func TestLock(t *testing.T) {
	path := socket(t)
	c, ended := start(t, path, identity(t), Limits{Total: time.Hour, Idle: time.Minute})
	s, err := c.Status()
	if err != nil || s.Process != os.Getpid() || s.Left <= 0 || s.Left > time.Minute {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := Listen(path); !errors.Is(err, ErrRunning) {
		t.Errorf("a second one: %v", err)
	}
	if err := c.Lock(); err != nil {
		t.Error(err)
	}
	ends(t, ended)
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
	start(t, path, identity(t), Limits{})
}

func TestLimits(t *testing.T) {
	id := identity(t)
	file := encrypt(t, "x", id.Recipient())
	t.Run("total", func(t *testing.T) {
		_, ended := start(t, socket(t), id, Limits{Total: 50 * time.Millisecond})
		ends(t, ended)
	})
	t.Run("idle", func(t *testing.T) {
		c, ended := start(t, socket(t), id, Limits{Idle: time.Second})
		began := time.Now()
		for time.Since(began) < 2200*time.Millisecond {
			if _, err := decrypt(file, c); err != nil {
				t.Fatalf("after %v: %v", time.Since(began), err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		ends(t, ended)
	})
	t.Run("past the end", func(t *testing.T) {
		// A computer that slept wakes up with a client before the timer.
		s := &server{identity: id, limits: Limits{Total: time.Minute}, began: time.Now().Add(-time.Hour), stop: func() {}}
		var a answer
		s.do(request{Op: "unwrap"}, &a)
		if a.Error != "failed" {
			t.Errorf("answers %+v", a)
		}
	})
}

func TestKilled(t *testing.T) {
	path := socket(t)
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if _, err := NewClient(path).Status(); !errors.Is(err, ErrNotRunning) {
		t.Error(err)
	}
	start(t, path, identity(t), Limits{})
}

// When the session's directory is gone, so is the agent; one that has taken its
// place stays.
func TestSocketGone(t *testing.T) {
	path := socket(t)
	first, ended := start(t, path, identity(t), Limits{})
	if _, err := first.Status(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	c, _ := start(t, path, identity(t), Limits{})
	ends(t, ended)
	if _, err := c.Status(); err != nil {
		t.Errorf("the first one took the second one's socket: %v", err)
	}
}

func TestOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("directories have access control lists instead")
	}
	path := socket(t)
	dir := filepath.Dir(path)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path); !errors.Is(err, ErrPeer) {
		t.Errorf("in a directory that others can enter: %v", err)
	}
	if _, err := NewClient(path).Status(); !errors.Is(err, ErrPeer) {
		t.Errorf("in a directory that others can enter: %v", err)
	}
	link := filepath.Join(filepath.Dir(dir), "link")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	if err := checkDir(link); !errors.Is(err, ErrPeer) {
		t.Errorf("a link: %v", err)
	}
	if err := checkDir("/"); !errors.Is(err, ErrPeer) {
		t.Errorf("a directory of root's that all can enter: %v", err)
	}
}

// Root can become somebody else and knock; whoever is not root is kept out by the
// directory.
func TestAnotherUser(t *testing.T) {
	path := socket(t)
	start(t, path, identity(t), Limits{})
	if info, err := os.Stat(filepath.Dir(path)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Fatalf("the directory: %v, %v", info.Mode(), err)
	}
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		return
	}
	for _, p := range []string{filepath.Dir(filepath.Dir(path)), filepath.Dir(path), path} {
		if err := os.Chmod(p, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(filepath.Dir(path), "client")
	program, err := os.ReadFile(self)
	if err := errors.Join(err, os.WriteFile(copied, program, 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copied)
	cmd.Env = append(os.Environ(), "NBSEAL_TEST_DIAL="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("another user is answered: %v\n%s", err, out)
	}
}

func TestGarbage(t *testing.T) {
	path := socket(t)
	c, _ := start(t, path, identity(t), Limits{})
	silent, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, text := range []string{"\n", "null\n", "{}\n", "{\"v\":2,\"op\":\"lock\"}\n", "{\"v\":1,\"op\":\"values\"}\n", "nonsense\n", strings.Repeat(" ", maxMessage+10) + "\n", "[1]\n"} {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, text)
		var a answer
		if err := readMessage(conn, &a); err == nil && a.Error != "bad-request" {
			t.Errorf("%.20q is answered with %+v", text, a)
		}
		conn.Close()
	}
	if _, err := c.Status(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestSocketPath(t *testing.T) {
	getenv := func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": "/run/user/1000"}[name] }
	one, two := SocketPath(getenv, "/a"), SocketPath(getenv, "/b")
	if one == two || len(one) > 100 || one != SocketPath(getenv, "/a") {
		t.Errorf("%q, %q", one, two)
	}
	if dir := filepath.Dir(SocketPath(func(string) string { return "relative" }, "/a")); filepath.Dir(dir) != filepath.Clean(os.TempDir()) {
		t.Errorf("without a runtime directory: %q", dir)
	}
}

// Whatever comes, no file key goes out but that of a header that was sent.
func FuzzDo(f *testing.F) {
	id := identity(f)
	f.Add([]byte(`{"v":1,"op":"unwrap","stanzas":[{"type":"X25519","args":["AAAA"],"body":"AAAA"}]}`))
	f.Add([]byte(`{"v":1,"op":"unwrap","stanzas":[null,{"args":null}]}`))
	f.Add([]byte(`{"v":1,"op":"status"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var r request
		if readMessage(bytes.NewReader(append(text, '\n')), &r) != nil {
			return
		}
		s := &server{identity: id, stop: func() {}, began: time.Now(), used: time.Now()}
		var a answer
		s.do(r, &a)
		if len(a.FileKey) > 0 {
			t.Error("a file key for a header that nobody made")
		}
		if _, err := json.Marshal(a); err != nil {
			t.Error(err)
		}
	})
}
