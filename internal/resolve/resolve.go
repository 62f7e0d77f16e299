// Package resolve turns names of secrets into their values, as a manifest says
// or, without one, from the local store.
//
// Before it reads anything it decides whether the notebook that asks may have
// the name. It learns of the notebook from whoever asks, so this keeps secrets
// from where they are not meant to be by oversight, not from a program that lies
// about who it is. References of a manifest lead to the local store and to
// environment variables; none runs a program or reaches the network.
package resolve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

// Errors to branch on, besides those of package store: ErrNoStore, ErrLocked,
// ErrPassphrase, ErrName. All are wrapped in an [*Error].
var (
	ErrUnknown     = errors.New("unknown name")
	ErrDenied      = errors.New("the manifest does not allow this secret here")
	ErrUnsupported = errors.New("this version cannot follow the reference")
	ErrUntrusted   = errors.New("the manifest is not trusted")
	ErrCheck       = errors.New("the value is not what the manifest says")
)

// Error is why a name has no value.
type Error struct {
	Name  string   // of the secret, as it was asked for
	Place string   // of the name in the manifest, "file:line:column"; "" if it is in none
	Close []string // for ErrUnknown: known names like it, best first, at most 3
	Err   error
}

// Error says what is wrong and, for an unknown name, what may be meant.
func (e *Error) Error() string {
	text := fmt.Sprintf("secret %q: ", e.Name)
	if e.Place != "" {
		text += e.Place + ": "
	}
	text += e.Err.Error()
	if len(e.Close) == 0 {
		return text
	}
	quoted := make([]string, len(e.Close))
	for i, c := range e.Close {
		quoted[i] = fmt.Sprintf("%q", c)
	}
	return text + "; there is " + strings.Join(quoted, ", ")
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Options are what a Resolver works with.
type Options struct {
	// Manifest may be nil: then every name is one of the local store.
	Manifest *manifest.Manifest

	// Notebook is the absolute path of the notebook that asks, or "" if none
	// does; then no section of the manifest's [notebooks] applies. It need not
	// exist.
	Notebook string

	// OpenStore opens the local store. It is called when a name first needs it,
	// and again after an error.
	OpenStore func() (*store.Store, error)

	// Identities open the store, tried in this order.
	Identities []age.Identity

	// Client is set when a program asks that should say for which notebook. Then
	// a manifest that denies by default denies also where Notebook is "".
	Client bool

	// Trusted tells whether a person has trusted the manifest as it is. It is
	// called at most once, when a reference first needs it. If it is nil, nobody
	// can tell: then other names of the store and of the environment are followed,
	// and nothing else that needs trust.
	Trusted func(*manifest.Manifest) (bool, error)

	// Confirm asks a person whether an untrusted manifest may do what the text
	// says, for one name. If it is nil, the answer is no.
	Confirm func(ctx context.Context, name, text string) (bool, error)

	// Home, LookupEnv, Environ, Stderr and Prompt are those of [provider.Host].
	Home      string
	LookupEnv func(string) (string, bool)
	Environ   []string
	Stderr    io.Writer
	Prompt    func(ctx context.Context, name, text string) (secret.Value, error)

	// Timeout is how long one reference may take, but for those that ask a person;
	// 0 is a minute.
	Timeout time.Duration
}

// Resolver finds values. Its methods may be called at once.
type Resolver struct {
	o         Options
	notebooks []string // the ways from the manifest to the notebook
	providers map[string]provider.Provider
	trusted   func() (bool, error) // asks once

	mu    sync.Mutex
	local *store.Store
}

// New returns a Resolver. The error is that Notebook is not absolute, or that
// its path or the manifest's cannot be followed.
func New(o Options) (*Resolver, error) {
	r := &Resolver{o: o, providers: providers(o)}
	r.trusted = sync.OnceValues(func() (bool, error) { return o.Trusted(o.Manifest) })
	if o.Timeout == 0 {
		r.o.Timeout = time.Minute
	}
	if o.Notebook == "" {
		return r, nil
	}
	if !filepath.IsAbs(o.Notebook) {
		return nil, errors.New("the notebook's path is not absolute")
	}
	if o.Manifest == nil {
		return r, nil
	}
	var err error
	if r.notebooks, err = waysTo(o.Notebook, o.Manifest.Filename()); err != nil {
		return nil, fmt.Errorf("looking for the notebook's place in the project: %w", err)
	}
	return r, nil
}

// Names returns the names, sorted, that the notebook may have: those of the
// manifest or, without one, of the store.
func (r *Resolver) Names() ([]string, error) {
	names, err := r.known()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(names, func(n string) bool { return r.allowed(n) != nil }), nil
}

// Get returns the value of one secret. Each error but that of ctx is an *Error.
func (r *Resolver) Get(ctx context.Context, name string) (secret.Value, error) {
	values, err := r.GetAll(ctx, []string{name})
	return values[name], err
}

// GetAll returns the values of all names, or an error and none. Whether the
// names are known and allowed is decided for all of them before any is read.
// Each error but that of ctx is an *Error, about the first name that has one.
func (r *Resolver) GetAll(ctx context.Context, names []string) (map[string]secret.Value, error) {
	wanted := make(map[string]permitted, len(names))
	for _, n := range names {
		p, err := r.permit(ctx, n)
		if err != nil {
			return nil, r.explain(n, err)
		}
		wanted[n] = p
	}
	values, keys := make(map[string]secret.Value, len(names)), keyRing{}
	defer keys.wipe()
	for _, n := range names {
		if _, done := values[n]; done {
			continue
		}
		v, err := r.follow(ctx, n, wanted[n], keys)
		if err == nil {
			values[n] = v
			continue
		}
		for v := range maps.Values(values) {
			v.Wipe()
		}
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, r.explain(n, err)
	}
	return values, nil
}

// permitted is a secret that may be had.
type permitted struct {
	manifest.Secret
	confined bool // its file is read only in the project
}

// permit decides whether a name is known and may be had.
func (r *Resolver) permit(ctx context.Context, name string) (permitted, error) {
	if r.o.Manifest == nil {
		ref := manifest.Reference{Scheme: manifest.SchemeStore, Rest: name}
		return permitted{Secret: manifest.Secret{From: ref}}, store.ValidateName(name)
	}
	s, ok := r.o.Manifest.Secret(name)
	if !ok {
		if err := store.ValidateName(name); err != nil {
			return permitted{}, err
		}
		return permitted{}, fmt.Errorf("%w: it is not in %s", ErrUnknown, r.o.Manifest.Filename())
	}
	if err := r.allowed(name); err != nil {
		return permitted{}, err
	}
	if s.From.Scheme != manifest.SchemeStore && r.providers[s.From.Scheme] == nil {
		return permitted{}, fmt.Errorf("%w: scheme %s://", ErrUnsupported, s.From.Scheme)
	}
	trusted, err := r.trust(ctx, name, s.From)
	return permitted{s, !trusted}, err
}

// allowed returns ErrDenied if the notebook may not have the name.
func (r *Resolver) allowed(name string) error {
	m := r.o.Manifest
	if m == nil {
		return nil
	}
	if nowhere := len(r.notebooks) == 0 && (r.o.Client || r.o.Notebook != ""); nowhere && m.DeniesByDefault() {
		return fmt.Errorf("%w: [policy] in %s denies what no section of [notebooks] allows", ErrDenied, m.Filename())
	}
	for _, way := range r.notebooks {
		if pattern, denied := m.Denied(way, name); denied && pattern == "" {
			return fmt.Errorf("%w: [policy] in %s denies what no section of [notebooks] allows", ErrDenied, m.Filename())
		} else if denied {
			return fmt.Errorf("%w: [notebooks.%q] in %s", ErrDenied, pattern, m.Filename())
		}
	}
	return nil
}

// stored returns the value of a name in the local store.
func (r *Resolver) stored(name string) (secret.Value, error) {
	s, err := r.store()
	if err != nil {
		return secret.Value{}, err
	}
	v, err := s.Get(name, r.o.Identities...)
	if errors.Is(err, store.ErrNotExist) {
		return secret.Value{}, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return v, err
}

func (r *Resolver) store() (*store.Store, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.local == nil {
		s, err := r.o.OpenStore()
		if err != nil {
			return nil, err
		}
		r.local = s
	}
	return r.local, nil
}

// known returns all names, sorted.
func (r *Resolver) known() ([]string, error) {
	if r.o.Manifest != nil {
		return r.o.Manifest.Names(), nil
	}
	s, err := r.store()
	if err != nil {
		return nil, err
	}
	return s.Names()
}

func (r *Resolver) explain(name string, err error) error {
	e := &Error{Name: name, Err: err}
	if m := r.o.Manifest; m != nil {
		if _, ok := m.Secret(name); ok {
			e.Place = m.Place(name)
		}
	}
	if errors.Is(err, ErrUnknown) {
		// Without names there is nothing to propose, and err says enough.
		if known, kerr := r.Names(); kerr == nil && !slices.Contains(known, name) {
			e.Close = closest(name, known)
		}
	}
	return e
}
