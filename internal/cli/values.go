package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"filippo.io/age"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/report"
	"github.com/nbseal/nbseal/internal/resolve"
	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
	"github.com/nbseal/nbseal/internal/trust"
)

// values resolves names for a notebook, or for nobody in particular when its
// path is "": all of them or none. The manifest is the one nearest to the
// notebook, else to the working directory. A client is a library that asks for a
// notebook, and should say for which.
func (a *app) values(ctx context.Context, notebook string, client bool, names []string) (map[string]secret.Value, error) {
	r, m, err := a.resolver(notebook, client)
	if err != nil {
		return nil, err
	}
	values, err := r.GetAll(ctx, names)
	if err != nil {
		return nil, a.advise(err, m)
	}
	return values, nil
}

func (a *app) resolver(notebook string, client bool) (*resolve.Resolver, *manifest.Manifest, error) {
	m, err := findManifest(notebook)
	if err != nil {
		return nil, nil, err
	}
	home, _ := os.UserHomeDir() // "": then nothing is there
	r, err := resolve.New(resolve.Options{
		Manifest: m, Notebook: notebook, Client: client,
		OpenStore:  a.store,
		Identities: []age.Identity{&lazyIdentity{open: sync.OnceValues(a.defaultIdentity)}},
		Home:       home,
		LookupEnv:  a.LookupEnv, Environ: a.Env, Stderr: a.Stderr,
		Trusted: a.trusts,
		Confirm: a.confirmUse,
		Prompt:  a.askValue,
	})
	return r, m, err
}

// trustFile stands beside the store.
func (a *app) trustFile() (trust.File, error) {
	dir, err := store.DefaultDir(a.Getenv)
	return trust.At(filepath.Join(filepath.Dir(dir), trust.Filename)), err
}

func (a *app) trusts(m *manifest.Manifest) (bool, error) {
	f, err := a.trustFile()
	if err != nil {
		return false, err
	}
	state, err := f.State(m.Filename(), m.Digest())
	return state == trust.Trusted, err
}

// confirmUse asks whether an untrusted manifest may have what it asks for; where
// nobody can be asked it may not.
func (a *app) confirmUse(_ context.Context, name, text string) (bool, error) {
	yes, err := a.ui.confirm(fmt.Sprintf("the manifest is not trusted; for %s it %s. Allow it this once? [y/N] ", report.Printable(name), text))
	if errors.Is(err, errNoTerminal) {
		return false, nil
	}
	return yes, err
}

func (a *app) askValue(_ context.Context, name, text string) (secret.Value, error) {
	question := "Value for " + report.Printable(name)
	if text != "" {
		question += fmt.Sprintf(" (the manifest says %q)", text)
	}
	v, err := a.ui.askHidden(question + ": ")
	if errors.Is(err, errNoTerminal) {
		err = fmt.Errorf("%w: %w", provider.ErrLocked, err)
	}
	return v, err
}

// findManifest returns nil if there is none.
func findManifest(notebook string) (*manifest.Manifest, error) {
	dir := "."
	if notebook != "" {
		dir = filepath.Dir(notebook)
	}
	path, err := manifest.Find(dir)
	if err != nil || path == "" {
		return nil, err
	}
	return manifest.Load(path)
}

// manifestNames are the names of the manifest nearest to the working directory.
func (a *app) manifestNames() ([]string, error) {
	m, err := findManifest("")
	if m == nil {
		return nil, err
	}
	return m.Names(), nil
}

// lazyIdentity is found when the first secret is to be opened: a manifest may
// need no store at all.
type lazyIdentity struct {
	open func() (age.Identity, error)
}

func (l *lazyIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	id, err := l.open()
	if err != nil {
		return nil, err
	}
	return id.Unwrap(stanzas)
}

func (a *app) defaultIdentity() (age.Identity, error) {
	dir, err := store.DefaultDir(a.Getenv)
	if err != nil {
		return nil, err
	}
	return a.identity(dir)
}

// advise adds what to do next to an error about a name.
func (a *app) advise(err error, m *manifest.Manifest) error {
	var name string
	var about *resolve.Error
	if errors.As(err, &about) {
		name = about.Name
	}
	var h *hintError
	var source *provider.Error
	switch {
	case errors.As(err, &h):
		return err
	case errors.Is(err, resolve.ErrDenied):
		return hinted(err, "its section [notebooks] in "+m.Filename()+" says which notebooks get it")
	case errors.As(err, &source) && source.Hint != "":
		return hinted(err, source.Hint)
	case errors.Is(err, resolve.ErrUnknown) && m != nil:
		return hinted(err, fmt.Sprintf("add %s = \"nbseal://%s\" below [secrets] in %s", name, name, m.Filename()))
	case errors.Is(err, resolve.ErrUnknown), errors.Is(err, store.ErrNotExist):
		return hinted(err, "nbseal set "+name+" stores a value, nbseal list shows the names there are")
	case errors.Is(err, store.ErrLocked):
		return hinted(err, lockedHint(name))
	case errors.Is(err, store.ErrNoStore):
		return hinted(err, "nbseal init makes one")
	}
	return err
}

func lockedHint(name string) string {
	return "nbseal unlock, on a terminal, opens the store; or start the notebook server as nbseal run --secret " + name + " -- jupyter lab"
}

// errorCode is the word that docs/spec/get.md has for an error.
func errorCode(err error) string {
	for _, c := range []struct {
		is   error
		code string
	}{
		{resolve.ErrDenied, "denied"},
		{resolve.ErrUntrusted, "denied"},
		{provider.ErrLocked, "locked"},
		{store.ErrLocked, "locked"},
		{store.ErrPassphrase, "locked"},
		{store.ErrNoStore, "no-store"},
		{resolve.ErrUnknown, "unknown"},
		{store.ErrNotExist, "unknown"},
	} {
		if errors.Is(err, c.is) {
			return c.code
		}
	}
	return "failed"
}
