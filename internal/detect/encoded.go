package detect

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
)

// Texts that stand for others: base64, hexadecimal, percent-encoding.

// decoded returns what base64 text stands for, when that is printable ASCII.
func decoded(b []byte) ([]byte, bool) {
	if len(b) < 8 || len(b) > maxValue || !all(b, b64std|equals|dash|under) {
		return nil, false
	}
	body := bytes.TrimRight(b, "=")
	if len(body)%4 == 1 || len(b) != len(body) && len(b)%4 != 0 {
		return nil, false
	}
	enc := base64.RawStdEncoding
	if bytes.ContainsAny(body, "-_") {
		enc = base64.RawURLEncoding
	}
	out := make([]byte, enc.DecodedLen(len(body)))
	n, err := enc.Decode(out, body)
	if err != nil || n < 5 {
		return nil, false
	}
	for _, c := range out[:n] {
		if (c < ' ' || c > '~') && c != '\n' && c != '\r' && c != '\t' {
			return nil, false
		}
	}
	return out[:n], true
}

// unescaped undoes percent-encoding.
func unescaped(b []byte) []byte {
	if bytes.IndexByte(b, '%') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '%' && i+2 < len(b) {
			hi, ok1 := nibble(b[i+1])
			lo, ok2 := nibble(b[i+2])
			if ok1 && ok2 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
		}
		out = append(out, b[i])
	}
	return out
}

func nibble(b byte) (byte, bool) {
	switch {
	case '0' <= b && b <= '9':
		return b - '0', true
	case 'a' <= b && b <= 'f':
		return b - 'a' + 10, true
	case 'A' <= b && b <= 'F':
		return b - 'A' + 10, true
	}
	return 0, false
}

// decodeText returns what a long base64 text stands for.
func decodeText(b []byte) ([]byte, bool) {
	body := bytes.TrimRight(b, "=")
	if len(body)%4 == 1 {
		body = body[:len(body)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(body)))
	n, err := base64.RawStdEncoding.Decode(out, body)
	return out[:n], err == nil && n > 0
}

// decoders are the functions that programs put around an encoded literal.
var decoders = []struct {
	name string
	read func([]byte) ([]byte, bool)
}{
	{"base64.b64decode(", decoded}, {"b64decode(", decoded}, {"base64.urlsafe_b64decode(", decoded}, {"base64.standard_b64decode(", decoded}, {"atob(", decoded},
	{"base64decode(", decoded}, {"base64enc::base64decode(", decoded}, {"bytes.fromhex(", unhexed}, {"bytearray.fromhex(", unhexed}, {"binascii.unhexlify(", unhexed},
	{"unhexlify(", unhexed}, {"binascii.a2b_base64(", decoded}, {"hex2bytes(", unhexed},
}

// encodedBy returns where the literal begins of a call at i that decodes it.
func encodedBy(text []byte, i int) (int, func([]byte) ([]byte, bool)) {
	for _, d := range decoders {
		if !bytes.HasPrefix(text[i:], []byte(d.name)) {
			continue
		}
		i = run(text, i+len(d.name), 80, space)
		if i+1 < len(text) && (text[i] == 'b' || text[i] == 'r') && (text[i+1] == '"' || text[i+1] == '\'') {
			i++
		}
		return i, d.read
	}
	return i, nil
}

// unhexed returns what hexadecimal digits stand for, when that is printable ASCII.
func unhexed(b []byte) ([]byte, bool) {
	out := make([]byte, hex.DecodedLen(len(b)))
	if n, err := hex.Decode(out, b); err != nil || n == 0 {
		return nil, false
	}
	for _, c := range out {
		if c < ' ' || c > '~' {
			return nil, false
		}
	}
	return out, true
}
