package document

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/nbseal/nbseal/internal/provider"
)

var errNoPart = fmt.Errorf("%w: the document has nothing at this path", provider.ErrNotFound)

// maxDepth bounds aliases and nesting.
const maxDepth = 100

func pickYAML(data []byte, steps []string) ([]byte, error) {
	node, err := parse(data)
	if err != nil {
		return nil, err
	}
	for _, step := range steps {
		if node = child(node, step, maxDepth); node == nil {
			return nil, errNoPart
		}
	}
	if node = target(node); node == nil {
		return nil, errNoPart
	}
	if node.Kind == yaml.ScalarNode {
		switch node.ShortTag() {
		case "!!null":
			return nil, errors.New("the value at this path is null")
		case "!!binary":
			return binary(node)
		}
		return []byte(node.Value), nil
	}
	w := writer{}
	w.node(node, maxDepth)
	return w.out, w.err
}

// parse returns the document's root.
func parse(data []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := d.Decode(&document); err != nil || len(document.Content) != 1 {
		return nil, placed(err)
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("it is not a single YAML document")
	}
	return document.Content[0], nil
}

// placed is the error of what is no YAML. The library's may quote it.
func placed(err error) error {
	if err != nil {
		if line := regexp.MustCompile(`^yaml: (line [0-9]+)`).FindStringSubmatch(err.Error()); line != nil {
			return fmt.Errorf("it is not valid YAML, at %s", line[1])
		}
	}
	return errors.New("it is not valid YAML")
}

// target follows an alias. The library refuses an alias of an alias.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// child returns the member or element of that name, also of what is merged with
// "<<" (https://yaml.org/type/merge.html), or nil.
func child(n *yaml.Node, step string, depth int) *yaml.Node {
	n = target(n)
	if n == nil || depth == 0 {
		return nil
	}
	switch n.Kind {
	case yaml.SequenceNode:
		if i, ok := provider.Index(step, len(n.Content)); ok {
			return n.Content[i]
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if k := target(n.Content[i]); k.Kind == yaml.ScalarNode && k.Value == step && k.ShortTag() != "!!merge" {
				return n.Content[i+1]
			}
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].ShortTag() != "!!merge" {
				continue
			}
			merged := target(n.Content[i+1])
			if merged.Kind == yaml.MappingNode {
				return child(merged, step, depth-1)
			}
			for _, m := range merged.Content {
				if found := child(m, step, depth-1); found != nil {
					return found
				}
			}
		}
	}
	return nil
}

func binary(n *yaml.Node) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(n.Value)
	if err != nil {
		return nil, errors.New("the value at this path is not valid base64")
	}
	return b, nil
}

// writer writes nodes as JSON. What aliases multiply is bounded.
type writer struct {
	out []byte
	err error
}

func (w *writer) node(n *yaml.Node, depth int) {
	if n = target(n); depth == 0 || n == nil || len(w.out) > provider.MaxValue {
		w.err = cmp.Or(w.err, errors.New("the part at this path is too large"))
	}
	if w.err != nil {
		return
	}
	switch n.Kind {
	case yaml.ScalarNode:
		w.scalar(n)
	case yaml.SequenceNode:
		w.out = append(w.out, '[')
		for i, e := range n.Content {
			if i > 0 {
				w.out = append(w.out, ',')
			}
			w.node(e, depth-1)
		}
		w.out = append(w.out, ']')
	case yaml.MappingNode:
		w.out = append(w.out, '{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := target(n.Content[i])
			if k.Kind != yaml.ScalarNode || k.ShortTag() == "!!merge" || !utf8.ValidString(k.Value) {
				w.err = cmp.Or(w.err, errors.New("the part at this path has keys that JSON does not know; name one value"))
				return
			}
			if i > 0 {
				w.out = append(w.out, ',')
			}
			w.out = append(provider.AppendString(w.out, k.Value), ':')
			w.node(n.Content[i+1], depth-1)
		}
		w.out = append(w.out, '}')
	}
}

func (w *writer) scalar(n *yaml.Node) {
	switch tag := n.ShortTag(); {
	case tag == "!!null":
		w.out = append(w.out, "null"...)
	case (tag == "!!int" || tag == "!!float" || tag == "!!bool") && json.Valid([]byte(n.Value)):
		w.out = append(w.out, n.Value...)
	case !utf8.ValidString(n.Value):
		w.err = cmp.Or(w.err, errors.New("a string at this path is not valid Unicode"))
	default:
		w.out = provider.AppendString(w.out, n.Value)
	}
}
