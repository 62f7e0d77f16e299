package notebook

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"sync"
)

// SyntaxError says where a file stops being JSON.
type SyntaxError struct {
	Offset       int // in bytes, from 0
	Line, Column int // from 1, the column in bytes
	Reason       string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: not valid JSON: %s", e.Line, e.Column, e.Reason)
}

// Every byte, and the highest bit of every byte, of a word that is looked at as
// eight bytes.
const ones, high = 0x0101010101010101, 0x8080808080808080

// maxDepth is the deepest nesting that encoding/json accepts.
const maxDepth = 10000

// value is the range of one JSON value in the source, quotes included.
type value struct{ start, end int }

// quoted is the range of one JSON string. No backslash stands before slash,
// which is at the closing quote of a string without any.
type quoted struct {
	value
	slash int
}

// content is what stands between the quotes.
func (q quoted) content(src []byte) []byte { return src[q.start+1 : q.end-1] }

// isVerbatim reports whether a string is its own content.
func (q quoted) isVerbatim() bool { return q.slash == q.end-1 }

// cursor walks JSON text, validating as it goes.
type cursor struct {
	src   []byte
	i     int
	depth int
	slash int // of the last string, as in quoted
}

// Valid returns nil for what encoding/json.Valid accepts, a byte order mark
// aside, and a *SyntaxError for anything else.
func Valid(src []byte) error {
	c := &cursor{src: src, i: bomLen(src)}
	c.space()
	if err := c.skip(); err != nil {
		return err
	}
	return c.end()
}

func bomLen(src []byte) int {
	if bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) {
		return 3
	}
	return 0
}

func (c *cursor) fail(reason string) error {
	e := &SyntaxError{Offset: c.i, Reason: reason}
	if c.i >= len(c.src) {
		e.Offset = len(c.src)
		e.Reason = "the file ends in the middle of it"
		if len(bytes.TrimSpace(c.src[bomLen(c.src):])) == 0 {
			e.Reason = "the file is empty"
		}
	}
	before := c.src[:e.Offset]
	e.Line = 1 + bytes.Count(before, []byte{'\n'})
	e.Column = e.Offset - bytes.LastIndexByte(before, '\n')
	return e
}

func (c *cursor) space() {
	src, i := c.src, c.i
	for ; i < len(src); i++ {
		switch src[i] {
		case '\n':
			// Indentation: eight blanks at a time.
			for i+9 <= len(src) {
				n := bits.TrailingZeros64(binary.LittleEndian.Uint64(src[i+1:])^(ones*' ')) / 8
				i += n
				if n < 8 {
					break
				}
			}
		case ' ', '\t', '\r':
		default:
			c.i = i
			return
		}
	}
	c.i = i
}

// peek is the byte under the cursor, 0 at the end.
func (c *cursor) peek() byte {
	if c.i < len(c.src) {
		return c.src[c.i]
	}
	return 0
}

// end checks that nothing but space follows.
func (c *cursor) end() error {
	c.space()
	if c.i < len(c.src) {
		return c.fail("something follows the end of the value")
	}
	return nil
}

// value reads the value under the cursor.
func (c *cursor) value() (value, error) {
	start := c.i
	err := c.skip()
	return value{start, c.i}, err
}

// skip validates the value under the cursor and moves behind it.
func (c *cursor) skip() error {
	switch b := c.peek(); b {
	case '{':
		return c.skipMembers()
	case '[':
		return c.skipElements()
	case '"':
		return c.str()
	case 't':
		return c.literal("true")
	case 'f':
		return c.literal("false")
	case 'n':
		return c.literal("null")
	default:
		if b == '-' || '0' <= b && b <= '9' {
			return c.number()
		}
	}
	return c.fail("a value was expected")
}

func (c *cursor) skipMembers() error {
	err := c.open()
	if err != nil {
		return err
	}
	if c.peek() == '}' {
		return c.close()
	}
	for done := false; !done; {
		if _, err = c.key(); err != nil {
			return err
		}
		if err = c.skip(); err != nil {
			return err
		}
		if done, err = c.next('}'); err != nil {
			return err
		}
	}
	return nil
}

func (c *cursor) skipElements() error {
	err := c.open()
	if err != nil {
		return err
	}
	if c.peek() == ']' {
		return c.close()
	}
	for done := false; !done; {
		if err = c.skip(); err != nil {
			return err
		}
		if done, err = c.next(']'); err != nil {
			return err
		}
	}
	return nil
}

// object reads an object; visit must consume each value.
func (c *cursor) object(visit func(key string) error) error {
	return c.members(func(key quoted) error { return visit(keyString(c.src, key.value)) })
}

// members is object with the key as it stands in the source.
func (c *cursor) members(visit func(key quoted) error) error {
	if err := c.open(); err != nil {
		return err
	}
	if c.peek() == '}' {
		return c.close()
	}
	for {
		key, err := c.key()
		if err != nil {
			return err
		}
		if err := visit(key); err != nil {
			return err
		}
		if done, err := c.next('}'); done || err != nil {
			return err
		}
	}
}

// key reads a key and its colon.
func (c *cursor) key() (quoted, error) {
	key := quoted{value: value{start: c.i}}
	if c.peek() != '"' {
		return key, c.fail("a quoted key was expected")
	}
	if err := c.str(); err != nil {
		return key, err
	}
	key.end, key.slash = c.i, c.slash
	c.space()
	if c.peek() != ':' {
		return key, c.fail("a colon was expected")
	}
	c.i++
	c.space()
	return key, nil
}

// array reads an array; visit is given the index, from 0, and must consume the
// element.
func (c *cursor) array(visit func(n int) error) error {
	if err := c.open(); err != nil {
		return err
	}
	if c.peek() == ']' {
		return c.close()
	}
	for n := 0; ; n++ {
		if err := visit(n); err != nil {
			return err
		}
		if done, err := c.next(']'); done || err != nil {
			return err
		}
	}
}

func (c *cursor) open() error {
	c.depth++
	if c.depth > maxDepth {
		return c.fail(fmt.Sprintf("it is nested deeper than %d levels", maxDepth))
	}
	c.i++
	c.space()
	return nil
}

func (c *cursor) close() error {
	c.depth--
	c.i++
	return nil
}

// next moves over the comma to the next element, or over the closing bracket.
func (c *cursor) next(closing byte) (done bool, err error) {
	c.space()
	switch c.peek() {
	case closing:
		return true, c.close()
	case ',':
		c.i++
		c.space()
		return false, nil
	}
	return false, c.fail("a comma or the closing bracket was expected")
}

func (c *cursor) literal(word string) error {
	if !bytes.HasPrefix(c.src[c.i:], []byte(word)) {
		for k := 0; k < len(word) && c.i < len(c.src) && c.src[c.i] == word[k]; k++ {
			c.i++
		}
		return c.fail("a value was expected")
	}
	c.i += len(word)
	return nil
}

func (c *cursor) number() error {
	if c.peek() == '-' {
		c.i++
	}
	if c.peek() == '0' {
		c.i++
	} else if c.digits() == 0 {
		return c.fail("a digit was expected")
	}
	if c.peek() == '.' {
		c.i++
		if c.digits() == 0 {
			return c.fail("a digit was expected")
		}
	}
	if b := c.peek(); b == 'e' || b == 'E' {
		c.i++
		if b := c.peek(); b == '+' || b == '-' {
			c.i++
		}
		if c.digits() == 0 {
			return c.fail("a digit was expected")
		}
	}
	return nil
}

func (c *cursor) digits() int {
	start := c.i
	for c.i < len(c.src) && '0' <= c.src[c.i] && c.src[c.i] <= '9' {
		c.i++
	}
	return c.i - start
}

// str reads the string whose opening quote is under the cursor.
func (c *cursor) str() error {
	src, i := c.src, plainRun(c.src, c.i+1)
	c.i, c.slash = i, i
	switch {
	case i < len(src) && src[i] == '"':
		c.i++
		return nil
	case i+2 < len(src) && src[i] == '\\' && src[i+1] == 'n' && src[i+2] == '"': // as most lines
		c.i += 3
		return nil
	}
	return c.escaped()
}

// escaped reads on from the first byte of a string that does not stand for
// itself.
func (c *cursor) escaped() error {
	for ; ; c.i = plainRun(c.src, c.i) {
		if i := c.i; i+2 < len(c.src) && c.src[i] == '\\' && (c.src[i+1] == 'n' || c.src[i+1] == '"') {
			if c.src[i+2] == '"' {
				c.i = i + 3
				return nil
			}
			c.i = i + 2
			continue
		}
		switch b := c.peek(); {
		case c.i >= len(c.src):
			return c.fail("")
		case b == '"':
			c.i++
			return nil
		case b < 0x20:
			return c.fail("a control character in a string")
		}
		n := escapeLen(c.src[c.i:])
		if n == 0 {
			if c.i+1 == len(c.src) {
				c.i++
			}
			return c.fail("an escape sequence that JSON does not have")
		}
		c.i += n
	}
}

// text reads a string into to. A value that is none, or is longer than such
// words are, is kept in rest as well.
func (c *cursor) text(to *string, rest *[]member, key string) error {
	v, err := c.value()
	if err == nil && c.src[v.start] == '"' {
		*to = keyString(c.src, v)
		if len(*to) <= 64 {
			return nil
		}
	}
	*rest = append(*rest, member{key, v})
	return err
}

// plainRun returns the first index from i on that holds a quote, a backslash or
// a control character, or len(src). It looks at eight bytes at a time.
func plainRun(src []byte, i int) int {
	for ; i+8 <= len(src); i += 8 {
		x := binary.LittleEndian.Uint64(src[i:])
		// A quote lies among the control characters once its second bit is turned.
		low, slash := x^(ones*2), x^(ones*'\\')
		hit := ((low-ones*0x21)&^x | (slash-ones)&^slash) & high
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for ; i < len(src); i++ {
		if b := src[i]; b == '"' || b == '\\' || b < 0x20 {
			return i
		}
	}
	return i
}

// base64Run returns the first index from i on that holds no character of
// base64, padding included, or len(src). Each byte is looked up, two at a time:
// this takes half the time of arithmetic on eight.
func base64Run(src []byte, i int) int {
	if i+64 <= len(src) {
		t := base64Pairs()
		for ; i+16 <= len(src); i += 16 {
			s := src[i : i+16]
			x, y := binary.LittleEndian.Uint64(s), binary.LittleEndian.Uint64(s[8:])
			if t[uint16(x)]|t[uint16(x>>16)]|t[uint16(x>>32)]|t[uint16(x>>48)]|
				t[uint16(y)]|t[uint16(y>>16)]|t[uint16(y>>32)]|t[uint16(y>>48)] != 0 {
				break
			}
		}
	}
	for ; i < len(src); i++ {
		if b := src[i]; !('a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '/' <= b && b <= '9' || b == '+' || b == '=') {
			return i
		}
	}
	return i
}

// base64Pairs tells for two bytes whether one of them is outside of base64.
var base64Pairs = sync.OnceValue(func() *[1 << 16]uint8 {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
	t := new([1 << 16]uint8)
	for i := range t {
		t[i] = 1
	}
	for i := range len(alphabet) {
		for k := range len(alphabet) {
			t[int(alphabet[i])<<8|int(alphabet[k])] = 0
		}
	}
	return t
})

// escapeLen is the length of the escape sequence at the start of s, 0 when it
// is none.
func escapeLen(s []byte) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(s) < 6 {
			return 0
		}
		for _, b := range s[2:6] {
			if unhex(b) < 0 {
				return 0
			}
		}
		return 6
	}
	return 0
}

func unhex(b byte) rune {
	switch {
	case '0' <= b && b <= '9':
		return rune(b - '0')
	case 'a' <= b && b <= 'f':
		return rune(b-'a') + 10
	case 'A' <= b && b <= 'F':
		return rune(b-'A') + 10
	}
	return -1
}
