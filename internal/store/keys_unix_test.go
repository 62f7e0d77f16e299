//go:build unix

package store_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

// These tests need the programs ssh-keygen, age and, to build age's newest, go.

// sshKey makes an SSH key and returns its public part.
func sshKey(t *testing.T, path string, args ...string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	runAge(t, "", append([]string{"ssh-keygen", "-q", "-a", "1", "-f", path, "-C", "me@laptop"}, args...)...)
	public, err := os.ReadFile(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(public))
}

func environment(env map[string]string) func(string) string {
	return func(k string) string { return env[k] }
}

func keys(t *testing.T, dir string, env map[string]string, p store.Prompts) *store.Keys {
	t.Helper()
	k, err := store.FindKeys(dir, environment(env), p)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSSHKeys(t *testing.T) {
	const pass = "ssh phrase"
	for what, c := range map[string]struct {
		file, phrase string
		args         []string
	}{
		"ed25519":                   {"id_ed25519", "", []string{"-t", "ed25519", "-N", ""}},
		"rsa":                       {"id_rsa", "", []string{"-t", "rsa", "-b", "2048", "-N", ""}},
		"ed25519 with a passphrase": {"id_ed25519", pass, []string{"-t", "ed25519", "-N", pass}},
		"rsa with a passphrase":     {"id_rsa", pass, []string{"-t", "rsa", "-b", "2048", "-N", pass}},
		"old rsa with a passphrase": {"id_rsa", pass, []string{"-t", "rsa", "-b", "2048", "-m", "PEM", "-N", pass}},
		"ed25519, wrong passphrase": {"id_ed25519", "wrong", []string{"-t", "ed25519", "-N", pass}},
	} {
		home := t.TempDir()
		public := sshKey(t, filepath.Join(home, ".ssh", c.file), c.args...)
		s, err := store.Create(t.Context(), filepath.Join(home, "data", "store"), public)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, "A", "x")
		if list, _, err := s.Recipients(""); err != nil || list[0].Name != "me@laptop" || !strings.HasPrefix(list[0].Kind, "ssh-") {
			t.Errorf("%s: %v, %v", what, list, err)
		}
		asked := 0
		k := keys(t, s.Dir(), map[string]string{"HOME": home}, store.Prompts{Passphrase: func(path string) (secret.Value, error) {
			if asked++; !strings.HasSuffix(path, c.file) {
				t.Errorf("%s: asked for %s", what, path)
			}
			return phrase(c.phrase)()
		}})
		// Nobody is asked for a file that is not for the key.
		stranger, _ := newStore(t)
		put(t, stranger, "A", "x")
		if _, err := stranger.Get("A", k); !errors.Is(err, store.ErrLocked) || asked != 0 {
			t.Errorf("%s: asked %d times, %v", what, asked, err)
		}
		if c.phrase == "wrong" {
			for range 2 {
				if _, err := s.Get("A", k); !errors.Is(err, store.ErrPassphrase) || asked != 1 {
					t.Errorf("%s: asked %d times, %v", what, asked, err)
				}
			}
			continue
		}
		want(t, s, "A", "x", k)
		want(t, s, "A", "x", k)
		if c.phrase != "" && asked != 1 {
			t.Errorf("%s: asked %d times", what, asked)
		}
		// The reference program agrees.
		if c.phrase == "" {
			if got := runAge(t, "", "age", "-d", "-i", filepath.Join(home, ".ssh", c.file), filepath.Join(s.Dir(), "A.age")); got != "x" {
				t.Errorf("%s: age reads %q", what, got)
			}
			runAge(t, "y", "age", "-e", "-R", filepath.Join(s.Dir(), ".age-recipients"), "-o", filepath.Join(s.Dir(), "B.age"))
			want(t, s, "B", "y", k)
		}
	}
}

func TestOrderOfKeys(t *testing.T) {
	home := t.TempDir()
	dir := filepath.Join(home, "data", "store")
	id := newIdentity(t)
	s, err := store.Create(t.Context(), dir, id.Recipients()...)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "A", "x")
	asked := 0
	prompts := store.Prompts{Passphrase: func(string) (secret.Value, error) { asked++; return phrase("p")() }}
	env := map[string]string{"HOME": home}

	_, err = s.Get("A", keys(t, dir, env, prompts))
	for _, w := range []string{"the keyring: there is none", filepath.Join(home, "data", "identities") + ": it is not there", "identity.age: it is not there"} {
		if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), w) {
			t.Errorf("%q is not in %v", w, err)
		}
	}
	if err := store.SealIdentity(filepath.Join(home, "data", "identity.age"), id, secret.New([]byte("p")), store.WorkFactor(8)); err != nil {
		t.Fatal(err)
	}
	want(t, s, "A", "x", keys(t, dir, env, prompts))
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	// What needs no passphrase comes first.
	if err := store.WriteIdentityFile(filepath.Join(home, "data", "identities"), id); err != nil {
		t.Fatal(err)
	}
	k := keys(t, dir, env, prompts)
	want(t, s, "A", "x", k)
	if asked != 1 || len(k.Found()) != 2 {
		t.Errorf("asked %d times, found %q", asked, k.Found())
	}
	// An explicit choice stands alone.
	env["NBSEAL_IDENTITY_FILE"] = filepath.Join(home, "other")
	if err := store.WriteIdentityFile(env["NBSEAL_IDENTITY_FILE"], newIdentity(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("A", keys(t, dir, env, prompts)); !errors.Is(err, store.ErrLocked) || strings.Contains(err.Error(), "keyring") {
		t.Errorf("got %v", err)
	}
	env["NBSEAL_IDENTITY_FILE"] = filepath.Join(home, "data", "identity.age") // one with a passphrase is allowed
	want(t, s, "A", "x", keys(t, dir, env, prompts))
}

// Who was asked and gave nothing is not asked for another passphrase.
func TestOneQuestion(t *testing.T) {
	home := t.TempDir()
	public := sshKey(t, filepath.Join(home, ".ssh", "id_ed25519"), "-t", "ed25519", "-N", "secret")
	dir := filepath.Join(home, "data", "store")
	id := newIdentity(t)
	s, err := store.Create(t.Context(), dir, public, id.Recipients()[0])
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "A", "x")
	if err := store.SealIdentity(filepath.Join(home, "data", "identity.age"), id, secret.New([]byte("p")), store.WorkFactor(8)); err != nil {
		t.Fatal(err)
	}
	asked := 0
	gaveUp := errors.New("gave up")
	_, err = s.Get("A", keys(t, dir, map[string]string{"HOME": home}, store.Prompts{Passphrase: func(string) (secret.Value, error) {
		asked++
		return secret.Value{}, gaveUp
	}}))
	if asked != 1 || !errors.Is(err, gaveUp) {
		t.Errorf("asked %d times, %v", asked, err)
	}
	if _, err = s.Get("A", keys(t, dir, map[string]string{"HOME": home}, store.Prompts{})); !errors.Is(err, store.ErrLocked) {
		t.Errorf("with nobody to ask: %v", err)
	}
	// What others may read is told, and the search goes on.
	if err := os.Chmod(filepath.Join(home, ".ssh", "id_ed25519"), 0o644); err != nil {
		t.Fatal(err)
	}
	want(t, s, "A", "x", keys(t, dir, map[string]string{"HOME": home}, store.Prompts{Passphrase: func(string) (secret.Value, error) { return phrase("p")() }}))
	if err := os.Remove(filepath.Join(home, "data", "identity.age")); err != nil {
		t.Fatal(err)
	}
	if _, err = s.Get("A", keys(t, dir, map[string]string{"HOME": home}, store.Prompts{})); !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("got %v", err)
	}
}

// newestAge builds the programs age and age-plugin-pq of the version that is
// linked: Debian's does not know post-quantum recipients.
func newestAge(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "filippo.io/age/cmd/age", "filippo.io/age/cmd/age-keygen", "filippo.io/age/extra/age-plugin-pq").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return bin
}

func TestPostQuantumWithAgeAndPlugin(t *testing.T) {
	bin := newestAge(t)
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	key := filepath.Join(t.TempDir(), "key")
	runAge(t, "", filepath.Join(bin, "age-keygen"), "-pq", "-o", key)
	id, err := store.LoadIdentityFile(key)
	if err != nil || !strings.HasPrefix(id.Recipients()[0], "age1pq1") {
		t.Fatal(id, err)
	}
	s, err := store.Create(t.Context(), t.TempDir(), id.Recipients()...)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "A", "x")
	age13 := filepath.Join(bin, "age")
	if got := runAge(t, "", age13, "-d", "-i", key, filepath.Join(s.Dir(), "A.age")); got != "x" {
		t.Errorf("age reads %q", got)
	}
	runAge(t, "y", age13, "-e", "-R", filepath.Join(s.Dir(), ".age-recipients"), "-o", filepath.Join(s.Dir(), "B.age"))
	want(t, s, "B", "y", id)

	// The same key as a plugin's.
	plain, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	converted := runAge(t, string(plain), filepath.Join(bin, "age-plugin-pq"), "-identity")
	file := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(file, []byte(converted), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("A", open(t, file, store.Prompts{})); !errors.Is(err, store.ErrPlugin) {
		t.Errorf("a plugin that may not run: %v", err)
	}
	want(t, s, "A", "x", open(t, file, store.Prompts{Plugins: &store.Plugins{}}))
	t.Setenv("PATH", t.TempDir())
	if _, err := s.Get("A", open(t, file, store.Prompts{Plugins: &store.Plugins{}})); !errors.Is(err, store.ErrPlugin) || !strings.Contains(err.Error(), "age-plugin-pq is not in PATH") {
		t.Errorf("a plugin that is missing: %v", err)
	}
}

func open(t *testing.T, path string, p store.Prompts) age.Identity {
	t.Helper()
	id, err := store.OpenIdentityFile(path, p)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestOpener(t *testing.T) {
	s, _ := newStore(t)
	id := newIdentity(t)
	s, err := store.Create(t.Context(), filepath.Join(s.Dir(), "s"), id.Recipients()...)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "A", "x")
	o := store.NewOpener(id)
	want(t, s, "A", "x", o)
	if o.Recipients()[0] != id.Recipients()[0] {
		t.Error("other recipients")
	}
	if err := store.WriteIdentityFile(filepath.Join(t.TempDir(), "k"), id); err == nil {
		t.Error("the text of the identity is still there")
	}
	o.Close()
	if _, err := s.Get("A", o); !errors.Is(err, store.ErrLocked) {
		t.Errorf("after Close: %v", err)
	}
}
