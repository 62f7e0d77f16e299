package pysource

import (
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Decoded is the value of a string literal with the way back to the source. The
// value of a bytes literal is its bytes, of any other its UTF-8.
type Decoded struct {
	Value string
	units []unit
	end   int // ContentEnd
}

// unit is a part of a literal's content that has a value of its own.
type unit struct {
	start, end int    // in the source
	at         int    // offset in the value
	text       string // the value
	whole      bool   // only the whole of it has a value: an escape sequence, a line end
	why        string // why there is no value; text then stands for it
	bad        bool   // there is none for Python either
}

// err is the error for a unit without a value.
func (u unit) err(src string) error {
	if u.bad {
		return syntaxError(src, u.start, u.why)
	}
	return &UnsupportedError{u.start, u.why}
}

// Value returns the value of a string literal as Python computes it. The error
// is an *[UnsupportedError] for \N{…}, for lone surrogates and for formatted
// strings with fields, and a *[SyntaxError] for escapes that Python refuses. It
// panics when t is no String.
func (t Token) Value() (string, error) {
	d, err := t.Decode()
	return d.Value, err
}

// Decode is Value with the map to the source.
func (t Token) Decode() (Decoded, error) {
	if t.Literal == nil {
		panic("pysource: Decode of a token that is no string")
	}
	units := t.Literal.units(nil, 0)
	var b strings.Builder
	for _, u := range units {
		if u.why != "" {
			return Decoded{}, u.err(t.Literal.src)
		}
		b.WriteString(u.text)
	}
	return Decoded{Value: b.String(), units: units, end: t.Literal.ContentEnd}, nil
}

// Slice returns the value of the bytes r of the cell's source, which must be
// within the literal's quotes. The error says that r cuts an escape sequence or
// a line end in two, or is outside.
func (d Decoded) Slice(r Range) (string, error) {
	start, err := offsetIn(d.units, r.Start, d.end, len(d.Value))
	if err != nil {
		return "", err
	}
	end, err := offsetIn(d.units, r.End, d.end, len(d.Value))
	if err != nil {
		return "", err
	}
	if end < start {
		return "", &UnsupportedError{r.Start, "the range ends before it starts"}
	}
	return d.Value[start:end], nil
}

// Source returns the bytes of the cell's source that the bytes [start, end) of
// the value come from. Where an offset is within what an escape sequence stands
// for, the whole sequence is taken. It panics when the range is not in Value.
func (d Decoded) Source(start, end int) Range {
	if start < 0 || end < start || end > len(d.Value) {
		panic("pysource: range outside of the value")
	}
	// The last unit that starts at or before the offset.
	find := func(at int) int { return sort.Search(len(d.units), func(i int) bool { return d.units[i].at > at }) - 1 }
	r := Range{d.end, d.end}
	if i := find(start); i >= 0 && start < len(d.Value) {
		r.Start = d.units[i].start
		if !d.units[i].whole {
			r.Start += start - d.units[i].at
		}
	}
	if r.End = r.Start; end > start {
		u := d.units[find(end-1)]
		if r.End = u.end; !u.whole {
			r.End = u.start + end - u.at
		}
	}
	return r
}

// offsetIn maps an offset of the source to one of the value. srcEnd and valEnd
// are where the last unit ends.
func offsetIn(units []unit, src, srcEnd, valEnd int) (int, error) {
	i := sort.Search(len(units), func(i int) bool { return units[i].start > src }) - 1
	switch {
	case src == srcEnd:
		return valEnd, nil
	case i < 0 || src > srcEnd:
		return 0, &UnsupportedError{src, "outside of the literal"}
	case src == units[i].start:
		return units[i].at, nil
	case units[i].whole:
		return 0, &UnsupportedError{src, "an escape sequence is cut in two"}
	}
	return units[i].at + src - units[i].start, nil
}

// units appends the parts of the literal's content to dst; at is the offset of
// the first in the value. What has no value counts as one byte.
func (lit *Literal) units(dst []unit, at int) []unit {
	add := func(u unit) {
		u.at = at
		at += len(u.text)
		dst = append(dst, u)
	}
	formatted := lit.Format || lit.Template
	fields := lit.Fields
	for i := lit.ContentStart; i < lit.ContentEnd; {
		if len(fields) > 0 && fields[0].Start == i {
			add(unit{start: i, end: fields[0].End, text: "?", whole: true, why: "a formatted string has no value before it runs"})
			i = fields[0].End
			fields = fields[1:]
			continue
		}
		switch c := lit.src[i]; {
		case c == '\\' && !lit.Raw:
			u := lit.unescape(i)
			add(u)
			i = u.end
		case c == '\r':
			// Python sees every line end as a line feed.
			n := eolLen(lit.src, i)
			add(unit{start: i, end: i + n, text: "\n", whole: true})
			i += n
		case formatted && (c == '{' || c == '}'):
			add(unit{start: i, end: i + 2, text: lit.src[i : i+1], whole: true})
			i += 2
		default:
			u := lit.run(i)
			add(u)
			i = u.end
		}
	}
	return dst
}

const notASCII = "a bytes literal holds a character outside of ASCII"

// run is the longest part of the content from i on that stands for itself.
func (lit *Literal) run(start int) unit {
	i := start
	for i < lit.ContentEnd {
		c := lit.src[i]
		if c == '\r' || c == '\\' && !lit.Raw || (c == '{' || c == '}') && (lit.Format || lit.Template) {
			break
		}
		if c >= utf8.RuneSelf && lit.Bytes {
			return unit{start: start, end: i + 1, text: "?", whole: true, why: notASCII, bad: true}
		}
		i++
	}
	return unit{start: start, end: i, text: lit.src[start:i]}
}

// unescape reads the escape sequence at i, see "Escape sequences" in the Python
// reference, section 2.4.1.1.
func (lit *Literal) unescape(i int) unit {
	content := lit.src[:lit.ContentEnd]
	one := func(text string) unit { return unit{start: i, end: i + 2, text: text, whole: true} }
	switch c := content[i+1]; c {
	case '\n', '\r':
		return unit{start: i, end: i + 1 + eolLen(content, i+1), whole: true}
	case '\\', '\'', '"':
		return one(string(c))
	case 'a':
		return one("\a")
	case 'b':
		return one("\b")
	case 'f':
		return one("\f")
	case 'n':
		return one("\n")
	case 'r':
		return one("\r")
	case 't':
		return one("\t")
	case 'v':
		return one("\v")
	case '0', '1', '2', '3', '4', '5', '6', '7':
		end := i + 2
		for end < min(len(content), i+4) && '0' <= content[end] && content[end] <= '7' {
			end++
		}
		return lit.char(i, end, content[i+1:end], 8)
	case 'x':
		return lit.hex(i, 2)
	case 'u', 'U', 'N':
		switch {
		case lit.Bytes:
		case c == 'u':
			return lit.hex(i, 4)
		case c == 'U':
			return lit.hex(i, 8)
		default:
			return lit.named(i)
		}
	}
	// Not an escape: Python keeps the backslash. What follows it stays bound to
	// it, as another character there could make it one.
	if i+1 < len(content) && (content[i+1] == '{' || content[i+1] == '}') && (lit.Format || lit.Template) {
		return unit{start: i, end: i + 1, text: `\`, whole: true}
	}
	_, n := utf8.DecodeRuneInString(content[i+1:])
	u := unit{start: i, end: i + 1 + n, text: content[i : i+1+n], whole: true}
	if lit.Bytes && content[i+1] >= utf8.RuneSelf {
		u.why, u.bad = notASCII, true
	}
	return u
}

// hex reads \x, \u or \U with exactly n digits.
func (lit *Literal) hex(i, n int) unit {
	end := i + 2
	for end < min(lit.ContentEnd, i+2+n) && isHex(lit.src[end]) {
		end++
	}
	if end < i+2+n {
		return unit{start: i, end: end, text: "?", whole: true, why: "an escape sequence has too few digits", bad: true}
	}
	return lit.char(i, end, lit.src[i+2:end], 16)
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// char is the unit of the source [i, end) for a character given by number.
func (lit *Literal) char(i, end int, digits string, base int) unit {
	u := unit{start: i, end: end, text: "?", whole: true}
	n, err := strconv.ParseUint(digits, base, 32)
	switch {
	case err != nil || n > utf8.MaxRune:
		u.why, u.bad = "an escape sequence is outside of Unicode", true
	case lit.Bytes:
		u.text = string([]byte{byte(n)})
	case 0xD800 <= n && n <= 0xDFFF:
		u.why = "a lone surrogate is no text"
	default:
		u.text = string(rune(n))
	}
	return u
}

// named is the unit of \N{…}, whose value takes Unicode's table of names.
func (lit *Literal) named(i int) unit {
	u := unit{start: i, text: "?", whole: true}
	if n := namedLen(lit.src[i+1 : lit.ContentEnd]); n > 0 {
		u.end = i + 1 + n
		u.why = `\N{…} is not supported`
		return u
	}
	u.end = i + 2
	u.why, u.bad = `\N is not followed by a name in braces`, true
	return u
}
