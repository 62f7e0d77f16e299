package ruleset

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// source is a file.
type source struct {
	name string
	data []byte
}

// place is an offset in a file.
type place struct {
	src    *source
	offset int
}

// errorf returns an error that begins with the place.
func (p place) errorf(format string, args ...any) error {
	before := p.src.data[:p.offset]
	line, column := bytes.Count(before, []byte("\n"))+1, p.offset-bytes.LastIndexByte(before, '\n')
	return fmt.Errorf("%s:%d:%d: %w", p.src.name, line, column, fmt.Errorf(format, args...))
}

// node is a value of a document, with its place. The TOML library's decoder
// would not say where a value stands that is wrong in meaning only.
type node struct {
	kind  unstable.Kind // Table, Array, String, Bool, Integer, Float or another
	at    int           // offset of the value, or of its key
	text  string        // of a string, else as written
	keys  []key         // of a table, in order
	items []*node       // of an array
	open  bool          // an array that [[…]] adds to
	made  bool          // a table that a header has made already
}

type key struct {
	name  string
	at    int
	value *node
}

// What any format of rules stays far below. They bound the time that looking a
// key up in a table takes.
const (
	maxKeys    = 200 // in one table
	maxNesting = 8
)

var (
	errTwice  = errors.New("this key or table is there already")
	errNoSpot = errors.New("a table cannot stand here: the name is taken by something else")
	errDeep   = errors.New("values are nested too deep")
	errMany   = errors.New("there are too many keys in one table")
)

func (n *node) get(name string) *key {
	for i := range n.keys {
		if n.keys[i].name == name {
			return &n.keys[i]
		}
	}
	return nil
}

// first returns the first key that has one of the names.
func (n *node) first(names ...string) *key {
	for i, k := range n.keys {
		for _, name := range names {
			if k.name == name {
				return &n.keys[i]
			}
		}
	}
	return nil
}

// firstFold is first without regard to case.
func (n *node) firstFold(names ...string) *key {
	for i, k := range n.keys {
		for _, name := range names {
			if strings.EqualFold(k.name, name) {
				return &n.keys[i]
			}
		}
	}
	return nil
}

// add adds a key to a table.
func (n *node) add(k key) error {
	if n.get(k.name) != nil {
		return errTwice
	}
	if len(n.keys) >= maxKeys {
		return errMany
	}
	n.keys = append(n.keys, k)
	return nil
}

// below returns the table of that name in n, which is made if there is none; of
// an array of tables, the last.
func (n *node) below(name string, at int) (*node, error) {
	k := n.get(name)
	if k == nil {
		t := &node{kind: unstable.Table, at: at}
		return t, n.add(key{name, at, t})
	}
	v := k.value
	if v.open {
		v = v.items[len(v.items)-1]
	}
	if v.kind != unstable.Table {
		return nil, errNoSpot
	}
	return v, nil
}

// parse reads the file as TOML.
func (s *source) parse() (*node, error) {
	root := &node{kind: unstable.Table}
	table := root
	var p unstable.Parser
	p.Reset(s.data)
	for p.NextExpression() {
		var at int
		var err error
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table, at, err = header(root, e)
		case unstable.KeyValue:
			at, err = assign(table, e, 0)
		}
		if err != nil {
			return nil, place{s, at}.errorf("%w", err)
		}
	}
	// The decoder knows every rule of TOML, and the place of what breaks one.
	var all map[string]any
	if err := toml.Unmarshal(s.data, &all); err != nil {
		return nil, s.describe(err)
	}
	if p.Error() != nil {
		return nil, place{s, 0}.errorf("it is not TOML")
	}
	return root, nil
}

// describe gives an error of the TOML library its place. Its text may quote.
func (s *source) describe(err error) error {
	var at *toml.DecodeError
	if !errors.As(err, &at) {
		return place{s, 0}.errorf("it is not TOML")
	}
	line, column := at.Position()
	message := strings.TrimPrefix(at.Error(), "toml: ")
	if strings.HasPrefix(message, "key ") || strings.HasPrefix(message, "table ") {
		message = errTwice.Error()
	}
	return fmt.Errorf("%s:%d:%d: %s", s.name, line, column, message)
}

// header returns the table that [a.b] or [[a.b]] begins. The offset is of what
// is wrong.
func header(root *node, e *unstable.Node) (*node, int, error) {
	at := 0
	t := root
	for it, depth := e.Key(), 0; it.Next(); depth++ {
		n := it.Node()
		name := string(n.Data)
		at = int(n.Raw.Offset)
		if depth >= maxNesting {
			return nil, at, errDeep
		}
		var err error
		switch {
		case !it.IsLast():
			t, err = t.below(name, at)
		case e.Kind == unstable.Table:
			t, err = t.begin(name, at)
		default:
			t, err = t.extend(name, at)
		}
		if err != nil {
			return nil, at, err
		}
	}
	return t, at, nil
}

// begin is below for the last name of [a.b].
func (n *node) begin(name string, at int) (*node, error) {
	if k := n.get(name); k != nil && (k.value.open || k.value.made) {
		return nil, errTwice
	}
	t, err := n.below(name, at)
	if err == nil {
		t.made = true
	}
	return t, err
}

// extend adds a table to the array of that name.
func (n *node) extend(name string, at int) (*node, error) {
	t := &node{kind: unstable.Table, at: at, made: true}
	k := n.get(name)
	switch {
	case k == nil:
		return t, n.add(key{name, at, &node{kind: unstable.Array, at: at, items: []*node{t}, open: true}})
	case !k.value.open:
		return nil, errNoSpot
	}
	k.value.items = append(k.value.items, t)
	return t, nil
}

// assign adds the key and the value of e to a table. The offset is of what is
// wrong.
func assign(table *node, e *unstable.Node, depth int) (int, error) {
	at := 0
	for it := e.Key(); it.Next(); depth++ {
		n := it.Node()
		at = int(n.Raw.Offset)
		if depth >= maxNesting {
			return at, errDeep
		}
		if !it.IsLast() {
			var err error
			if table, err = table.below(string(n.Data), at); err != nil {
				return at, err
			}
			continue
		}
		v, where, err := value(e.Value(), at, depth+1)
		if err != nil {
			return where, err
		}
		return at, table.add(key{string(n.Data), at, v})
	}
	return at, nil
}

// value copies a value out of the parser's memory; at is where its key is.
func value(v *unstable.Node, at, depth int) (*node, int, error) {
	n := &node{kind: v.Kind, at: at, text: string(v.Data)}
	if v.Raw.Length > 0 {
		n.at = int(v.Raw.Offset)
	}
	if depth >= maxNesting {
		return nil, n.at, errDeep
	}
	switch v.Kind {
	case unstable.Array:
		for it := v.Children(); it.Next(); {
			if it.Node().Kind == unstable.Comment {
				continue
			}
			item, where, err := value(it.Node(), n.at, depth+1)
			if err != nil {
				return nil, where, err
			}
			n.items = append(n.items, item)
		}
	case unstable.InlineTable:
		n.kind, n.made = unstable.Table, true
		for it := v.Children(); it.Next(); {
			if it.Node().Kind != unstable.KeyValue {
				continue
			}
			if where, err := assign(n, it.Node(), depth+1); err != nil {
				return nil, where, err
			}
		}
	}
	return n, n.at, nil
}

// number returns the value of an integer or a float, which must be finite.
func (n *node) number() (float64, bool) {
	switch n.kind {
	case unstable.Integer:
		i, err := strconv.ParseInt(n.text, 0, 64)
		return float64(i), err == nil
	case unstable.Float:
		f, err := strconv.ParseFloat(strings.ReplaceAll(n.text, "_", ""), 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return 0, false
}
