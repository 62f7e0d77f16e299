package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

func put(t *testing.T, s *store.Store, name, value string) {
	t.Helper()
	if err := s.Put(t.Context(), name, secret.New([]byte(value))); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, s *store.Store, name, value string, ids ...age.Identity) {
	t.Helper()
	v, err := s.Get(name, ids...)
	if err != nil {
		t.Error(err)
	} else if !bytes.Equal(v.Reveal(), []byte(value)) {
		t.Errorf("%s holds %d bytes, not the %d stored", name, v.Len(), len(value))
	}
}

func TestValuesComeBack(t *testing.T) {
	s, id := newStore(t)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	values := map[string]string{
		"EMPTY": "", "BYTES": string(all), "folder/deep/name": "x", "folder.v1": "\r\n", "big": strings.Repeat("b", store.MaxValue), "chunk": strings.Repeat("c", 64<<10),
	}
	var names []string
	for name, value := range values {
		put(t, s, name, "first")
		put(t, s, name, value)
		names = append(names, name)
	}
	slices.Sort(names)
	if got, err := s.Names(); err != nil || !slices.Equal(got, names) {
		t.Errorf("names %q, %v, want %q", got, err, names)
	}
	again, err := store.Open(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range values {
		want(t, again, name, value, id)
	}
	if err := s.Put(t.Context(), "huge", secret.New(make([]byte, store.MaxValue+1))); err == nil {
		t.Error("stored more than MaxValue")
	}
	if _, err := os.Stat(filepath.Join(s.Dir(), "folder", "deep", "name.age")); err != nil {
		t.Error(err)
	}
}

func TestFilesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // there are no modes
	}
	id, err := store.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Create(t.Context(), filepath.Join(t.TempDir(), "a", "store"), id.Recipients()...)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "x/y", "z")
	err = filepath.WalkDir(filepath.Dir(s.Dir()), func(p string, d fs.DirEntry, err error) error {
		info, ierr := d.Info()
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", p, info.Mode())
		}
		return errors.Join(err, ierr)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRemove(t *testing.T) {
	s, id := newStore(t)
	put(t, s, "a/b/c", "1")
	put(t, s, "a/d", "2")
	for _, name := range []string{"a/b/c", "a/b/c", "a", "a/b", "nothing"} {
		err := s.Remove(t.Context(), name)
		if first := name == "a/b/c"; first && err != nil && !errors.Is(err, store.ErrNotExist) || !first && !errors.Is(err, store.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if has, err := s.Has("a/b/c"); has || err != nil {
		t.Errorf("it is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(s.Dir(), "a", "b")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the empty folder is still there: %v", err)
	}
	want(t, s, "a/d", "2", id)
}

func TestErrors(t *testing.T) {
	s, id := newStore(t)
	other, err := store.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "A", "x")
	for what, c := range map[string]struct {
		do   func() error
		want error
	}{
		"no such secret": {func() error { _, err := s.Get("B", id); return err }, store.ErrNotExist},
		"no identity":    {func() error { _, err := s.Get("A"); return err }, store.ErrLocked},
		"wrong identity": {func() error { _, err := s.Get("A", other, other); return err }, store.ErrLocked},
		"bad name":       {func() error { _, err := s.Get("../A", id); return err }, store.ErrName},
		"bad new name":   {func() error { return s.Put(t.Context(), "a//b", secret.Value{}) }, store.ErrName},
		"no store":       {func() error { _, err := store.Open(t.TempDir()); return err }, store.ErrNoStore},
		"no directory":   {func() error { _, err := store.Open(filepath.Join(s.Dir(), "no")); return err }, store.ErrNoStore},
		"second store":   {func() error { _, err := store.Create(t.Context(), s.Dir(), id.Recipients()...); return err }, fs.ErrExist},
	} {
		if err := c.do(); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	for _, recipients := range [][]string{nil, {"age1nonsense"}, {"# only a comment"}, {"ssh-ed25519 AAAA"}} {
		dir := filepath.Join(t.TempDir(), "s")
		if _, err := store.Create(t.Context(), dir, recipients...); err == nil {
			t.Errorf("a store for %q", recipients)
		} else if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a directory for %q", recipients)
		}
	}
	if err := os.RemoveAll(s.Dir()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Names(); !errors.Is(err, store.ErrNoStore) {
		t.Errorf("got %v", err)
	}
}

// Every cut and a bit flipped anywhere is an error that names the file.
func TestDamagedFiles(t *testing.T) {
	s, id := newStore(t)
	put(t, s, "folder/A", strings.Repeat("plaintext ", 20))
	file := filepath.Join(s.Dir(), "folder", "A.age")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, data []byte) {
		t.Helper()
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := s.Get("folder/A", id)
		if err == nil || v.Len() != 0 || !strings.Contains(err.Error(), fmt.Sprintf("%q", file)) || strings.Contains(err.Error(), "plaintext") {
			t.Errorf("%s: %d bytes, error %v", what, v.Len(), err)
		}
	}
	for n := range whole {
		try(fmt.Sprint("cut at ", n), whole[:n])
		flipped := bytes.Clone(whole)
		flipped[n] ^= 1
		try(fmt.Sprint("flipped at ", n), flipped)
	}
	try("more", append(bytes.Clone(whole), 'x'))
	try("plaintext", []byte("plaintext password\n"))
	try("plaintext header", []byte("age-encryption.org/v1\nplaintext password\n"))
	try("plaintext armor", []byte(armor.Header+"\nplaintext password\n"))
	try("too large", make([]byte, 4<<20))
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("folder/A", id); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("a folder: %v", err)
	}
}

func TestNamesThatDifferInCase(t *testing.T) {
	s, id := newStore(t)
	put(t, s, "Db/Pass", "x")
	for _, name := range []string{"db/Pass", "Db/pass", "DB/NEW"} {
		err := s.Put(t.Context(), name, secret.New([]byte("y")))
		if err == nil || !strings.Contains(err.Error(), "capital") {
			t.Errorf("%s: %v", name, err)
		}
		if has, err := s.Has(name); has || err != nil {
			t.Errorf("%s is there, %v", name, err)
		}
		if _, err := s.Get(name, id); !errors.Is(err, store.ErrNotExist) || !strings.Contains(err.Error(), `"Db`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	want(t, s, "Db/Pass", "x", id)
}

func TestPassagesLayout(t *testing.T) {
	s, id := newStore(t)
	team, err := store.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	// The nearest recipients file counts, for folders to come also.
	if err := os.Mkdir(filepath.Join(s.Dir(), "team"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "# the team\n\n" + team.Recipients()[0] + "\r\n" + id.Recipients()[0]
	if err := os.WriteFile(filepath.Join(s.Dir(), "team", ".age-recipients"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, s, "team/sub/A", "ours")
	put(t, s, "B", "mine")
	want(t, s, "team/sub/A", "ours", team)
	want(t, s, "team/sub/A", "ours", id)
	if _, err := s.Get("B", team); !errors.Is(err, store.ErrLocked) {
		t.Errorf("got %v", err)
	}
	// What is no secret is not listed.
	for _, p := range []string{".git/x.age", "a b.age", "README", ".age", "-x.age", ".hidden.age"} {
		p = filepath.Join(s.Dir(), p)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o700), os.WriteFile(p, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.Names(); err != nil || !slices.Equal(got, []string{"B", "team/sub/A"}) {
		t.Errorf("names %q, %v", got, err)
	}
}

func TestLinksLeadNowhereElse(t *testing.T) {
	s, id := newStore(t)
	put(t, s, "real", "x")
	outside := t.TempDir()
	victim := filepath.Join(outside, "v.age")
	if err := os.WriteFile(victim, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"out": outside, "file.age": victim, "same.age": "real.age", "folder": "."} {
		if err := os.Symlink(to, filepath.Join(s.Dir(), link)); err != nil {
			t.Fatal(err)
		}
	}
	want(t, s, "same", "x", id)
	want(t, s, "folder/real", "x", id)
	for _, name := range []string{"file", "out/v", "out/new"} {
		if err := s.Put(t.Context(), name, secret.New([]byte("y"))); err == nil {
			t.Errorf("stored %s", name)
		}
		if _, err := s.Get(name, id); err == nil {
			t.Errorf("read %s", name)
		}
	}
	if err := s.Remove(t.Context(), "out/v"); err == nil {
		t.Error("removed out/v")
	}
	entries, err := os.ReadDir(outside)
	if data, _ := os.ReadFile(victim); err != nil || len(entries) != 1 || string(data) != "theirs" {
		t.Errorf("outside are now %v", entries)
	}
	// A lock that is a link would make a file elsewhere.
	lock := filepath.Join(s.Dir(), ".nbseal.lock")
	if err := errors.Join(os.Remove(lock), os.Symlink(filepath.Join(outside, "made"), lock)); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "x", secret.Value{}); err == nil {
		t.Error("took a linked lock")
	}
}

func TestPutWaitsAsLongAsItsContext(t *testing.T) {
	s, _ := newStore(t)
	unlock, err := atomicfile.Lock(t.Context(), filepath.Join(s.Dir(), ".nbseal.lock"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Put(ctx, "A", secret.Value{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	put(t, s, "A", "x")
}

func TestPostQuantumRecipients(t *testing.T) {
	pq, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Create(t.Context(), t.TempDir(), pq.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "A", "x")
	want(t, s, "A", "x", pq)
	classic, err := store.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Create(t.Context(), t.TempDir(), pq.Recipient().String(), classic.Recipients()[0]); err == nil {
		t.Error("post-quantum and classic recipients mix")
	}
}

func TestPaths(t *testing.T) {
	env := map[string]string{"HOME": "/h", "LocalAppData": "/h/.local/share"}
	getenv := func(k string) string { return env[k] }
	check := func(want string) {
		t.Helper()
		if got, err := store.DefaultDir(getenv); err != nil || filepath.ToSlash(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	check("/h/.local/share/nbseal/store")
	env["XDG_DATA_HOME"] = "relative"
	check("/h/.local/share/nbseal/store")
	env["XDG_DATA_HOME"] = t.TempDir()
	check(filepath.ToSlash(env["XDG_DATA_HOME"]) + "/nbseal/store")
	env["NBSEAL_STORE"] = "here"
	check("here")
	if _, err := store.DefaultDir(func(string) string { return "" }); err == nil {
		t.Error("a store without an environment")
	}
	dir := filepath.Join(t.TempDir(), "store")
	if got, err := store.IdentityPath(dir + "/"); err != nil || got != filepath.Join(filepath.Dir(dir), "identity.age") {
		t.Errorf("got %q, %v", got, err)
	}
}

// FuzzName: whatever the name, nothing is made outside of the store, and what
// was stored is listed and comes back.
func FuzzName(f *testing.F) {
	for _, s := range []string{"A", "a/b", "../x", "a/../../b", "/etc/x", "..\\x", "C:\\x", "a\x00b", ".nbseal.lock", ".age-recipients", "CON", "a/.age-recipients"} {
		f.Add(s)
	}
	id, err := store.NewIdentity()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name string) {
		top := t.TempDir()
		s, err := store.Create(t.Context(), filepath.Join(top, "s"), id.Recipients()...)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Put(t.Context(), name, secret.New([]byte("x")))
		if entries, rerr := os.ReadDir(top); rerr != nil || len(entries) != 1 {
			t.Fatalf("outside of the store: %v", entries)
		}
		names, lerr := s.Names()
		if lerr != nil || (err == nil) != (store.ValidateName(name) == nil) || (err == nil) != slices.Equal(names, []string{name}) {
			t.Errorf("%q: put %v, names %q, %v", name, err, names, lerr)
		}
		if err == nil {
			want(t, s, name, "x", id)
		}
	})
}
