package resolve_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/resolve"
	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

// setup is a project with a manifest, an environment and a store of NAME=value.
type setup struct {
	dir    string
	id     *store.Identity
	local  *store.Store
	opened int // how often the store was
	env    map[string]string
}

func newSetup(t *testing.T, values map[string]string) *setup {
	t.Helper()
	id, err := store.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	local, err := store.Create(t.Context(), t.TempDir(), id.Recipients()...)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range values {
		if err := local.Put(t.Context(), name, secret.New([]byte(value))); err != nil {
			t.Fatal(err)
		}
	}
	return &setup{dir: t.TempDir(), id: id, local: local, env: map[string]string{}}
}

func (s *setup) options() resolve.Options {
	return resolve.Options{
		OpenStore:  func() (*store.Store, error) { s.opened++; return store.Open(s.local.Dir()) },
		Identities: []age.Identity{s.id},
		LookupEnv:  func(k string) (string, bool) { v, ok := s.env[k]; return v, ok },
	}
}

// with returns options with a manifest and a notebook, relative to the project.
func (s *setup) with(t *testing.T, text, notebook string) resolve.Options {
	t.Helper()
	path := filepath.Join(s.dir, manifest.Filename)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	o := s.options()
	o.Manifest = m
	if notebook != "" {
		o.Notebook = filepath.Join(s.dir, filepath.FromSlash(notebook))
	}
	return o
}

func newResolver(t *testing.T, o resolve.Options) *resolve.Resolver {
	t.Helper()
	r, err := resolve.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// fails checks that Get fails with that error, about that name.
func fails(t *testing.T, r *resolve.Resolver, name string, want error, text string) {
	t.Helper()
	v, err := r.Get(t.Context(), name)
	var e *resolve.Error
	if !errors.As(err, &e) || e.Name != name || want != nil && !errors.Is(err, want) || !strings.Contains(err.Error(), text) || v.Len() != 0 {
		t.Errorf("%s: got %v, want %v with %q", name, err, want, text)
	}
}

func gives(t *testing.T, r *resolve.Resolver, name, want string) {
	t.Helper()
	if v, err := r.Get(t.Context(), name); err != nil || string(v.Reveal()) != want {
		t.Errorf("%s: %d bytes, %v", name, v.Len(), err)
	}
}

func TestWithoutManifestNamesAreTheStores(t *testing.T) {
	s := newSetup(t, map[string]string{"DB_PASSWORD": "one", "team/key": "two", "EMPTY": ""})
	o := s.options()
	o.Notebook = filepath.Join(s.dir, "a.ipynb")
	r := newResolver(t, o)
	if s.opened != 0 {
		t.Error("the store was opened before it was needed")
	}
	gives(t, r, "DB_PASSWORD", "one")
	gives(t, r, "team/key", "two")
	gives(t, r, "EMPTY", "")
	fails(t, r, "DB_PASWORD", resolve.ErrUnknown, `there is "DB_PASSWORD"`)
	fails(t, r, "db_password", store.ErrNotExist, `there is "DB_PASSWORD"`)
	fails(t, r, "NOTHING_LIKE_IT", resolve.ErrUnknown, "NOTHING")
	fails(t, r, "../x", store.ErrName, "")
	fails(t, r, "", store.ErrName, "")
	if names, err := r.Names(); err != nil || !slices.Equal(names, []string{"DB_PASSWORD", "EMPTY", "team/key"}) {
		t.Errorf("names %q, %v", names, err)
	}
	if s.opened != 1 {
		t.Errorf("the store was opened %d times", s.opened)
	}
}

func TestManifestSaysWhatNamesMean(t *testing.T) {
	s := newSetup(t, map[string]string{"team/db": "stored", "LOCAL": "x"})
	s.env = map[string]string{"TOKEN": "from env", "BLANK": ""}
	r := newResolver(t, s.with(t, `[secrets]
DB = { from = "nbseal://team/db" }
TOKEN = "env://TOKEN"
BLANK = "env://BLANK"
UNSET = "env://UNSET"
GONE = "nbseal://gone"
CON = "nbseal://CON"
VAULT = "vault://a/b#c"
PARTS = { from = "env://TOKEN", fields = ["a"] }
`, ""))
	gives(t, r, "TOKEN", "from env")
	if s.opened != 0 {
		t.Error("the store was opened for a variable")
	}
	gives(t, r, "DB", "stored")
	fails(t, r, "LOCAL", resolve.ErrUnknown, manifest.Filename) // in the store, not in the manifest
	fails(t, r, "TOKEN2", resolve.ErrUnknown, `there is "TOKEN"`)
	fails(t, r, "a//b", store.ErrName, "")
	fails(t, r, "BLANK", nil, "BLANK is empty")
	fails(t, r, "UNSET", nil, "UNSET is not set")
	fails(t, r, "GONE", store.ErrNotExist, `"gone"`)
	fails(t, r, "GONE", resolve.ErrUnknown, "")
	fails(t, r, "CON", store.ErrName, "Windows")
	fails(t, r, "VAULT", resolve.ErrUnsupported, "vault://")
	fails(t, r, "PARTS", nil, "not valid JSON")
	if _, err := r.Get(t.Context(), "GONE"); strings.Contains(err.Error(), "there is") {
		t.Errorf("it proposes what was asked for: %v", err)
	}
	if names, err := r.Names(); err != nil || len(names) != 8 || names[0] != "BLANK" {
		t.Errorf("names %q, %v", names, err)
	}
}

const limited = `[secrets]
A = "env://A"
B = "nbseal://B"
[notebooks."reports/**"]
allow = ["A"]
`

func TestNotebooksGetWhatTheyAreAllowed(t *testing.T) {
	s := newSetup(t, map[string]string{"B": "b"})
	s.env["A"] = "a"
	if err := os.MkdirAll(filepath.Join(s.dir, "reports", "q1"), 0o700); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"short": "reports/q1", "reports/out.ipynb": "../real.ipynb", "alias.ipynb": "reports/q1/real.ipynb"} {
		if err := os.Symlink(filepath.FromSlash(to), filepath.Join(s.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []string{"real.ipynb", "reports/q1/real.ipynb"} {
		if err := os.WriteFile(filepath.Join(s.dir, p), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for notebook, denied := range map[string]bool{
		"": false, "real.ipynb": false, "other/x.ipynb": false, "../reports/x.ipynb": false, "reports2/x.ipynb": false,
		"reports/new.ipynb": true, "reports/q1/real.ipynb": true, "reports/no/such/folder/x.ipynb": true,
		"x/../reports/new.ipynb": true, "short/new.ipynb": true, "short/real.ipynb": true, "alias.ipynb": true, "reports/out.ipynb": true,
	} {
		r := newResolver(t, s.with(t, limited, notebook))
		gives(t, r, "A", "a")
		names, err := r.Names()
		if err != nil || slices.Contains(names, "B") == denied {
			t.Errorf("%s: names %q, %v", notebook, names, err)
		}
		if !denied {
			gives(t, r, "B", "b")
			continue
		}
		fails(t, r, "B", resolve.ErrDenied, `[notebooks."reports/**"]`)
	}

	// The same through a link to the whole project.
	link := filepath.Join(t.TempDir(), "project")
	if err := os.Symlink(s.dir, link); err != nil {
		t.Fatal(err)
	}
	o := s.with(t, limited, "")
	o.Notebook = filepath.Join(link, "reports", "x.ipynb")
	fails(t, newResolver(t, o), "B", resolve.ErrDenied, "")
	o.Notebook = "reports/x.ipynb"
	if _, err := resolve.New(o); err == nil {
		t.Error("a relative path was taken")
	}
}

func TestGetAllIsAllOrNothing(t *testing.T) {
	s := newSetup(t, map[string]string{"B": "b", "C": "c"})
	s.env["A"] = "a"
	asked := 0
	o := s.with(t, limited+"[notebooks.none]\nallow = []\n", "reports/x.ipynb")
	o.OpenStore = func() (*store.Store, error) { asked++; return s.local, nil }
	r := newResolver(t, o)
	values, err := r.GetAll(t.Context(), []string{"A", "B"})
	if !errors.Is(err, resolve.ErrDenied) || values != nil || asked != 0 {
		t.Errorf("%d values, %v, the store was opened %d times", len(values), err, asked)
	}

	r = newResolver(t, s.options())
	values, err = r.GetAll(t.Context(), []string{"B", "C", "B"})
	if err != nil || !slices.Equal(slices.Sorted(maps.Keys(values)), []string{"B", "C"}) || string(values["C"].Reveal()) != "c" {
		t.Errorf("%d values, %v", len(values), err)
	}
	if values, err := r.GetAll(t.Context(), nil); err != nil || len(values) != 0 {
		t.Errorf("%d values, %v", len(values), err)
	}
	if values, err := r.GetAll(t.Context(), []string{"B", "NONE"}); !errors.Is(err, resolve.ErrUnknown) || values != nil {
		t.Errorf("%d values, %v", len(values), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.GetAll(ctx, []string{"B"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { gives(t, r, "B", "b"); gives(t, r, "C", "c") })
	}
	wg.Wait()
}

func TestStoresErrorsComeThrough(t *testing.T) {
	s := newSetup(t, map[string]string{"A": "a"})
	o := s.options()
	o.Identities = nil
	fails(t, newResolver(t, o), "A", store.ErrLocked, "")

	path := filepath.Join(t.TempDir(), "identity.age")
	if err := store.SealIdentity(path, s.id, secret.New([]byte("right")), store.WorkFactor(8)); err != nil {
		t.Fatal(err)
	}
	sealed, err := store.OpenIdentity(path, func() (secret.Value, error) { return secret.New([]byte("wrong")), nil })
	if err != nil {
		t.Fatal(err)
	}
	o.Identities = []age.Identity{sealed}
	fails(t, newResolver(t, o), "A", store.ErrPassphrase, "")

	// A store that is made later is found.
	dir := filepath.Join(t.TempDir(), "later")
	o.Identities = []age.Identity{s.id}
	o.OpenStore = func() (*store.Store, error) { return store.Open(dir) }
	r := newResolver(t, o)
	fails(t, r, "A", store.ErrNoStore, dir)
	if _, err := r.Names(); !errors.Is(err, store.ErrNoStore) {
		t.Errorf("got %v", err)
	}
	later, err := store.Create(t.Context(), dir, s.id.Recipients()...)
	if err != nil {
		t.Fatal(err)
	}
	if err := later.Put(t.Context(), "A", secret.New([]byte("now"))); err != nil {
		t.Fatal(err)
	}
	gives(t, r, "A", "now")
}

// FuzzNames: a manifest takes every name that a store takes.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"A", "a/b", "a.b-c/1", "_", "1", "a//b", "x.age", "CON", strings.Repeat("n", 200), strings.Repeat("n", 201)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if store.ValidateName(name) != nil {
			return
		}
		text := "[secrets]\n\"" + name + "\" = \"nbseal://" + name + "\"\n"
		m, err := manifest.Parse([]byte(text), "f")
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := m.Secret(name); !ok || s.From.Rest != name {
			t.Errorf("%q is %+v", name, s)
		}
	})
}
