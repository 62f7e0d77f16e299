package transfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/fernet"
	"github.com/nbseal/nbseal/internal/secret"
)

// Pair is a name, as it is to be written, and its value.
type Pair struct {
	Name  string
	Value secret.Value
}

var (
	// ErrName says that a name cannot be written in the format, or is there twice.
	ErrName = errors.New("the format cannot have this name")
	// ErrValue says that a value cannot be written in the format.
	ErrValue = errors.New("the format cannot hold this value")
)

// ExportFormats are those that can be written, sorted.
func ExportFormats() []Format { return []Format{Dotenv, Fernet, JSON} }

// Export returns the content of a file of the pairs, in their order: Dotenv or
// JSON. Errors wrap ErrName or ErrValue and name the pair.
func Export(format Format, pairs []Pair) (secret.Value, error) {
	seen := map[string]bool{}
	for _, p := range pairs {
		if seen[p.Name] {
			return secret.Value{}, fmt.Errorf("exporting %q: %w: it is given twice", p.Name, ErrName)
		}
		seen[p.Name] = true
	}
	switch format {
	case Dotenv:
		return exportDotenv(pairs)
	case JSON:
		return exportJSON(pairs)
	}
	return secret.Value{}, fmt.Errorf("exporting: %w: %q cannot be written here", ErrFormat, format)
}

// ExportFernet encrypts what Export writes as JSON under a new key, in the form of
// Python's cryptography. Whoever has the key can read the file; it is kept nowhere,
// so the caller shows it, once. Errors are those of Export and fernet.ErrTooLong.
func ExportFernet(pairs []Pair, now time.Time) (token, key secret.Value, err error) {
	message, err := Export(JSON, pairs)
	if err != nil {
		return secret.Value{}, secret.Value{}, err
	}
	defer message.Wipe()
	k := fernet.NewKey()
	sealed, err := fernet.Seal(k, message.Reveal(), now)
	if err != nil {
		k.Wipe()
		return secret.Value{}, secret.Value{}, fmt.Errorf("exporting: %w", err)
	}
	return secret.New(sealed), k.Text(), nil
}

// WriteFile writes a file for its owner alone, whole or not at all. Without force
// it replaces nothing: the error is fs.ErrExist.
func WriteFile(path string, content secret.Value, force bool) error {
	var opts []atomicfile.Option
	if !force {
		opts = append(opts, atomicfile.IfAbsent())
	}
	if err := atomicfile.Write(path, content.Reveal(), opts...); err != nil {
		return fmt.Errorf("exporting to %q: %w", path, err)
	}
	return nil
}

func exportDotenv(pairs []Pair) (secret.Value, error) {
	size := 0
	for _, p := range pairs {
		size += len(p.Name) + 2*p.Value.Len() + 4
	}
	out := make([]byte, 0, size) // enough for all, so that no copy is left behind
	for _, p := range pairs {
		if !isVariable(p.Name) {
			clear(out)
			return secret.Value{}, fmt.Errorf("exporting %q: %w: variables are letters, digits and _", p.Name, ErrName)
		}
		quote, err := quoteFor(p.Value.Reveal())
		if err != nil {
			clear(out)
			return secret.Value{}, fmt.Errorf("exporting %q: %w", p.Name, err)
		}
		out = append(append(out, p.Name...), '=', quote)
		for _, c := range p.Value.Reveal() {
			if quote == '"' && (c == '\\' || c == '"') {
				out = append(out, '\\')
			}
			out = append(out, c)
		}
		out = append(out, quote, '\n')
	}
	return secret.New(out), nil
}

func isVariable(name string) bool {
	return isKey(name) && !strings.ContainsAny(name, ".-")
}

// quoteFor chooses quotes between which sh, python-dotenv and godotenv all read
// the same.
//
// In single quotes sh knows no escapes, python-dotenv knows \\ and \' and godotenv
// takes \' for no end. In double quotes sh acts on $ and `, which the others
// cannot escape alike, and godotenv strips all quotes from the end and takes any
// quote behind a backslash for an escaped one. python-dotenv replaces ${…}
// everywhere, and it and godotenv change carriage returns.
func quoteFor(v []byte) (byte, error) {
	end := byte(0)
	if len(v) > 0 {
		end = v[len(v)-1]
	}
	has := func(s string) bool { return bytes.Contains(v, []byte(s)) }
	why := ""
	switch {
	case !utf8.Valid(v):
		why = "it is not UTF-8"
	case has("\x00"):
		why = "it has a zero byte"
	case has("\r"):
		why = "it has a carriage return, which readers change"
	case has("${"):
		why = "it has ${, which python-dotenv replaces"
	case end == '\\':
		why = `it ends in a backslash, which readers take differently`
	case !has("'") && !has(`\\`):
		return '\'', nil
	case end == '"' || bytes.ContainsAny(v, "$`"):
		why = "it has quotes or backslashes together with others that readers take differently"
	default:
		return '"', nil
	}
	return 0, fmt.Errorf("%w: %s; JSON may", ErrValue, why)
}

func exportJSON(pairs []Pair) (secret.Value, error) {
	var b bytes.Buffer
	size := 0
	for _, p := range pairs {
		size += 6*len(p.Name) + 6*p.Value.Len() + 16
	}
	b.Grow(size)
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, p := range pairs {
		why := ErrValue
		if !utf8.ValidString(p.Name) || p.Name == "" {
			why = ErrName
		}
		if why == ErrName || !utf8.Valid(p.Value.Reveal()) {
			clear(b.Bytes())
			return secret.Value{}, fmt.Errorf("exporting %q: %w: it is not UTF-8", p.Name, why)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n  ")
		for j, text := range []string{p.Name, string(p.Value.Reveal())} {
			if j > 0 {
				b.WriteString(": ")
			}
			if err := e.Encode(text); err != nil {
				return secret.Value{}, fmt.Errorf("exporting %q: %w", p.Name, err)
			}
			b.Truncate(b.Len() - 1) // the encoder's line feed
		}
	}
	b.WriteString("\n}\n")
	return secret.New(b.Bytes()), nil
}
