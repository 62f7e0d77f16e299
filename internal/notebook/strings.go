package notebook

import "bytes"

// text is a string or a list of them, or whatever stands in their place.
type text struct {
	val      value
	slash    int  // as in quoted, when it is a string
	from, to int  // its strings in Notebook.strings, when it is a list
	only     bool // a list of nothing but strings
	payload  bool // nothing but base64, where a binary payload belongs
}

// parseText reads the value under the cursor. Where binary payloads belong, what
// is nothing but base64 is seen to be that in the same pass.
func (nb *Notebook) parseText(c *cursor, binary bool) (text, error) {
	t := text{val: value{start: c.i}, slash: c.i + 1, from: len(nb.strings), payload: binary}
	err := nb.parseStrings(c, &t)
	t.val.end, t.to = c.i, len(nb.strings)
	return t, err
}

func (nb *Notebook) parseStrings(c *cursor, t *text) error {
	switch c.peek() {
	case '"':
		err := t.str(c)
		t.slash = c.slash
		return err
	case '[':
	default:
		t.payload = false
		return c.skip()
	}
	t.only = true
	err := c.open()
	if err != nil {
		return err
	}
	if c.peek() == ']' {
		return c.close()
	}
	// What stood between the last two elements, with the first byte of the second:
	// the next two mostly have the same between them.
	var between []byte
	for done := false; !done; {
		start := c.i
		if c.peek() == '"' {
			err = t.str(c)
			nb.strings = append(nb.strings, quoted{value{start, c.i}, c.slash})
		} else {
			t.only, t.payload = false, false
			err = c.skip()
		}
		if err != nil {
			return err
		}
		end := c.i
		if len(between) > 0 && bytes.HasPrefix(c.src[end:], between) {
			c.i += len(between) - 1
			continue
		}
		if done, err = c.next(']'); err != nil {
			return err
		}
		between = c.src[end:min(c.i+1, len(c.src))]
	}
	return nil
}

func (t *text) str(c *cursor) error {
	t.payload = t.payload && c.payload()
	if t.payload {
		return nil
	}
	return c.str()
}
