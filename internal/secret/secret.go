// Package secret holds the one type in which plaintext travels through nbseal.
//
// A [Value] cannot be printed, logged, marshalled or compared by accident:
// every verb of fmt, encoding/json, encoding.TextMarshaler and log/slog shows
// [Mask], and == on it does not compile. The plaintext comes out only through
// [Value.Reveal], which belongs on the last line that needs it.
//
// It does not protect against whoever can read this process's memory.
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Mask is what stands wherever a Value is formatted.
const Mask = "[secret]"

// Value is a credential's plaintext: any bytes, possibly none. The zero Value
// is empty. Copies share the same bytes, so that Wipe reaches them all.
type Value struct {
	// A closure, because nothing that prints by reflection looks inside one;
	// fmt follows a pointer in an unexported field when the verb does not fit.
	// A function also makes == a compile-time error.
	box func() *[]byte
}

// New returns a Value that owns b; the caller must not use b afterwards.
func New(b []byte) Value { return Value{box: func() *[]byte { return &b }} }

// Reveal returns the plaintext. The slice is the Value's own: it must not be
// changed, nor kept after Wipe.
func (v Value) Reveal() []byte {
	if v.box == nil {
		return nil
	}
	return *v.box()
}

// Len is the number of bytes of the plaintext.
func (v Value) Len() int { return len(v.Reveal()) }

// Equal reports whether both hold the same bytes, in time that depends on
// their lengths only.
func (v Value) Equal(w Value) bool {
	return subtle.ConstantTimeCompare(v.Reveal(), w.Reveal()) == 1
}

// Wipe overwrites the plaintext with zeros and empties the Value and its
// copies. The runtime may have moved or copied the bytes before; Wipe is an
// effort, not a promise.
func (v Value) Wipe() {
	if v.box == nil {
		return
	}
	clear(v.Reveal())
	*v.box() = nil
}

// Format writes Mask, whatever the verb and flags.
func (v Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mask) }

// MarshalText returns Mask; encoding/json and most other encoders use it.
func (v Value) MarshalText() ([]byte, error) { return []byte(Mask), nil }

// LogValue returns Mask.
func (v Value) LogValue() slog.Value { return slog.StringValue(Mask) }
