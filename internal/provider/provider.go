// Package provider defines what follows one scheme of a manifest's references.
// Each folder below it has one provider; package resolve has the list of them.
//
// A provider promises what package providertest tests:
//
//   - It opens, reads and starts nothing before Get is called.
//   - Get returns when its context is done, within a second, with an error that
//     wraps the context's.
//   - A value is the bytes that are there, none added, none taken away, of at
//     most [MaxValue]; an empty one is an error.
//   - Errors are [*Error]; they name the place, never what is there.
//
// It does not decide who may have a value; that is package resolve's part.
package provider

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/secret"
)

// MaxValue is the greatest length of a value, in bytes, that of the store.
const MaxValue = 1 << 20

// MaxFile is the greatest size of a file that holds values, in bytes, and of
// what a program that decrypts one prints.
const MaxFile = 4 << 20

// Request asks for one value.
type Request struct {
	Name string // of the secret, for whoever is asked
	Ref  manifest.Reference
	Key  secret.Value // what Ref.Key leads to, if it is set

	// Confined files are read only below Host.Dir, whatever symbolic links say.
	Confined bool
}

// Provider follows references of one scheme. Get may be called at once.
type Provider interface {
	Get(ctx context.Context, req Request) (secret.Value, error)
}

// Host is what providers have of the process and its user. It does not change.
type Host struct {
	// Dir is the manifest's directory, absolute: relative paths are below it,
	// and programs run in it.
	Dir string

	// Home is what ~/ stands for in a path; "" if nobody knows.
	Home string

	// LookupEnv looks up an environment variable, as os.LookupEnv does.
	LookupEnv func(string) (string, bool)

	// Environ is the environment of programs, as os.Environ gives it.
	Environ []string

	// Stderr is where messages of programs go; nil for nowhere.
	Stderr io.Writer

	// Prompt asks a person for the value of that name; the text, which may be
	// empty, is the manifest's. It is nil where nobody can be asked.
	Prompt func(ctx context.Context, name, text string) (secret.Value, error)
}

// Errors to branch on.
var (
	// ErrNotFound reports that the source was read, or can be, and has no such value.
	ErrNotFound = errors.New("not found")
	// ErrEmpty reports a value without a byte.
	ErrEmpty = errors.New("the value is empty")
	// ErrTooLong reports more than MaxValue.
	ErrTooLong = fmt.Errorf("the value is longer than %d bytes", MaxValue)
	// ErrLocked reports a source that a person must unlock, who cannot be asked here.
	ErrLocked = errors.New("locked")
)

// Error is why a reference leads to no value.
type Error struct {
	Scheme string
	Hint   string // what to do next, one line; may be empty
	Err    error
}

// Error begins with the scheme. The hint is not in it.
func (e *Error) Error() string { return e.Scheme + "://: " + e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Fail makes the error of a request.
func (r Request) Fail(hint string, err error) error {
	return &Error{Scheme: r.Ref.Scheme, Hint: hint, Err: err}
}

// Failf is Fail with the error that the format gives, without a hint.
func (r Request) Failf(format string, args ...any) error {
	return r.Fail("", fmt.Errorf(format, args...))
}

// Value makes what a Get returns of the bytes that were found, which it owns.
func (r Request) Value(b []byte) (secret.Value, error) {
	v := secret.New(b)
	switch {
	case len(b) == 0:
		return secret.Value{}, r.Fail("", ErrEmpty)
	case len(b) > MaxValue:
		v.Wipe()
		return secret.Value{}, r.Fail("", ErrTooLong)
	}
	return v, nil
}
