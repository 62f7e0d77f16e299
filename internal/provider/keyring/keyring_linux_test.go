package keyring_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	ring "github.com/nbseal/nbseal/internal/keyring"
	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/provider/keyring"
	"github.com/nbseal/nbseal/internal/provider/providertest"
	"github.com/nbseal/nbseal/internal/secret"
)

func request(rest string) provider.Request {
	return provider.Request{Name: "A", Ref: manifest.Reference{Scheme: manifest.SchemeKeyring, Rest: rest}}
}

// session starts a session bus with GNOME Keyring on it, unlocked, and returns
// an environment in which it is.
func session(t *testing.T) map[string]string {
	t.Helper()
	home := t.TempDir()
	env := map[string]string{"HOME": home, "XDG_DATA_HOME": filepath.Join(home, "data"), "XDG_RUNTIME_DIR": home, "PATH": os.Getenv("PATH")}
	// The daemon says that it is there on its output, and stays.
	cmd := exec.Command("dbus-run-session", "--", "sh", "-c",
		`echo "$DBUS_SESSION_BUS_ADDRESS"; exec gnome-keyring-daemon --foreground --unlock --components=secrets --control-directory="$HOME"`)
	cmd.Env = list(env)
	cmd.Stdin = strings.NewReader("a passphrase")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	env["DBUS_SESSION_BUS_ADDRESS"] = strings.TrimSpace(address)
	conn, err := dbus.Connect(env["DBUS_SESSION_BUS_ADDRESS"])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		var owned bool
		if err := conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, "org.freedesktop.secrets").Store(&owned); err != nil {
			t.Fatal(err)
		}
		if owned {
			return env
		}
		if time.Since(start) > 20*time.Second {
			t.Fatal("gnome-keyring-daemon does not come up")
		}
	}
}

func list(env map[string]string) []string {
	var out []string
	for k, v := range env {
		out = append(out, k+"="+v)
	}
	return out
}

func TestConformance(t *testing.T) {
	env := session(t)
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	k := ring.Keyring{Getenv: func(name string) string { return env[name] }}
	p := keyring.New(provider.Host{LookupEnv: lookup})
	providertest.Run(t, providertest.Source{
		Provider: p,
		// GNOME Keyring takes longer for a megabyte than anyone is given.
		Holds: providertest.Holds{Lines: true, Binary: true, Max: 64 << 10},
		Put: func(t *testing.T, value []byte) provider.Request {
			if err := k.Set(t.Context(), "my/service", "a user", secret.New(append([]byte{}, value...))); err != nil {
				t.Fatal(err)
			}
			return request("my%2Fservice/a user")
		},
		Unknown: map[string]provider.Request{"no entry": request("my/service")},
		Broken:  map[string]provider.Request{"no entry": request("my/service")},
	})

	// What Python's keyring has stored.
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c", `
import keyring, keyring.backends.SecretService as s, sys
keyring.set_keyring(s.Keyring())
keyring.set_password("openai", "api-key", sys.stdin.read())`)
	cmd.Env, cmd.Stdin = list(env), strings.NewReader("from Pythön")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if v, err := p.Get(t.Context(), request("openai/api-key")); err != nil || string(v.Reveal()) != "from Pythön" {
		t.Errorf("%d bytes, %v", v.Len(), err)
	}
}

func TestNoKeyring(t *testing.T) {
	p := keyring.New(provider.Host{LookupEnv: func(string) (string, bool) { return "", false }})
	req := request("a/b")
	start := time.Now()
	_, err := p.Get(t.Context(), req)
	if d := time.Since(start); !errors.Is(err, provider.ErrLocked) || d > 20*time.Second {
		t.Errorf("after %v: %v", d, err)
	}
	providertest.Judge(t, req, err)
}
