package manifest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Secret is what [secrets] says of one name.
type Secret struct {
	From  Reference
	Check Check

	// Where the name stands, from 1, the column in bytes.
	Line, Column int
}

// Check is what a value must be. The zero Check takes everything.
type Check struct {
	Type       string // one of Types, "" for any
	StartsWith string
	Min, Max   int            // bytes; Max 0 is no bound
	Pattern    *regexp.Regexp // of the whole value; nil for any
}

// Types are what the key type may be.
func Types() []string {
	return []string{"text", "url", "port", "int", "uuid", "hex", "base64", "jwt", "json", "pem"}
}

// SecretKeys are the keys that the table of a secret may have.
func SecretKeys() []string {
	return []string{"from", "field", "fields", "key", "command", "output", "type", "starts_with", "min_length", "max_length", "pattern"}
}

// Outputs are what the key output may be.
func Outputs() []string { return []string{outputLine, outputAll} }

const outputLine, outputAll = "line", "all"

// maxValue bounds the lengths that a value can be asked to have, in bytes; it is
// the bound of the store.
const maxValue = 1 << 20

// entry is a string or a table.
type entry struct {
	From       *from    `toml:"from"`
	Field      string   `toml:"field"`
	Fields     []string `toml:"fields"`
	Key        *from    `toml:"key"`
	Command    []string `toml:"command"`
	Output     string   `toml:"output"`
	Type       string   `toml:"type"`
	StartsWith string   `toml:"starts_with"`
	Min        int64    `toml:"min_length"`
	Max        int64    `toml:"max_length"`
	Pattern    string   `toml:"pattern"`
}

// UnmarshalText reads the entry that is a string.
func (e *entry) UnmarshalText(text []byte) error {
	e.From = &from{}
	return e.From.UnmarshalText(text)
}

type from struct{ ref Reference }

// UnmarshalText reads a reference.
func (f *from) UnmarshalText(text []byte) (err error) {
	f.ref, err = parseReference(string(text))
	return err
}

// secret is the entry, after all checks.
func (e entry) secret() Secret {
	ref := e.From.ref
	ref.Field = e.Field
	if len(e.Fields) > 0 {
		ref.Fields = e.Fields
	}
	if e.Key != nil {
		ref.Key = &e.Key.ref
	}
	if len(e.Command) > 0 {
		ref.Command = e.Command
	}
	ref.Whole = e.Output == outputAll
	s := Secret{From: ref, Check: Check{Type: e.Type, StartsWith: e.StartsWith, Min: int(e.Min), Max: int(e.Max)}}
	if e.Pattern != "" {
		s.Check.Pattern, _ = compile(e.Pattern) // checked before
	}
	return s
}

// compile makes a pattern that is tried against the whole value. RE2 takes time
// linear in the value's length.
func compile(pattern string) (*regexp.Regexp, error) {
	// On its own first: "a)(b" would be valid between the brackets.
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, errors.New("not a regular expression of https://github.com/google/re2/wiki/Syntax")
	}
	return regexp.Compile(`^(?s:` + pattern + `)$`)
}

// checkSecretKind is checkKind for the keys of a secret's table.
func checkSecretKind(k key) error {
	switch k.path[2] {
	case "from", "key":
		if k.kind != unstable.String {
			return errExpectedReference
		}
	case "fields", "command":
		if !k.strings {
			return errExpectedStrings
		}
	case "min_length", "max_length":
		if k.kind != unstable.Integer {
			return errExpectedLength
		}
	case "type":
		if k.kind != unstable.String {
			return fmt.Errorf("expected %s", words(Types()))
		}
	case "field", "output", "starts_with", "pattern":
		if k.kind != unstable.String {
			return errors.New("expected a string")
		}
	}
	return nil
}

var errExpectedLength = fmt.Errorf("expected a number of bytes from 0 to %d", maxValue)

// checkSecretKey is checkKey for a secret and the keys of its table.
func checkSecretKey(k key, e entry) error {
	if len(k.path) == 2 {
		if !validName(k.path[1]) {
			return errors.New("not a name for a secret: letters, digits, _ . - and / make one, and it begins with a letter or _")
		}
		return e.checkFrom()
	}
	scheme := ""
	if e.From != nil {
		scheme = e.From.ref.Scheme
	}
	switch k.path[2] {
	case "field":
		if e.Field == "" || e.Fields != nil {
			return errors.New("field names one part, and stands without fields")
		}
	case "fields":
		return checkFields(e.Fields)
	case "key":
		if scheme != SchemeFernet {
			return errors.New("only fernet:// has a key")
		}
		if s := e.Key.ref.Scheme; s == SchemeFernet || s == SchemeExec && e.Key.ref.Command == nil {
			return errors.New("a key comes neither from fernet:// nor from an exec:// without a command")
		}
	case "command":
		return checkCommand(scheme, e)
	case "output":
		if scheme != SchemeExec || !slices.Contains(Outputs(), e.Output) {
			return fmt.Errorf("output is of exec://, and %s", words(Outputs()))
		}
	default:
		return e.checkCheck(k.path[2])
	}
	return nil
}

// checkFrom checks what must stand together.
func (e entry) checkFrom() error {
	switch {
	case e.From == nil:
		return errors.New("it has no reference: from is missing")
	case e.From.ref.Scheme == SchemeFernet && e.Key == nil:
		return errors.New(`fernet:// needs a key: { from = "fernet://FILE#KEY", key = "keyring://SERVICE/USER" }`)
	case e.From.ref.Scheme == SchemeExec && e.From.ref.Command == nil && len(e.Command) == 0:
		return errors.New(`exec:// needs a command: { from = "exec://", command = ["PROGRAM", "ARGUMENT"] }`)
	}
	return nil
}

func checkFields(fields []string) error {
	for i, f := range fields {
		if f == "" || slices.Contains(fields[:i], f) {
			return errors.New("a field is empty, or stands twice")
		}
	}
	return nil
}

func checkCommand(scheme string, e entry) error {
	if scheme != SchemeExec || e.From.ref.Command != nil {
		return errors.New(`command stands with from = "exec://"`)
	}
	if len(e.Command) == 0 || !validProgram(e.Command[0]) {
		return errProgram
	}
	for _, arg := range e.Command {
		if strings.ContainsRune(arg, 0) {
			return errors.New("an argument holds a NUL byte")
		}
	}
	return nil
}

// checkCheck checks the keys that say what a value must be.
func (e entry) checkCheck(name string) error {
	switch name {
	case "type":
		if !slices.Contains(Types(), e.Type) {
			return fmt.Errorf("expected %s", words(Types()))
		}
	case "starts_with":
		if e.StartsWith == "" {
			return errors.New("an empty string says nothing")
		}
	case "min_length", "max_length":
		if e.Min < 0 || e.Max < 0 || e.Min > maxValue || e.Max > maxValue {
			return errExpectedLength
		}
		if e.Max > 0 && e.Min > e.Max {
			return errors.New("min_length is greater than max_length")
		}
	case "pattern":
		if e.Pattern == "" {
			return errors.New("an empty string says nothing")
		}
		_, err := compile(e.Pattern)
		return err
	}
	return nil
}
