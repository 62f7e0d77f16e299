// Package redact replaces known values in what a program prints by a marker
// that names them, however the output is cut into pieces.
//
// A value is found as it is and in these forms: JSON strings (with or without
// \uXXXX for what is not ASCII, with \/ and with \u003c for <), base64 in its
// three alignments, standard and URL-safe, and broken into lines of 64 or 76
// characters, hexadecimal in either case, percent-encoding of the reserved
// characters or of all, HTML and XML escapes, Python's repr of str and bytes,
// the escapes inside single and double shell quotes and before them, reversed.
// White space around a value does not count. A value of several lines is found
// with \n and with \r\n, and each line of a PEM body of 24 characters or more
// is found alone.
//
// All occurrences of all forms are found; those that overlap become one marker,
// that of the leftmost (of the longest, if two begin together). So no character
// of an occurrence survives beside a marker. The one exception is of less than
// a character: where base64 begins amid foreign bytes, the character before the
// marker carries two or four bits of the value's first byte.
//
// It does not find a form of a form (base64 of hex), a value whose pieces are
// separated by anything else, a part of a value (but for the end of a stream,
// see [Writer.Flush]), or base64 broken into lines when the value is not at the
// start of what was encoded. Whoever wants to get a value past it can.
//
// A Redactor holds the values in clear in memory for as long as it lives. It
// takes about 13 bytes for each byte of all forms together, that is 0.35 kB for
// each byte of a value of letters and digits, at worst 1.3 kB. Searching takes
// time proportional to the text alone, whatever the number of values.
package redact

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/nbseal/nbseal/internal/secret"
)

// maxValue is the length in bytes from which a value's forms cannot fit.
const maxValue = 1 << 20

// MinLength is the number of bytes, not counting white space around it, from
// which a value can be redacted. Shorter ones occur by chance.
const MinLength = 4

// Secret is a value and the name by which markers call it.
type Secret struct {
	Name  string
	Value secret.Value
}

// Redactor finds a fixed set of values. It does not change after New and may be
// used by several goroutines.
type Redactor struct {
	auto    *automaton
	markers []string // by index of the secret
	short   []string
}

// New returns a Redactor for the secrets. Of two with the same value the first
// gives the name. Those too short to redact are left out; NotRedactable lists
// them, and the caller must tell the user. The error, which names the secret,
// is for a value over 1 MiB, and for values that together need more than 220 MB.
func New(secrets []Secret) (*Redactor, error) {
	r := &Redactor{auto: newAutomaton()}
	var names []string
	for _, s := range secrets {
		value := bytes.TrimSpace(s.Value.Reveal())
		if len(value) < MinLength {
			r.short = append(r.short, s.Name)
			continue
		}
		if len(value) > maxValue {
			return nil, fmt.Errorf("preparing to redact %q: %w", s.Name, errTooLarge)
		}
		for f := range forms(value) {
			if err := r.auto.add(f, int32(len(names))); err != nil {
				return nil, fmt.Errorf("preparing to redact %q: %w", s.Name, err)
			}
		}
		names = append(names, s.Name)
	}
	r.auto.finish()
	r.markers = r.auto.chooseMarkers(names)
	return r, nil
}

// NotRedactable returns the names of the secrets shorter than MinLength, in the
// order given to New. Their values pass unchanged.
func (r *Redactor) NotRedactable() []string { return r.short }

// Bytes returns text, which is whole, with all values replaced, and treats its
// end as Writer.Flush does. Text without a value is returned as it is, not
// copied.
func (r *Redactor) Bytes(text []byte) []byte {
	w := r.Writer(nil)
	w.scan(text)
	w.markTail()
	if len(w.found) == 0 {
		return text
	}
	w.out = make([]byte, 0, len(text))
	return w.render(text, w.pos)
}

// Format writes the type's name, whatever the verb: the fields hold plaintext.
func (r *Redactor) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "redact.Redactor") }

// markerStyles are tried in order. The first is the one everybody gets; the
// others are for sets of values that share letters with a marker, so that a
// marker and its neighbours never read as a value.
var markerStyles = [...]string{"[nbseal:%s]", "<nbseal:%s>", "{nbseal:%s}", "[redacted-%d]", "<redacted-%d>", "(%d)", "~%d~", "***"}

const (
	markerOpeners = "[<{(~*" // the first letters of the styles
	maxMarker     = 256      // longer than a marker of the longest name
)

// chooseMarkers returns a marker for each name.
func (a *automaton) chooseMarkers(names []string) []string {
	markers := make([]string, len(names))
	for _, style := range markerStyles {
		fits := true
		for i, name := range names {
			switch {
			case bytes.Contains([]byte(style), []byte("%s")):
				markers[i] = fmt.Sprintf(style, name)
			case bytes.Contains([]byte(style), []byte("%d")):
				markers[i] = fmt.Sprintf(style, i+1)
			default:
				markers[i] = style
			}
			fits = fits && !a.touches(markers[i])
		}
		if fits {
			return markers
		}
	}
	return markers
}

// touches reports whether a form lies in the marker, or one that reaches over
// an end of it can.
func (a *automaton) touches(marker string) bool {
	s := int32(0)
	for i := range len(marker) {
		s = a.step(s, marker[i])
		if n, ok := a.note(s); ok && n.length > 0 {
			return true
		}
	}
	if s != 0 {
		return true // a form begins with the marker's end
	}
	for i := range len(marker) {
		if a.ends[marker[:i+1]] {
			return true // a form ends with the marker's beginning
		}
	}
	return false
}

var errTooLarge = errors.New("the values are too large to search for")
