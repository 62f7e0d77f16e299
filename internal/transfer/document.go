package transfer

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/nbseal/nbseal/internal/fernet"
)

const (
	maxDepth = 64
	// maxNodes bounds what aliases of YAML multiply.
	maxNodes = 100_000
	// maxYAML bounds a YAML file, in bytes: the library takes seconds for one.
	maxYAML = 4 << 20
)

const notText = "%s, not a text; in quotes it would be taken"

// leaf is a scalar of a document.
type leaf struct {
	steps []string // keys, and indices from 0
	line  int
	value []byte
	why   string // not to be taken
}

// deeper is the way to what a step leads to.
func deeper(steps []string, step string, line int) ([]string, error) {
	size := len(step)
	for _, s := range steps {
		size += len(s)
	}
	switch {
	case len(steps) >= maxDepth:
		return nil, fmt.Errorf("line %d: more than %d levels", line, maxDepth)
	case size > maxKey:
		return nil, tooLong(line)
	}
	return append(steps[:len(steps):len(steps)], step), nil
}

// item names a leaf by its keys, joined by "_".
func (l leaf) item() Item {
	keys := make([]string, len(l.steps))
	for i, step := range l.steps {
		if keys[i] = step; strings.ContainsAny(step, ".\"") || step == "" {
			keys[i] = strconv.Quote(step)
		}
	}
	return Item{Name: strings.Join(l.steps, "_"), Key: strings.Join(keys, "."), Line: l.line}
}

func (f *file) json() error { return f.leaves(f.text, true) }

// leaves takes all texts of a JSON document.
func (f *file) leaves(text []byte, lines bool) error {
	return walkJSON(text, func(l leaf) error {
		if !lines {
			l.line = 0
		}
		if l.why != "" {
			return f.skip(l.item().Key, l.line, l.why)
		}
		return f.take(l.item(), l.value)
	})
}

// kaggle reads {"username": …, "key": …}. The names are the variables that its
// client reads: https://github.com/Kaggle/kaggle-api/blob/main/docs/README.md.
func (f *file) kaggle() error {
	return walkJSON(f.text, func(l leaf) error {
		it := l.item()
		it.Note = "Kaggle"
		switch {
		case l.why != "":
			return f.skip(it.Key, l.line, l.why)
		case it.Key == "username":
			it.Name, it.Role = "KAGGLE_USERNAME", Login
		case it.Key == "key":
			it.Name = "KAGGLE_KEY"
		default:
			return f.skip(it.Key, l.line, unknown)
		}
		return f.take(it, l.value)
	})
}

// fernet reads a token, whose message is a JSON object, or a single value that is
// named after the file.
func (f *file) fernet() error {
	if f.opt.Key == nil {
		return ErrNoKey
	}
	text, err := f.opt.Key(f.ctx, f.path)
	if err != nil {
		return err
	}
	defer text.Wipe()
	key, err := fernet.ParseKey(text.Reveal())
	if err != nil {
		return err
	}
	defer key.Wipe()
	token := bytes.TrimSpace(f.text)
	message, _, err := fernet.Open(key, token, fernet.Options{Lax: f.opt.Lax, MaxAge: f.opt.MaxAge, Now: f.opt.Now})
	if err != nil {
		return err
	}
	defer message.Wipe()
	if m := bytes.TrimSpace(message.Reveal()); bytes.HasPrefix(m, []byte("{")) && json.Valid(m) {
		return f.leaves(m, false)
	}
	base := filepath.Base(filepath.ToSlash(f.path))
	base = strings.TrimSuffix(strings.TrimLeft(base, "."), filepath.Ext(base))
	return f.take(Item{Name: strings.ToUpper(clean(base)), Key: "the whole message"}, message.Reveal())
}

// walkJSON calls each for every scalar, in the order of the document.
func walkJSON(text []byte, each func(leaf) error) error {
	w := jsonWalk{text: text, d: json.NewDecoder(bytes.NewReader(text)), line: 1, each: each}
	w.d.UseNumber()
	if i := invalid(text); i >= 0 {
		return fmt.Errorf("line %d is not valid UTF-8", lineAt(text, i))
	}
	t, err := w.token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return fmt.Errorf("line %d: it is not a JSON object", w.line)
	}
	if err := w.inside(nil, true); err != nil {
		return err
	}
	if _, err := w.d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("line %d: something follows the JSON object", w.line)
	}
	return nil
}

type jsonWalk struct {
	text       []byte
	d          *json.Decoder
	seen, line int // the line of the offset seen
	raw        []byte
	each       func(leaf) error
}

// token is the next token. The library's errors quote what they are about.
func (w *jsonWalk) token() (json.Token, error) {
	t, err := w.d.Token()
	at := int(w.d.InputOffset())
	if err != nil {
		if wrong := (*json.SyntaxError)(nil); errors.As(err, &wrong) {
			at = max(at, min(int(wrong.Offset), len(w.text)))
		} else {
			at = len(w.text) // it ends too early
		}
		return nil, fmt.Errorf("line %d: it is not valid JSON", lineAt(w.text, at))
	}
	w.raw = w.text[w.seen:at]
	w.line += bytes.Count(w.raw, []byte("\n"))
	w.seen = at
	return t, nil
}

// inside walks an object or array, whose beginning was read.
func (w *jsonWalk) inside(steps []string, object bool) error {
	for i := 0; ; i++ {
		step := strconv.Itoa(i)
		t, err := w.token()
		if err != nil {
			return err
		}
		if t == json.Delim('}') || t == json.Delim(']') {
			return nil
		}
		if object {
			step, _ = t.(string)
			if w.lossy(step) {
				return fmt.Errorf("line %d: a key is not valid Unicode", w.line)
			}
			if t, err = w.token(); err != nil {
				return err
			}
		}
		next, err := deeper(steps, step, w.line)
		if err != nil {
			return err
		}
		if err := w.value(next, t); err != nil {
			return err
		}
	}
}

func (w *jsonWalk) value(steps []string, t json.Token) error {
	l := leaf{steps: steps, line: w.line}
	switch t := t.(type) {
	case json.Delim:
		return w.inside(steps, t == '{')
	case string:
		l.value = []byte(t)
		defer clear(l.value)
		if w.lossy(t) {
			l.why = "it is not valid Unicode"
		}
	case json.Number:
		l.why = fmt.Sprintf(notText, "a number")
	case bool:
		l.why = notSecret
	default:
		l.why = "it is null"
	}
	return w.each(l)
}

// lossy reports whether the library put U+FFFD for half of a surrogate pair.
func (w *jsonWalk) lossy(s string) bool {
	return strings.Count(s, "\ufffd") > bytes.Count(w.raw, []byte("\ufffd"))+bytes.Count(bytes.ToLower(w.raw), []byte(`\ufffd`))
}

// yaml takes all texts of a single YAML document.
func (f *file) yaml() error {
	if len(f.text) > maxYAML {
		return fmt.Errorf("%w: more than %d MiB of YAML", ErrTooLarge, maxYAML>>20)
	}
	d := yaml.NewDecoder(bytes.NewReader(f.text))
	var document yaml.Node
	if err := d.Decode(&document); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil || len(document.Content) != 1 {
		return placed(err)
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return errors.New("it is not a single YAML document")
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: it is not a YAML mapping", root.Line)
	}
	w := yamlWalk{f: f}
	return w.node(root, nil)
}

// placed is the error of what is no YAML. The library's may quote it.
func placed(err error) error {
	if err != nil {
		if m := regexp.MustCompile(`^yaml: (line [0-9]+)`).FindStringSubmatch(err.Error()); m != nil {
			return fmt.Errorf("%s: it is not valid YAML", m[1])
		}
	}
	return errors.New("it is not valid YAML")
}

type yamlWalk struct {
	f     *file
	nodes int
}

func (w *yamlWalk) node(n *yaml.Node, steps []string) error {
	if w.nodes++; w.nodes > maxNodes {
		return fmt.Errorf("line %d: %w: aliases of aliases", n.Line, ErrTooLarge)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return w.node(n.Alias, steps)
	case yaml.SequenceNode:
		for i, e := range n.Content {
			if err := w.below(e, steps, strconv.Itoa(i)); err != nil {
				return err
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind == yaml.AliasNode {
				k = k.Alias
			}
			if k.Kind != yaml.ScalarNode || !utf8.ValidString(k.Value) {
				return fmt.Errorf("line %d: a key that is not a text", k.Line)
			}
			// https://yaml.org/type/merge.html
			if k.ShortTag() == "!!merge" {
				if err := w.f.skip(k.Value, k.Line, "what another part is merged with is taken at that part alone"); err != nil {
					return err
				}
				continue
			}
			if err := w.below(n.Content[i+1], steps, k.Value); err != nil {
				return err
			}
		}
	case yaml.ScalarNode:
		return w.scalar(n, leaf{steps: steps, line: n.Line})
	}
	return nil
}

func (w *yamlWalk) below(n *yaml.Node, steps []string, step string) error {
	next, err := deeper(steps, step, n.Line)
	if err != nil {
		return err
	}
	return w.node(n, next)
}

func (w *yamlWalk) scalar(n *yaml.Node, l leaf) error {
	switch n.ShortTag() {
	case "!!str":
		l.value = []byte(n.Value)
	case "!!binary":
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Value), ""))
		if err != nil {
			return w.f.skip(l.item().Key, l.line, "it is not valid base64")
		}
		l.value = b
	case "!!null":
		l.why = "it is null"
	case "!!bool":
		l.why = notSecret
	case "!!int", "!!float":
		l.why = fmt.Sprintf(notText, "a number")
	default:
		l.why = fmt.Sprintf(notText, "a date or another kind of value")
	}
	if l.why != "" {
		return w.f.skip(l.item().Key, l.line, l.why)
	}
	return w.f.take(l.item(), l.value)
}
