package leaktest

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"mime/quotedprintable"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// encoders are what may happen to a value on its way to a file.
var encoders = map[string]func(s string) string{
	"clear":      func(s string) string { return s },
	"JSON":       func(s string) string { b, _ := json.Marshal([]string{s}); return string(b) },
	"JSON twice": func(s string) string { a, _ := json.Marshal(s); b, _ := json.Marshal(string(a)); return string(b) },
	"JSON lines": func(s string) string { b, _ := json.Marshal(strings.SplitAfter(s, "\n")); return string(b) },
	"Go":         strconv.QuoteToASCII,
	"HTML":       html.EscapeString,
	"URL":        url.QueryEscape,
	"path":       url.PathEscape,
	"reversed":   reverse,
	"upper":      strings.ToUpper,
	"hex":        func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":        func(s string) string { return fmt.Sprintf("%X", s) },
	"bytes":      func(s string) string { return fmt.Sprint([]byte(s)) },
	"% x":        func(s string) string { return fmt.Sprintf("% x", s) },
	"sha256":     func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) },
	"percent":    func(s string) string { return each(s, "%%%02X", "") },
	`\x`:         func(s string) string { return each(s, `\x%02x`, "") },
	`\u`:         func(s string) string { return each(s, `\u%04x`, "") },
	"octal":      func(s string) string { return each(s, `\%03o`, "") },
	"entities":   func(s string) string { return each(s, `&#%d;`, "") },
	"entities x": func(s string) string { return each(s, `&#x%X;`, "") },
	"char/line":  func(s string) string { return strings.Join(strings.Split(s, ""), "\n") },
	"char list":  func(s string) string { b, _ := json.Marshal(strings.Split(s, "")); return string(b) },
	"base32":     func(s string) string { return base32.StdEncoding.EncodeToString([]byte(s)) },
	"base64":     func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64url":  func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"base64 twice": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(s))))
	},
	"base64 in lines": func(s string) string {
		text := base64.StdEncoding.EncodeToString([]byte(s))
		var lines strings.Builder
		for len(text) > 40 {
			lines.WriteString(text[:40] + "\n")
			text = text[40:]
		}
		return lines.String() + text
	},
	"UTF-16LE": func(s string) string {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	},
	"UTF-16BE": func(s string) string {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u>>8), byte(u))
		}
		return string(b)
	},
	"quoted-printable": func(s string) string {
		var b bytes.Buffer
		w := quotedprintable.NewWriter(&b)
		_, _ = io.WriteString(w, s)
		_ = w.Close()
		return b.String()
	},
	"gzip": func(s string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = io.WriteString(w, s)
		_ = w.Close()
		return b.String()
	},
	"base64 of zlib": func(s string) string {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		_, _ = io.WriteString(w, s)
		_ = w.Close()
		return base64.StdEncoding.EncodeToString(b.Bytes())
	},
	"first half": func(s string) string { return s[:len(s)/2+2] },
	"last half":  func(s string) string { return s[len(s)/2-2:] },
}

func TestSearchFindsEncodings(t *testing.T) {
	if len(encoders) < 35 {
		t.Errorf("only %d encoders", len(encoders))
	}
	for _, shape := range []Shape{Plain, Awkward, Lines} {
		c := newCanary("key", shape)
		s := newSearcher([]canary{newCanary("other", shape), c})
		for name, encode := range encoders {
			for _, before := range []string{"", "x", "xy", "xyz=", "word\n"} {
				encoded := encode(c.value)
				if strings.HasPrefix(name, "base") && !strings.HasSuffix(before, "\n") {
					encoded = encode(before + c.value) // every alignment
				} else {
					encoded = before + encoded
				}
				hits := s.Search([]byte(encoded + "\nafter"))
				if len(hits) == 0 {
					t.Errorf("shape %d: %s after %q is not found", shape, name, before)
				}
				for _, hit := range hits {
					if hit.Canary != "key" || hit.Offset < 0 || hit.Offset >= len(encoded) {
						t.Errorf("shape %d: %s: wrong hit %v", shape, name, hit)
					}
				}
			}
		}
	}
}

func TestSearchFindsNothingElse(t *testing.T) {
	s := newSearcher([]canary{newCanary("a", Plain), newCanary("b", Awkward), newCanary("c", Lines)})
	for _, shape := range []Shape{Plain, Awkward, Lines} {
		other := newCanary("other", shape)
		for name, encode := range encoders {
			if hits := s.Search([]byte(encode(other.value))); len(hits) > 0 {
				t.Errorf("%s: %v", name, hits)
			}
		}
	}
}

func TestUnpackBounds(t *testing.T) {
	s := newSearcher(nil)
	s.limit = 1000
	for size, want := range map[int]int{1000: 0, 1001: 1} {
		hits := s.Search([]byte(encoders["gzip"](strings.Repeat("\x00", size))))
		if len(hits) != want || want > 0 && hits[0].Canary != "" {
			t.Errorf("a stream of %d bytes gives %v", size, hits)
		}
	}
}

// Search must neither fail nor hang on anything, and must find a canary
// wherever it stands.
func FuzzSearch(f *testing.F) {
	c := newCanary("key", Plain)
	s := newSearcher([]canary{c})
	f.Add([]byte("PK\x03\x04aaaa\x08aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), []byte{})
	f.Add([]byte{0x1f, 0x8b, 8, 0, 0, 0}, []byte("BZh9"))
	f.Add([]byte("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo"), []byte(`\n\n`))
	f.Fuzz(func(t *testing.T, before, after []byte) {
		hits := s.Search(append(append(before[:len(before):len(before)], c.value...), after...))
		for _, hit := range hits {
			if hit.Canary == "key" && hit.Offset == len(before) {
				return
			}
		}
		t.Errorf("not found at %d: %v", len(before), hits)
	})
}
