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
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"filippo.io/age"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

// Errors to branch on, besides those of package store: ErrNoStore, ErrLocked,
// ErrPassphrase, ErrName. All are wrapped in an [*Error].
var (
	ErrUnknown     = errors.New("unknown name")
	ErrDenied      = errors.New("the manifest does not allow this secret here")
	ErrUnsupported = errors.New("this version cannot follow the reference")
)

// Error is why a name has no value.
type Error struct {
	Name  string   // of the secret, as it was asked for
	Close []string // for ErrUnknown: known names like it, best first, at most 3
	Err   error
}

// Error says what is wrong and, for an unknown name, what may be meant.
func (e *Error) Error() string {
	text := fmt.Sprintf("secret %q: %v", e.Name, e.Err)
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

	// LookupEnv looks up an environment variable, as os.LookupEnv does.
	LookupEnv func(string) (string, bool)
}

// Resolver finds values. Its methods may be called at once.
type Resolver struct {
	o         Options
	notebooks []string // the ways from the manifest to the notebook

	mu    sync.Mutex
	local *store.Store
}

// New returns a Resolver. The error is that Notebook is not absolute, or that
// its path or the manifest's cannot be followed.
func New(o Options) (*Resolver, error) {
	r := &Resolver{o: o}
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
	refs := make(map[string]manifest.Reference, len(names))
	for _, n := range names {
		ref, err := r.reference(n)
		if err != nil {
			return nil, r.explain(n, err)
		}
		refs[n] = ref
	}
	values := make(map[string]secret.Value, len(names))
	for _, n := range names {
		if _, done := values[n]; done {
			continue
		}
		v, err := r.follow(ctx, refs[n])
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

// reference is where the value of a name is, if it may be had.
func (r *Resolver) reference(name string) (manifest.Reference, error) {
	if r.o.Manifest == nil {
		return manifest.Reference{Scheme: manifest.SchemeStore, Rest: name}, store.ValidateName(name)
	}
	ref, ok := r.o.Manifest.Reference(name)
	if !ok {
		if err := store.ValidateName(name); err != nil {
			return ref, err
		}
		return ref, fmt.Errorf("%w: it is not in %s", ErrUnknown, r.o.Manifest.Filename())
	}
	if err := r.allowed(name); err != nil {
		return ref, err
	}
	if ref.Scheme != manifest.SchemeStore && ref.Scheme != manifest.SchemeEnv {
		return ref, fmt.Errorf("%w: scheme %s://", ErrUnsupported, ref.Scheme)
	}
	if ref.Fields != nil {
		return ref, fmt.Errorf("%w: fields of %s://", ErrUnsupported, ref.Scheme)
	}
	return ref, nil
}

// allowed returns ErrDenied if the notebook may not have the name.
func (r *Resolver) allowed(name string) error {
	for _, way := range r.notebooks {
		if pattern, denied := r.o.Manifest.Denied(way, name); denied {
			return fmt.Errorf("%w: [notebooks.%q] in %s", ErrDenied, pattern, r.o.Manifest.Filename())
		}
	}
	return nil
}

func (r *Resolver) follow(ctx context.Context, ref manifest.Reference) (secret.Value, error) {
	if err := context.Cause(ctx); err != nil {
		return secret.Value{}, err
	}
	if ref.Scheme == manifest.SchemeEnv {
		v, ok := r.o.LookupEnv(ref.Rest)
		if !ok || v == "" {
			state := "not set"
			if ok {
				state = "empty"
			}
			return secret.Value{}, fmt.Errorf("environment variable %s is %s", ref.Rest, state)
		}
		return secret.New([]byte(v)), nil
	}
	s, err := r.store()
	if err != nil {
		return secret.Value{}, err
	}
	v, err := s.Get(ref.Rest, r.o.Identities...)
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
	if errors.Is(err, ErrUnknown) {
		// Without names there is nothing to propose, and err says enough.
		if known, kerr := r.Names(); kerr == nil && !slices.Contains(known, name) {
			e.Close = closest(name, known)
		}
	}
	return e
}
