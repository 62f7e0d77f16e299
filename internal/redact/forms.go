package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// form is a text that stands for a value. With tails, each of them may follow
// and then belongs to it.
type form struct {
	text  []byte
	tails []string
}

// minPEMLine is the length from which a line of a PEM body is looked for alone.
const minPEMLine = 24

// forms yields every form of a value, which has no white space around it, some
// more than once.
func forms(value []byte) iter.Seq[form] {
	return func(yield func(form) bool) {
		bases := [][]byte{value}
		if text := utf8.Valid(value) && bytes.IndexByte(value, '\n') >= 0; text {
			unix := bytes.ReplaceAll(value, []byte("\r\n"), []byte("\n"))
			bases = append(bases, unix, bytes.ReplaceAll(unix, []byte("\n"), []byte("\r\n")))
		}
		bases = append(bases, pemLines(value)...)
		for _, b := range bases {
			if !formsOf(b, yield) {
				return
			}
		}
		// What a terminal makes of it.
		yield(form{text: bytes.ReplaceAll(value, []byte("\n"), []byte("\r\n"))})
	}
}

// pemLines returns the lines of PEM bodies in a value. The lines may also end
// in the two characters \n, as they do in JSON.
func pemLines(value []byte) [][]byte {
	if !bytes.Contains(value, []byte("-----BEGIN ")) {
		return nil
	}
	var lines [][]byte
	text := bytes.ReplaceAll(bytes.ReplaceAll(value, []byte(`\r`), nil), []byte(`\n`), []byte("\n"))
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) >= minPEMLine && isBase64(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

func isBase64(line []byte) bool {
	return !bytes.ContainsFunc(line, func(r rune) bool {
		return !('0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || r == '+' || r == '/' || r == '=')
	})
}

func formsOf(v []byte, yield func(form) bool) bool {
	plain := func(text []byte) bool { return yield(form{text: text}) }
	if !plain(v) {
		return false
	}
	for _, e := range escapes {
		if !plain(e.apply(v)) {
			return false
		}
	}
	lower := []byte(hex.EncodeToString(v))
	if !plain(lower) || !plain(bytes.ToUpper(lower)) {
		return false
	}
	for _, p := range percents {
		if !plain(p.apply(v)) {
			return false
		}
	}
	backwards := slices.Clone(v)
	slices.Reverse(backwards)
	runes := []rune(string(v))
	slices.Reverse(runes)
	if !plain(backwards) || !plain([]byte(string(runes))) {
		return false
	}
	for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		for before := range 3 {
			if !yield(base64Form(v, before, alphabet)) {
				return false
			}
		}
	}
	for _, width := range []int{64, 76} { // PEM and OpenSSL; RFC 2045 and coreutils
		for _, end := range []string{"\n", "\r\n"} {
			if f, ok := wrappedBase64(v, width, end); ok && !yield(f) {
				return false
			}
		}
	}
	return true
}

// base64Form returns the characters that depend on v alone when it is encoded
// after as many other bytes. The last of v's bits may share a character with
// what follows; the tails are all that this character can be, and the one that
// ends an encoding with its padding.
func base64Form(v []byte, before int, alphabet *base64.Encoding) form {
	all := make([]byte, before, before+len(v))
	encoded := []byte(alphabet.EncodeToString(append(all, v...)))
	bits := 8 * (before + len(v))
	end := bits / 6
	f := form{text: encoded[(8*before+5)/6 : end]}
	if bits%6 == 0 {
		return f
	}
	letters := alphabetOf(alphabet)
	known := strings.IndexByte(letters, encoded[end])
	for low := range 1 << (6 - bits%6) {
		f.tails = append(f.tails, letters[known|low:][:1])
	}
	f.tails = append(f.tails, string(encoded[end:])) // with padding
	return f
}

func alphabetOf(e *base64.Encoding) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	if e == base64.URLEncoding {
		return letters + "-_"
	}
	return letters + "+/"
}

// wrappedBase64 is the standard form at the start of an encoding, broken into
// lines; false if it is one line.
func wrappedBase64(v []byte, width int, end string) (form, bool) {
	f := base64Form(v, 0, base64.StdEncoding)
	if len(f.text) <= width {
		return f, false
	}
	var text []byte
	for line := range slices.Chunk(f.text, width) {
		text = append(append(text, line...), end...)
	}
	if len(f.text)%width != 0 {
		text = text[:len(text)-len(end)]
	}
	f.text = text
	return f, true
}

// escape returns how a character is written; raw is its bytes, one byte that is
// not UTF-8 when r is utf8.RuneError and raw has one.
type escape func(r rune, raw []byte) string

func (e escape) apply(v []byte) []byte {
	out := make([]byte, 0, len(v)+len(v)/4)
	for len(v) > 0 {
		r, size := utf8.DecodeRune(v)
		out = append(out, e(r, v[:size])...)
		v = v[size:]
	}
	return out
}

// escapes are the ways of writing a value inside quotes or markup.
var escapes = [...]escape{
	jsonEscape(jsonStyle{}),                         // JSON.stringify, ensure_ascii=False, R's print
	jsonEscape(jsonStyle{ascii: true}),              // Python's json.dumps
	jsonEscape(jsonStyle{ascii: true, upper: true}), // Java, .NET
	jsonEscape(jsonStyle{markup: true}),             // Go
	jsonEscape(jsonStyle{slash: true}),              // PHP, unescaped
	jsonEscape(jsonStyle{slash: true, ascii: true}), // PHP
	pythonEscape(pythonStr, false), pythonEscape(pythonStr, true),
	pythonEscape(pythonASCII, false), pythonEscape(pythonASCII, true),
	pythonEscape(pythonBytes, false), pythonEscape(pythonBytes, true),
	htmlEscape(`"`, `'`, false),                // html.escape(quote=False), text nodes
	htmlEscape("&quot;", `'`, false),           // attributes
	htmlEscape("&quot;", "&#x27;", false),      // Python, Django
	htmlEscape("&quot;", "&#39;", false),       // JavaScript libraries
	htmlEscape("&quot;", "&apos;", false),      // XML
	htmlEscape("&#34;", "&#39;", false),        // Go, Jinja
	htmlEscape("&quot;", "&#x27;", true),       // with errors="xmlcharrefreplace"
	before("'", `'\'`),                         // the shell's '…', by hand
	replace("'", `'"'"'`),                      // by Python's shlex.quote
	before("\"$`\\", `\`),                      // the shell's "…", declare -p
	before(" \t!\"#$&'()*,;<>?[\\]^`{|}", `\`), // printf %q
}

type jsonStyle struct{ ascii, upper, markup, slash bool }

func jsonEscape(style jsonStyle) escape {
	unit := func(r rune) string {
		if style.upper {
			return fmt.Sprintf(`\u%04X`, r)
		}
		return fmt.Sprintf(`\u%04x`, r)
	}
	return func(r rune, raw []byte) string {
		switch {
		case r == utf8.RuneError && len(raw) == 1:
			if style.ascii {
				return unit(0xdc00 + rune(raw[0])) // Python's surrogateescape
			}
		case r == '"' || r == '\\' || r == '/' && style.slash:
			return `\` + string(r)
		case strings.ContainsRune("\n\r\t\b\f", r):
			return map[rune]string{'\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`}[r]
		case r < ' ', style.ascii && r >= 0x7f && r <= 0xffff,
			style.markup && (strings.ContainsRune("<>&\u2028\u2029", r)):
			return unit(r)
		case style.ascii && r > 0xffff:
			return unit(0xd800+(r-0x10000)>>10) + unit(0xdc00+(r-0x10000)&0x3ff)
		}
		return string(raw)
	}
}

type pythonKind int

const (
	pythonStr   pythonKind = iota // repr(str)
	pythonASCII                   // ascii(str)
	pythonBytes                   // repr(bytes)
)

// pythonEscape writes as CPython's unicode_repr and bytes_repr do. A quote is
// escaped only in a value that has both kinds.
func pythonEscape(kind pythonKind, quote bool) escape {
	return func(r rune, raw []byte) string {
		bad := r == utf8.RuneError && len(raw) == 1
		switch {
		case r == '\\', r == '\'' && quote:
			return `\` + string(r)
		case strings.ContainsRune("\n\r\t", r):
			return map[rune]string{'\n': `\n`, '\r': `\r`, '\t': `\t`}[r]
		case kind == pythonBytes && (r < ' ' || r >= 0x7f):
			var out strings.Builder
			for _, b := range raw {
				fmt.Fprintf(&out, `\x%02x`, b)
			}
			return out.String()
		case bad:
			return fmt.Sprintf(`\udc%02x`, raw[0])
		case r >= ' ' && r < 0x7f, kind == pythonStr && unicode.IsPrint(r):
			return string(raw)
		case r <= 0xff:
			return fmt.Sprintf(`\x%02x`, r)
		case r <= 0xffff:
			return fmt.Sprintf(`\u%04x`, r)
		}
		return fmt.Sprintf(`\U%08x`, r)
	}
}

func htmlEscape(double, single string, numeric bool) escape {
	return func(r rune, raw []byte) string {
		switch {
		case r == '&':
			return "&amp;"
		case r == '<':
			return "&lt;"
		case r == '>':
			return "&gt;"
		case r == '"':
			return double
		case r == '\'':
			return single
		case numeric && r >= 0x80 && len(raw) > 1:
			return fmt.Sprintf("&#%d;", r)
		}
		return string(raw)
	}
}

func replace(char, with string) escape {
	return func(_ rune, raw []byte) string {
		if string(raw) == char {
			return with
		}
		return string(raw)
	}
}

func before(chars, prefix string) escape {
	return func(r rune, raw []byte) string {
		if strings.ContainsRune(chars, r) && r != utf8.RuneError {
			return prefix + string(raw)
		}
		return string(raw)
	}
}

// percent is a way of percent-encoding.
type percent struct {
	keep  string // beside letters and digits; "\x00" keeps not even these
	plus  bool   // a space is +
	lower bool   // hexadecimal digits
}

// percents are the ways of percent-encoding, each with both kinds of digits
// where both are met.
var percents = [...]percent{
	{keep: "-._~"}, {keep: "-._~", lower: true}, // RFC 3986; quote(safe="")
	{keep: "-._~/"}, {keep: "-._~/", lower: true}, // Python's quote
	{keep: "-._~", plus: true}, {keep: "-._~", plus: true, lower: true}, // forms; Go, Python's quote_plus
	{keep: "-._*", plus: true}, {keep: "-._*", plus: true, lower: true}, // Java, WHATWG's forms
	{keep: "-_.!~*'()"},            // encodeURIComponent
	{keep: "-_.!~*'();,/?:@&=+$#"}, // encodeURI
	{keep: "\x00"}, {keep: "\x00", lower: true},
}

func (p percent) apply(v []byte) []byte {
	digits := "0123456789ABCDEF"
	if p.lower {
		digits = "0123456789abcdef"
	}
	out := make([]byte, 0, 3*len(v))
	for _, c := range v {
		letter := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		switch {
		case p.plus && c == ' ':
			out = append(out, '+')
		case p.keep != "\x00" && (letter || strings.IndexByte(p.keep, c) >= 0):
			out = append(out, c)
		default:
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return out
}
