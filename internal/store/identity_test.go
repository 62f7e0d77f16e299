package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"

	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

func phrase(s string) func() (secret.Value, error) {
	return func() (secret.Value, error) { return secret.New([]byte(s)), nil }
}

func TestSealedIdentity(t *testing.T) {
	s, id := newStore(t)
	put(t, s, "A", "x")
	put(t, s, "B", "y")
	path := filepath.Join(t.TempDir(), "new", "identity.age")
	if err := store.SealIdentity(path, id, secret.New([]byte("pass phrase")), store.WorkFactor(8)); err != nil {
		t.Fatal(err)
	}
	if err := store.SealIdentity(path, id, secret.New([]byte("other")), store.WorkFactor(8)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("sealed twice: %v", err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}

	asked := 0
	sealed, err := store.OpenIdentity(path, func() (secret.Value, error) { asked++; return phrase("pass phrase")() })
	if err != nil {
		t.Fatal(err)
	}
	want(t, s, "A", "x", id, sealed)
	if _, err := s.Get("NONE", sealed); !errors.Is(err, store.ErrNotExist) || asked != 0 {
		t.Errorf("asked %d times though not needed, %v", asked, err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { want(t, s, "A", "x", sealed); want(t, s, "B", "y", sealed) })
	}
	wg.Wait()
	if asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
	sealed.Forget()
	want(t, s, "A", "x", sealed)
	if asked != 2 {
		t.Errorf("asked %d times after Forget, want 2", asked)
	}
	opened, err := sealed.Open()
	if err != nil || opened.Recipients()[0] != id.Recipients()[0] {
		t.Errorf("got %v", err)
	}
	sealed.Forget()
	if err := store.SealIdentity(path+"2", opened, secret.New([]byte("p")), store.WorkFactor(8)); err == nil {
		t.Error("sealed an identity that was forgotten")
	}
}

func TestPassphraseErrors(t *testing.T) {
	s, id := newStore(t)
	put(t, s, "A", "x")
	path := filepath.Join(t.TempDir(), "identity.age")
	if err := store.SealIdentity(path, id, secret.Value{}); err == nil {
		t.Error("sealed with no passphrase")
	}
	if err := store.SealIdentity(path, id, secret.New([]byte("right")), store.WorkFactor(8)); err != nil {
		t.Fatal(err)
	}
	gaveUp := errors.New("gave up")
	for what, c := range map[string]struct {
		ask  func() (secret.Value, error)
		want error
	}{
		"wrong":   {phrase("wrong"), store.ErrPassphrase},
		"empty":   {phrase(""), store.ErrPassphrase},
		"gave up": {func() (secret.Value, error) { return secret.Value{}, gaveUp }, gaveUp},
	} {
		asked := 0
		sealed, err := store.OpenIdentity(path, func() (secret.Value, error) { asked++; return c.ask() })
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := s.Get("A", sealed); !errors.Is(err, c.want) || errors.Is(err, store.ErrLocked) {
				t.Errorf("%s: got %v", what, err)
			}
		}
		if asked != 1 {
			t.Errorf("%s: asked %d times, want once", what, asked)
		}
	}
	// Another's secret is not the passphrase's fault.
	stranger, _ := newStore(t)
	put(t, stranger, "A", "x")
	sealed, err := store.OpenIdentity(path, phrase("right"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.Get("A", sealed); !errors.Is(err, store.ErrLocked) {
		t.Errorf("got %v", err)
	}
}

func TestOpenIdentityRefuses(t *testing.T) {
	s, _ := newStore(t)
	put(t, s, "A", "x")
	never := func() (secret.Value, error) { t.Error("asked"); return secret.Value{}, nil }
	if _, err := store.OpenIdentity(filepath.Join(s.Dir(), "none"), never); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	for _, p := range []string{filepath.Join(s.Dir(), "A.age"), filepath.Join(s.Dir(), ".age-recipients"), s.Dir()} {
		if _, err := store.OpenIdentity(p, never); err == nil {
			t.Errorf("opened %s", p)
		}
	}
}

func TestLoadIdentityFile(t *testing.T) {
	s, _ := newStore(t)
	dir := t.TempDir()
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	pq, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "it's mine")
	if err := os.WriteFile(path, []byte("# made today\r\n\r\n"+pq.String()+"\r\n"+classic.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	id, err := store.LoadIdentityFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := id.Recipients(); len(got) != 2 || got[0] != pq.Recipient().String() || got[1] != classic.Recipient().String() {
		t.Errorf("recipients %q", got)
	}
	for _, r := range id.Recipients() {
		s, err := store.Create(t.Context(), t.TempDir(), r)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, "A", "x")
		want(t, s, "A", "x", id)
	}

	key := classic.String()
	for what, content := range map[string]string{
		"nothing": "", "comment": "# x\n", "recipient": classic.Recipient().String(), "mangled": key[:len(key)-1] + "!", "short": key[:40],
		"lower": strings.ToLower(key[:20]) + key[20:], "ssh": "-----BEGIN OPENSSH PRIVATE KEY-----\n", "long": strings.Repeat("x", 2<<20),
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := store.LoadIdentityFile(path)
		if err == nil || len(content) > 8 && strings.Contains(err.Error(), content[4:9]) {
			t.Errorf("%s: %v", what, err)
		}
	}
	put(t, s, "A", "x")
	if _, err := store.LoadIdentityFile(filepath.Join(s.Dir(), "A.age")); err == nil || !strings.Contains(err.Error(), "encrypted") {
		t.Errorf("got %v", err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o660, 0o610} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := store.LoadIdentityFile(path); err == nil || !strings.Contains(err.Error(), `chmod 600 '`+dir+`/it'\''s mine'`) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

func TestIdentityDoesNotPrint(t *testing.T) {
	id, err := store.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "identity.age")
	if err := store.SealIdentity(path, id, secret.New([]byte("canary phrase")), store.WorkFactor(8)); err != nil {
		t.Fatal(err)
	}
	sealed, err := store.OpenIdentity(path, phrase("canary phrase"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sealed.Open(); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{id, *id, sealed, struct{ A, B any }{id, sealed}} {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, "SECRET") || strings.Contains(out, "canary") || strings.Contains(out, fmt.Sprintf("%x", "SECRET")) || strings.Contains(out, "83 69 67 82 69 84") {
				t.Errorf("%s shows the key", verb)
			}
		}
	}
}

func TestWriteIdentityFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "identity.txt")
	id, err := store.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.WriteIdentityFile(path, id); err != nil {
		t.Fatal(err)
	}
	got, err := store.LoadIdentityFile(path)
	if err != nil || !slices.Equal(got.Recipients(), id.Recipients()) {
		t.Errorf("read back: %v, %v", got.Recipients(), err)
	}
	if err := store.WriteIdentityFile(path, id); !errors.Is(err, fs.ErrExist) {
		t.Errorf("an identity was overwritten: %v", err)
	}
}
