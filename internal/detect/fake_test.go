package detect

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"
)

// fake makes credentials that nobody issued. They are made at run time so that
// no scanner trips over this repository.
type fake struct{ r *rand.Rand }

func newFake(seed uint64) fake { return fake{rand.New(rand.NewPCG(seed, 7))} }

// of returns n bytes of a class.
func (f fake) of(c class, n int) string {
	var set []byte
	for b := range 256 {
		if b < 0x80 && classes[b]&c != 0 {
			set = append(set, byte(b))
		}
	}
	out := make([]byte, n)
	for i := range out {
		out[i] = set[f.r.IntN(len(set))]
	}
	return string(out)
}

// shape returns a text of the form s, with the longest runs or the shortest.
func (f fake) shape(s *shape, long bool) string {
	var b strings.Builder
	for _, g := range s.segs {
		n := g.min
		if long {
			n = g.max
		}
		if g.set == 0 {
			b.WriteString(g.lit)
			continue
		}
		// a run ends in a letter or digit, as anything does that is issued
		run := []byte(f.of(g.set, n))
		if n > 0 && g.set&alnum != 0 {
			run[n-1] = f.of(g.set&alnum, 1)[0]
			run[0] = f.of(g.set&alnum, 1)[0]
		}
		b.Write(run)
	}
	return b.String()
}

// token returns a token of the rule's n-th shape that passes its check.
func (f fake) token(r *Rule, n int, long bool) string {
	switch r.ID {
	case "github-token", "npm-token":
		prefix := parseShape(r.shapes[0]).prefix
		body := f.of(alnum, 30)
		return prefix + body + base62(crc32.ChecksumIEEE([]byte(body)))
	case "json-web-token":
		return f.jwt(`{"sub":"` + f.of(digit, 9) + `"}`)
	}
	return f.shape(parseShape(r.shapes[n]), long)
}

func (f fake) jwt(payload string) string {
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc.EncodeToString([]byte(payload)) + "." + f.of(alnum, 43)
}

func base62(n uint32) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var b [6]byte
	for i := 5; i >= 0; i-- {
		b[i] = digits[n%62]
		n /= 62
	}
	return string(b[:])
}

// pem returns a key block with a label such as "RSA PRIVATE KEY".
func (f fake) pem(label, end string) string {
	raw := make([]byte, 300)
	for i := range raw {
		raw[i] = byte(f.r.Uint32())
	}
	body := base64.StdEncoding.EncodeToString(raw)
	var b strings.Builder
	fmt.Fprintf(&b, "-----BEGIN %s-----%s", label, end)
	for len(body) > 64 {
		b.WriteString(body[:64] + end)
		body = body[64:]
	}
	fmt.Fprintf(&b, "%s%s-----END %s-----", body, end, label)
	return b.String()
}

// expand replaces the names of made-up values in text.
func (f fake) expand(text string) string {
	for name, value := range map[string]func() string{
		"{pw}":      func() string { return "Herbst-" + f.of(digit, 2) + "-" + f.of(upper, 1) + f.of(lower, 4) },
		"{mixed}":   func() string { return f.of(upper, 1) + f.of(digit, 1) + f.of(alnum, 37) + f.of(digit, 1) },
		"{mixed27}": func() string { return f.of(upper, 1) + f.of(digit, 1) + f.of(alnum, 24) + f.of(digit, 1) },
		"{hex32}":   func() string { return "a1" + f.of(hexLow|digit, 30) },
		"{hex40}":   func() string { return "b2" + f.of(hexLow|digit, 38) },
		"{hex64}":   func() string { return "c3" + f.of(hexLow|digit, 62) },
		"{b64}":     func() string { return f.of(alnum, 86) + "==" },
		"{b64x40}":  func() string { return f.of(upper, 2) + "/" + f.of(b64std, 36) + "7" },
		"{mapbox}":  func() string { return f.of(alnum, 22) },
		"{sig}":     func() string { return f.of(alnum, 43) + "%3D" },
		"{uuid}": func() string {
			h := func(n int) string { return f.of(hexLow|digit, n) }
			return "e" + h(7) + "-" + h(4) + "-4" + h(3) + "-a" + h(3) + "-" + h(12)
		},
		"{year}": func() string { return "2020" },
		"{size}": func() string { return "8x8" },
		"{cut}": func() string {
			return f.of(upper, 1) + f.of(digit, 1) + f.of(lower, 3) + "..." + f.of(alnum, 3) + f.of(digit, 1)
		},
		"{addr}":    func() string { return f.of(hexLow|digit, 40) },
		"{mistral}": func() string { return f.of(upper, 2) + f.of(digit, 3) + f.of(alnum, 27) },
		"{comet}":   func() string { return f.of(upper, 2) + f.of(digit, 3) + f.of(alnum, 20) },
		"{words}": func() string {
			words := make([]string, 12)
			for i := range words {
				words[i] = f.of(lower, 5)
			}
			return strings.Join(words, " ")
		},
		"{base32}": func() string { return f.of(upper, 3) + f.of(digitLow, 3) + f.of(upper|digitLow, 26) },
		"{b64pw}": func() string {
			return base64.StdEncoding.EncodeToString([]byte("Herbst-" + f.of(digit, 3) + "-" + f.of(upper, 1) + f.of(lower, 4)))
		},
		"{hexpw}": func() string {
			return fmt.Sprintf("%x", "Herbst-"+f.of(digit, 2)+"-"+f.of(upper, 1)+f.of(lower, 4))
		},
		"{hf}":   func() string { return "hf" + "_" + f.of(letter, 34) },
		"{akia}": func() string { return "AK" + "IA" + f.of(upper|digitLow, 16) },
		"{jwt}":  func() string { return f.jwt(`{"sub":"1"}`) },
		"{pem}":  func() string { return f.pem("RSA PRIVATE KEY", "\n") },
		"{pemn}": func() string { return f.pem("PRIVATE KEY", `\n`) },
		"{pgp}":  func() string { return f.pem("PGP PRIVATE KEY BLOCK", "\n") },
	} {
		for strings.Contains(text, name) {
			text = strings.Replace(text, name, value(), 1)
		}
	}
	return text
}

// found is what Find reports, as rule, name and the bytes of the parts.
type found struct {
	rule, name, secret string
	spans              []Span
}

func find(t testing.TB, text string, lang Language, key string) []found {
	t.Helper()
	var out []found
	New().Find(Input{Text: []byte(text), Language: lang, Key: key}, func(m Match) {
		f := found{rule: m.Rule.ID, name: m.Name, spans: m.Parts}
		for _, p := range m.Parts {
			if p.Start < 0 || p.Start >= p.End || p.End > len(text) {
				t.Fatalf("span %v of a text of %d bytes", p, len(text))
			}
			f.secret += text[p.Start:p.End]
		}
		if secret := strings.TrimSuffix(m.Preview, "…"); !bytes.HasPrefix([]byte(f.secret), []byte(secret)) {
			t.Errorf("preview %q is not how a %s begins", m.Preview, m.Rule.ID)
		}
		out = append(out, f)
	})
	return out
}
