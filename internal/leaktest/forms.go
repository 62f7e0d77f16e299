package leaktest

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// form is one way to write down a run of a canary.
type form struct {
	encoding string
	text     []byte
}

// forms lists the ways in which run, of letters and digits, may have been
// written. Escapings that leave letters and digits alone (JSON, HTML, percent,
// repr, shell) are covered by the clear form; listed here are those that change
// every byte.
func forms(run string) []form {
	var all []form
	add := func(encoding, text string) { all = append(all, form{encoding, []byte(text)}) }

	add("clear", run)
	add("lower case", strings.ToLower(run))
	add("upper case", strings.ToUpper(run))
	add("reversed", reverse(run))
	for name, sep := range map[string]string{
		"one character a line": "\n", "spaced out": " ", "comma-separated": ",", "comma and space": ", ",
		"list of strings": `", "`, "list of strings, repr": `', '`, "list of strings, tight": `","`, "JSON newlines": `\n`,
	} {
		add(name, strings.Join(strings.Split(run, ""), sep))
	}

	for name, verb := range map[string]string{
		"hex": "%02x", "hex, upper case": "%02X", "percent": "%%%02x", "percent, upper case": "%%%02X",
		`\x escapes`: `\x%02x`, `\x escapes, upper case`: `\x%02X`, `\\x escapes`: `\\x%02x`,
		`\u escapes`: `\u%04x`, `\u escapes, upper case`: `\u%04X`, "octal escapes": `\%03o`,
		"HTML entities": "&#%d;", "HTML entities, padded": "&#%03d;",
		"HTML entities, hex": "&#x%x;", "HTML entities, upper hex": "&#x%X;", "quoted-printable": "=%02X",
	} {
		add(name, each(run, verb, ""))
	}
	for name, sep := range map[string]string{
		"hex, spaced": " ", "hex, colons": ":", "hex, dashes": "-",
	} {
		add(name, each(run, "%02x", sep))
		add(name+", upper case", each(run, "%02X", sep))
	}
	for _, sep := range []string{" ", ",", ", ", "\n"} {
		add("list of byte values", each(run, "%d", sep))
		add("list of hex values", each(run, "0x%02x", sep))
	}

	for shift := range 3 {
		add("base64", shifted(run, shift, 6, base64.RawStdEncoding.EncodeToString))
		add("base64url", shifted(run, shift, 6, base64.RawURLEncoding.EncodeToString))
	}
	for shift := range 5 {
		text := shifted(run, shift, 5, base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString)
		add("base32", text)
		add("base32, lower case", strings.ToLower(text))
	}

	var little, big []byte
	for _, c := range []byte(run) {
		little = append(little, c, 0)
		big = append(big, 0, c)
	}
	add("UTF-16LE", string(little[:len(little)-1]))
	add("UTF-16BE", string(big[1:])) // without the outer zeros both say the same
	return distinct(all)
}

// digests lists the unsalted digests of a whole value: whoever reads one can
// try guesses against it. The first 16 bytes stand for truncated ones.
func digests(value string) []form {
	b := []byte(value)
	md, s1, s256, s512 := md5.Sum(b), sha1.Sum(b), sha256.Sum256(b), sha512.Sum512(b)
	var all []form
	for name, sum := range map[string][]byte{"MD5": md[:], "SHA-1": s1[:], "SHA-256": s256[:], "SHA-512": s512[:]} {
		all = append(all,
			form{name + " digest", sum[:16]},
			form{name + " digest, hex", []byte(hex.EncodeToString(sum[:16]))},
			form{name + " digest, upper hex", []byte(strings.ToUpper(hex.EncodeToString(sum[:16])))},
			form{name + " digest, base64", []byte(base64.StdEncoding.EncodeToString(sum[:15]))},
			form{name + " digest, base64url", []byte(base64.URLEncoding.EncodeToString(sum[:15]))})
	}
	return distinct(all)
}

// each formats every byte of s with verb and joins the results.
func each(s, verb, sep string) string {
	parts := make([]string, 0, len(s))
	for _, c := range []byte(s) {
		parts = append(parts, fmt.Sprintf(verb, c))
	}
	return strings.Join(parts, sep)
}

// shifted encodes s, standing shift bytes after the start of a larger text, with
// an encoding of bits to the letter, and returns the letters that depend on
// nothing but s.
func shifted(s string, shift, bits int, encode func([]byte) string) string {
	text := encode(append(make([]byte, shift), s...))
	return text[(8*shift+bits-1)/bits : 8*(shift+len(s))/bits]
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// distinct drops forms whose text came before.
func distinct(all []form) []form {
	var kept []form
next:
	for _, f := range all {
		for _, k := range kept {
			if bytes.Equal(f.text, k.text) {
				continue next
			}
		}
		kept = append(kept, f)
	}
	return kept
}
