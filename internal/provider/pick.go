package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Steps splits the path of a part of a document: "a.b.0", or a JSON pointer
// (RFC 6901) when it begins with a slash, for keys that hold a dot. "" is the
// whole document.
func Steps(path string) []string {
	if path == "" {
		return nil
	}
	rest, pointer := strings.CutPrefix(path, "/")
	if !pointer {
		return strings.Split(path, ".")
	}
	steps := strings.Split(rest, "/")
	for i, s := range steps {
		steps[i] = strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
	}
	return steps
}

// errNoPart does not say how far the path leads: what is beside it is nobody's.
var errNoPart = fmt.Errorf("%w: the document has nothing at this path", ErrNotFound)

// Pick returns the part of a JSON document at those steps: the text of a string,
// a number or a truth value as it is written, an object or an array as compact
// JSON. Errors have a place in the document and quote nothing.
func Pick(document []byte, steps []string) ([]byte, error) {
	raw, err := descend(document, steps)
	if err != nil {
		return nil, err
	}
	switch raw[0] {
	case '"':
		return unquote(raw)
	case 'n':
		return nil, errors.New("the value at this path is null")
	case '{', '[':
		var b bytes.Buffer
		err := json.Compact(&b, raw)
		return b.Bytes(), err
	}
	return bytes.Clone(raw), nil
}

// Members returns the object of those members of a JSON document that is an
// object, in this order.
func Members(document []byte, names []string) ([]byte, error) {
	out := []byte{'{'}
	for i, name := range names {
		raw, err := descend(document, []string{name})
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(AppendString(out, name), ':')
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			return nil, err
		}
		out = append(out, b.Bytes()...)
	}
	return append(out, '}'), nil
}

// maxSteps bounds the length of a path: each step reads what is left once.
const maxSteps = 64

// descend returns the bytes of the part, which are at least one.
func descend(document []byte, steps []string) (json.RawMessage, error) {
	if len(steps) > maxSteps {
		return nil, fmt.Errorf("the path has more than %d steps", maxSteps)
	}
	var whole json.RawMessage
	if err := json.Unmarshal(document, &whole); err != nil {
		return nil, placed(document, err)
	}
	raw := bytes.TrimSpace(whole)
	for _, step := range steps {
		next, err := member(raw, step)
		if err != nil {
			return nil, err
		}
		raw = bytes.TrimSpace(next)
	}
	return raw, nil
}

func member(raw json.RawMessage, step string) (json.RawMessage, error) {
	switch raw[0] {
	case '{':
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			return nil, errNoPart
		}
		if next, ok := object[step]; ok {
			return next, nil
		}
	case '[':
		var array []json.RawMessage
		if err := json.Unmarshal(raw, &array); err != nil {
			return nil, errNoPart
		}
		if i, ok := Index(step, len(array)); ok {
			return array[i], nil
		}
	}
	return nil, errNoPart
}

// Index reads a step that counts, from 0, below n.
func Index(step string, n int) (int, bool) {
	i, err := strconv.Atoi(step)
	return i, err == nil && i >= 0 && i < n && strconv.Itoa(i) == step
}

// placed is the error of a document that is no JSON. The library's would quote a
// character.
func placed(document []byte, err error) error {
	var at *json.SyntaxError
	if !errors.As(err, &at) {
		return errors.New("it is not valid JSON")
	}
	before := document[:max(0, min(int(at.Offset)-1, len(document)))]
	return fmt.Errorf("it is not valid JSON, at line %d, column %d", bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n'))
}

// unquote decodes a JSON string. What the library would replace, half of a
// surrogate pair and bytes that are not UTF-8, is an error.
func unquote(raw []byte) ([]byte, error) {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, errNoPart
	}
	if strings.ContainsRune(s, utf8.RuneError) && !bytes.ContainsRune(raw, utf8.RuneError) &&
		!bytes.Contains(bytes.ToLower(raw), []byte(`\ufffd`)) || !utf8.Valid(raw) {
		return nil, errors.New("the string at this path is not valid Unicode")
	}
	return []byte(s), nil
}

// AppendString appends s, valid UTF-8, as a JSON string.
func AppendString(b []byte, s string) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string has no error
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}

// Pair is a name and what it stands for.
type Pair struct {
	Name  string
	Value []byte
}

// Object makes a JSON object of pairs, of which the last of a name counts.
func Object(pairs []Pair) ([]byte, error) {
	out := []byte{'{'}
	for i, p := range pairs {
		if slices.ContainsFunc(pairs[i+1:], func(q Pair) bool { return q.Name == p.Name }) {
			continue
		}
		if !utf8.Valid(p.Value) || !utf8.ValidString(p.Name) {
			return nil, errors.New("not all values are text; name one with #")
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(AppendString(out, p.Name), ':')
		out = AppendString(out, string(p.Value))
	}
	return append(out, '}'), nil
}
