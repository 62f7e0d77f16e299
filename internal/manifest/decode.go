package manifest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// document is the form of a manifest.
type document struct {
	Secrets   map[string]entry  `toml:"secrets"`
	Notebooks map[string]limits `toml:"notebooks"`
	Clean     map[string]any    `toml:"clean"`
	Policy    struct {
		Default string `toml:"default"`
	} `toml:"policy"`
}

type limits struct {
	Allow *[]string `toml:"allow"`
}

// errorAt is an error at a line and column, from 1.
func errorAt(line, column int, format string, args ...any) error {
	return fmt.Errorf("%d:%d: %w", line, column, fmt.Errorf(format, args...))
}

// errorIn is err at an offset in data.
func errorIn(data []byte, offset int, err error) error {
	line, column := placeOf(data, offset)
	return errorAt(line, column, "%w", err)
}

func placeOf(data []byte, offset int) (line, column int) {
	before := data[:offset]
	return bytes.Count(before, []byte("\n")) + 1, offset - bytes.LastIndexByte(before, '\n')
}

const policyAllow, policyDeny = "allow", "deny"

var (
	errExpectedPolicy  = errors.New(`expected default = "allow" or "deny"`)
	errExpectedStrings = errors.New("expected an array of strings")
)

func decode(data []byte) (*Manifest, error) {
	keys, keysErr := keysOf(data)
	for _, k := range keys {
		if err := checkKind(k); err != nil && keysErr == nil {
			return nil, errorIn(data, k.offset, err)
		}
	}
	var doc document
	d := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return nil, describe(err)
	}
	if keysErr != nil { // the decoder says the same, with a place
		return nil, describe(keysErr)
	}
	for _, k := range keys {
		if err := checkKey(k, &doc); err != nil {
			return nil, errorIn(data, k.offset, err)
		}
	}
	m := &Manifest{secrets: map[string]Secret{}, deny: doc.Policy.Default == policyDeny}
	for _, k := range keys {
		if len(k.path) < 2 || k.path[0] != "secrets" {
			continue
		}
		if _, done := m.secrets[k.path[1]]; !done {
			secret := doc.Secrets[k.path[1]].secret()
			secret.Line, secret.Column = placeOf(data, k.offset)
			m.secrets[k.path[1]] = secret
		}
	}
	for pattern, l := range doc.Notebooks {
		m.sections = append(m.sections, section{pattern, *l.Allow})
	}
	m.clean = cleanSections(keys, doc.Clean)
	slices.SortFunc(m.sections, func(a, b section) int { return cmp.Compare(a.pattern, b.pattern) })
	return m, nil
}

// describe gives an error of the TOML library its place.
func describe(err error) error {
	var missing *toml.StrictMissingError
	if errors.As(err, &missing) && len(missing.Errors) > 0 {
		line, column := missing.Errors[0].Position()
		return errorAt(line, column, "unknown key; a name that holds a dot or a slash stands in quotes")
	}
	var at *toml.DecodeError
	if errors.As(err, &at) {
		line, column := at.Position()
		message := strings.TrimPrefix(at.Error(), "toml: ")
		if strings.HasPrefix(message, "key ") || strings.HasPrefix(message, "table ") {
			message = "this key or table is there already" // the library's message quotes it
		}
		return errorAt(line, column, "%s", message)
	}
	return errorAt(1, 1, "it does not decode")
}

// key is a key as it is written in the document, with those above it.
type key struct {
	path    []string
	offset  int           // of the key's last part, in bytes
	kind    unstable.Kind // of its value; Table for what stands in brackets and before a dot
	strings bool          // its value is an array of strings
}

// checkKind checks what kind of value stands where. The TOML library would name
// Go's types, and not always the place.
func checkKind(k key) error {
	table := k.kind == unstable.Table || k.kind == unstable.InlineTable
	switch {
	case k.kind == unstable.ArrayTable:
		return errors.New("a table in double brackets has no place here")
	case len(k.path) == 1 && !table:
		return errors.New("expected a table")
	case len(k.path) > 1 && k.path[0] == "clean":
		return checkCleanKind(k)
	case len(k.path) == 2 && k.path[0] == "secrets" && k.kind != unstable.String && !table:
		return errExpectedReference
	case len(k.path) == 2 && k.path[0] == "notebooks" && !table:
		return errors.New("expected a table that holds allow")
	case len(k.path) == 2 && k.path[0] == "policy" && k.kind != unstable.String:
		return errExpectedPolicy
	case len(k.path) == 3 && k.path[0] == "secrets":
		return checkSecretKind(k)
	case len(k.path) == 3 && k.path[2] == "allow" && !k.strings:
		return errExpectedStrings
	}
	return nil
}

// checkKey checks what the TOML library cannot: names, patterns, what must be
// there, and that keys are written as they should be, where the library takes
// capital letters for small ones.
func checkKey(k key, doc *document) error {
	if len(k.path) > 0 && k.path[0] == "clean" {
		return checkCleanKey(k, doc.Clean)
	}
	switch {
	case len(k.path) > 0 && k.path[0] != "secrets" && k.path[0] != "notebooks" && k.path[0] != "policy",
		len(k.path) > 1 && k.path[0] == "policy" && (len(k.path) > 2 || k.path[1] != "default"),
		len(k.path) > 2 && k.path[0] == "secrets" && !slices.Contains(SecretKeys(), k.path[2]),
		len(k.path) > 2 && k.path[0] == "notebooks" && k.path[2] != "allow":
		return errors.New("unknown key")
	case len(k.path) > maxDepth:
		return errors.New("unknown key")
	case len(k.path) < 2:
		return nil
	}
	name := k.path[1]
	switch k.path[0] {
	case "secrets":
		return checkSecretKey(k, doc.Secrets[name])
	case "policy":
		if p := doc.Policy.Default; p != policyAllow && p != policyDeny {
			return errExpectedPolicy
		}
		return nil
	}
	if !validPattern(name) {
		return errors.New("not a pattern of paths relative to the manifest")
	}
	if doc.Notebooks[name].Allow == nil {
		return errors.New("allow is missing; allow = [] allows nothing")
	}
	for _, allowed := range *doc.Notebooks[name].Allow {
		if _, ok := doc.Secrets[allowed]; !ok {
			return errors.New("a name that is allowed is not in [secrets]")
		}
	}
	return nil
}

// keysOf lists the keys of a document in its order, up to the first that is not
// valid TOML.
func keysOf(data []byte) ([]key, error) {
	l := lister{}
	l.parser.Reset(data)
	var table []string
	for l.parser.NextExpression() {
		switch e := l.parser.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = l.add(nil, e.Key(), key{kind: e.Kind})
		case unstable.KeyValue:
			l.value(table, e)
		}
	}
	return l.keys, l.parser.Error()
}

// maxDepth is how many parts the key of a manifest has at most.
const maxDepth = 3

type lister struct {
	parser unstable.Parser
	keys   []key
}

// add appends a key of one part or several, of which last is the last, and
// returns its path.
func (l *lister) add(above []string, parts unstable.Iterator, last key) []string {
	path := slices.Clone(above)
	for parts.Next() {
		n := parts.Node()
		if len(path) > maxDepth {
			break // it is unknown as it is
		}
		path = append(path, string(n.Data))
		k := key{kind: unstable.Table}
		if parts.IsLast() {
			k = last
		}
		k.path, k.offset = slices.Clone(path), int(n.Raw.Offset)
		l.keys = append(l.keys, k)
	}
	return path
}

// value adds the key of n and, when its value is an inline table, those in it.
func (l *lister) value(above []string, n *unstable.Node) {
	v := n.Value()
	k := key{kind: v.Kind, strings: v.Kind == unstable.Array}
	if v.Kind == unstable.Array {
		for it := v.Children(); it.Next(); {
			k.strings = k.strings && (it.Node().Kind == unstable.String || it.Node().Kind == unstable.Comment)
		}
	}
	path := l.add(above, n.Key(), k)
	if v.Kind == unstable.InlineTable && len(path) <= maxDepth {
		for it := v.Children(); it.Next(); {
			l.value(path, it.Node())
		}
	}
}
