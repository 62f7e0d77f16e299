package keyring_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/nbseal/nbseal/internal/keyring"
	"github.com/nbseal/nbseal/internal/keyring/keyringtest"
	"github.com/nbseal/nbseal/internal/secret"
)

// session is a keyring on a session bus of its own, and the bus.
func session(t *testing.T, withKeyring bool) (keyring.Keyring, *dbus.Conn) {
	t.Helper()
	address := keyringtest.Bus(t)
	if withKeyring {
		keyringtest.Start(t, address)
	}
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return keyring.Keyring{Getenv: func(name string) string {
		return map[string]string{"DBUS_SESSION_BUS_ADDRESS": address}[name]
	}}, conn
}

func TestSecretService(t *testing.T) {
	k, conn := session(t, true)
	if _, err := k.Get(t.Context(), "nbseal", "me"); !errors.Is(err, keyring.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	for _, text := range []string{"first", "second, with \x00 and ü", strings.Repeat("long", 1000)} {
		if err := k.Set(t.Context(), "nbseal", "me", secret.New([]byte(text))); err != nil {
			t.Fatal(err)
		}
		if v, err := k.Get(t.Context(), "nbseal", "me"); err != nil || string(v.Reveal()) != text {
			t.Errorf("got %d bytes, %v", v.Len(), err)
		}
	}
	if err := k.Set(t.Context(), "nbseal", "other", secret.New([]byte("x"))); err != nil {
		t.Fatal(err)
	}
	if err := k.Delete(t.Context(), "nbseal", "other"); err != nil {
		t.Error(err)
	}
	if err := k.Delete(t.Context(), "nbseal", "other"); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}

	// Locked, it neither waits nor takes anything.
	var done []dbus.ObjectPath
	var prompt dbus.ObjectPath
	all := []dbus.ObjectPath{"/org/freedesktop/secrets/collection/login"}
	if err := conn.Object("org.freedesktop.secrets", "/org/freedesktop/secrets").Call("org.freedesktop.Secret.Service.Lock", 0, all).Store(&done, &prompt); err != nil || len(done) != 1 {
		t.Fatal(done, err)
	}
	begin := time.Now()
	if _, err := k.Get(t.Context(), "nbseal", "me"); !errors.Is(err, keyring.ErrLocked) {
		t.Errorf("got %v", err)
	}
	if err := k.Set(t.Context(), "nbseal", "me", secret.New([]byte("x"))); !errors.Is(err, keyring.ErrLocked) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begin); took > 10*keyring.Wait {
		t.Errorf("it took %v", took)
	}
}

func TestNoKeyring(t *testing.T) {
	k, _ := session(t, false)
	if _, err := k.Get(t.Context(), "nbseal", "me"); !errors.Is(err, keyring.ErrNone) {
		t.Errorf("a bus without a keyring: %v", err)
	}
	dir := t.TempDir()
	for what, env := range map[string]map[string]string{
		"no session":  {},
		"no socket":   {"XDG_RUNTIME_DIR": dir},
		"dead socket": {"DBUS_SESSION_BUS_ADDRESS": "unix:path=" + filepath.Join(dir, "none")},
		"nonsense":    {"DBUS_SESSION_BUS_ADDRESS": "nonsense"},
	} {
		k := keyring.Keyring{Getenv: func(name string) string { return env[name] }}
		if err := k.Set(t.Context(), "nbseal", "me", secret.New([]byte("canary"))); !errors.Is(err, keyring.ErrNone) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A bus that takes connections and never says a word is given up.
func TestSilentBus(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	k := keyring.Keyring{Getenv: func(name string) string {
		return map[string]string{"DBUS_SESSION_BUS_ADDRESS": "unix:path=" + socket}[name]
	}}
	begin := time.Now()
	_, err = k.Get(t.Context(), "nbseal", "me")
	if took := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || took > 10*keyring.Wait {
		t.Errorf("after %v: %v", took, err)
	}
}
