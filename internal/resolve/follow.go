package resolve

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/provider/document"
	"github.com/nbseal/nbseal/internal/provider/dotenv"
	"github.com/nbseal/nbseal/internal/provider/env"
	"github.com/nbseal/nbseal/internal/provider/fernet"
	"github.com/nbseal/nbseal/internal/provider/keyring"
	"github.com/nbseal/nbseal/internal/provider/netrc"
	"github.com/nbseal/nbseal/internal/provider/program"
	"github.com/nbseal/nbseal/internal/provider/prompt"
	"github.com/nbseal/nbseal/internal/provider/sops"
	"github.com/nbseal/nbseal/internal/secret"
)

// providers are all that there are, by scheme; the store is the resolver's own.
func providers(o Options) map[string]provider.Provider {
	if o.Manifest == nil {
		return nil
	}
	h := provider.Host{
		Dir: filepath.Dir(o.Manifest.Filename()), Home: o.Home, LookupEnv: o.LookupEnv, Environ: o.Environ, Stderr: o.Stderr, Prompt: o.Prompt,
	}
	return map[string]provider.Provider{
		manifest.SchemeEnv:     env.New(h),
		manifest.SchemeDotenv:  dotenv.New(h),
		manifest.SchemeJSON:    document.JSON(h),
		manifest.SchemeYAML:    document.YAML(h),
		manifest.SchemeNetrc:   netrc.New(h),
		manifest.SchemeKeyring: keyring.New(h),
		manifest.SchemeFernet:  fernet.New(h),
		manifest.SchemeSOPS:    sops.New(h),
		manifest.SchemePrompt:  prompt.New(h),
		manifest.SchemeExec:    program.New(h),
	}
}

// keyRing holds the keys to encrypted files that one call has fetched, so that a
// person is asked once for each file.
type keyRing map[string]secret.Value

func (k keyRing) wipe() {
	for _, v := range k {
		v.Wipe()
	}
}

// follow returns the value of a name, taken apart and checked.
func (r *Resolver) follow(ctx context.Context, name string, p permitted, keys keyRing) (secret.Value, error) {
	whole, err := r.fetch(ctx, name, p.From, p.confined, keys)
	if err != nil {
		return secret.Value{}, err
	}
	v, err := part(whole, p.From)
	if err == nil {
		err = check(p.Check, v)
	}
	if err != nil {
		whole.Wipe()
		v.Wipe()
		return secret.Value{}, err
	}
	return v, nil
}

func (r *Resolver) fetch(ctx context.Context, name string, ref manifest.Reference, confined bool, keys keyRing) (secret.Value, error) {
	if ctx.Err() != nil {
		return secret.Value{}, context.Cause(ctx)
	}
	if ref.Scheme == manifest.SchemeStore {
		return r.stored(ref.Rest)
	}
	follower := r.providers[ref.Scheme]
	if follower == nil {
		return secret.Value{}, fmt.Errorf("%w: scheme %s://", ErrUnsupported, ref.Scheme)
	}
	req := provider.Request{Name: name, Ref: ref, Confined: confined}
	if ref.Key != nil {
		file := ref.Path()
		id := file + "\x00" + ref.Key.String() + "\x00" + strings.Join(ref.Key.Command, "\x00")
		if _, have := keys[id]; !have {
			key, err := r.fetch(ctx, "the key of "+file, *ref.Key, confined, keys)
			if err != nil {
				return secret.Value{}, fmt.Errorf("its key: %w", err)
			}
			keys[id] = key
		}
		req.Key = keys[id]
	}
	if ref.Scheme != manifest.SchemePrompt {
		limited, cancel := context.WithTimeoutCause(ctx, r.o.Timeout, fmt.Errorf("there was no answer within %v", r.o.Timeout))
		defer cancel()
		ctx = limited
	}
	v, err := follower.Get(ctx, req)
	if errors.Is(err, provider.ErrOutside) {
		err = fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	return v, err
}

// part takes the field or the fields of a value that is a JSON object.
func part(whole secret.Value, ref manifest.Reference) (secret.Value, error) {
	var b []byte
	var err error
	switch {
	case ref.Field != "":
		b, err = provider.Pick(whole.Reveal(), []string{ref.Field})
	case ref.Fields != nil:
		b, err = provider.Members(whole.Reveal(), ref.Fields)
	default:
		return whole, nil
	}
	whole.Wipe()
	if err != nil {
		return secret.Value{}, fmt.Errorf("its fields: %w", err)
	}
	if len(b) == 0 {
		return secret.Value{}, fmt.Errorf("field %q: %w", ref.Field, provider.ErrEmpty)
	}
	return secret.New(b), nil
}

// Field is one part of a secret that has fields.
type Field struct {
	Variable string // of the environment
	Value    secret.Value
}

// Fields takes apart the value of a name whose manifest entry has fields, in
// their order; nil if it has none. Field "access-key" of S3 becomes the variable
// S3_ACCESS_KEY. It is an error if two fields become one variable.
func (r *Resolver) Fields(name string, v secret.Value) ([]Field, error) {
	if r.o.Manifest == nil {
		return nil, nil
	}
	s, _ := r.o.Manifest.Secret(name)
	var list []Field
	seen := map[string]bool{}
	for _, f := range s.From.Fields {
		b, err := provider.Pick(v.Reveal(), []string{f})
		variable := variableOf(name + "_" + f)
		if err == nil && seen[variable] {
			err = fmt.Errorf("two fields become the variable %s", variable)
		}
		if err != nil {
			return nil, r.explain(name, fmt.Errorf("field %q: %w", f, err))
		}
		seen[variable] = true
		list = append(list, Field{variable, secret.New(b)})
	}
	return list, nil
}

// variableOf makes the name of an environment variable.
func variableOf(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z':
			return c - 'a' + 'A'
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			return c
		}
		return '_'
	}, name)
}

// Result is what came of a name in [Resolver.Check].
type Result struct {
	Name    string
	Place   string // "file:line:column"; "" without a manifest
	Skipped bool   // a person would have to be asked
	Err     error  // an *Error; nil if the name has a value
}

// Check fetches the value of each name that the notebook may have, in the order
// of [Resolver.Names], forgets it, and says what came of it. Nobody is asked for
// a value. The error is that of ctx, or that the names cannot be had.
func (r *Resolver) Check(ctx context.Context) ([]Result, error) {
	names, err := r.Names()
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, n := range names {
		res := Result{Name: n}
		if m := r.o.Manifest; m != nil {
			res.Place = m.Place(n)
			s, _ := m.Secret(n)
			res.Skipped = s.From.Scheme == manifest.SchemePrompt || s.From.Key != nil && s.From.Key.Scheme == manifest.SchemePrompt
		}
		if !res.Skipped {
			var v secret.Value
			v, res.Err = r.Get(ctx, n)
			v.Wipe()
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		results = append(results, res)
	}
	return results, nil
}
