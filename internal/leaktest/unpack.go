package leaktest

import (
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"io"
)

// maxUnpacked bounds what one stream may grow to, in bytes.
const maxUnpacked = 64 << 20

// minBase64 is the number of letters from which on a word is decoded: shorter
// ones cannot hold a run in a second encoding.
const minBase64 = 24

// stream is what a compressed or encoded part of some bytes holds.
type stream struct {
	kind   string
	offset int
	data   []byte
	cut    bool // there was more than the limit
}

// unpack finds the streams in data by their magic numbers. Damaged ones are
// returned as far as they can be read, up to a byte more than limit.
func unpack(data []byte, limit int) []stream {
	streams := base64Streams(data)
	for i := 0; i+4 < len(data); i++ {
		kind, open := opener(data[i:])
		if open == nil {
			continue
		}
		r, err := open(bytes.NewReader(data[i:]))
		if err != nil {
			continue // not a stream after all
		}
		// An error means that the stream is damaged or that the magic number
		// was a coincidence; what came before it is searched all the same.
		inner, _ := io.ReadAll(io.LimitReader(r, int64(limit)+1))
		if len(inner) > 0 {
			streams = append(streams, stream{kind, i, inner, len(inner) > limit})
		}
	}
	return streams
}

// opener returns what reads the stream that begins with data, or nil.
func opener(data []byte) (kind string, open func(io.Reader) (io.Reader, error)) {
	switch {
	case data[0] == 0x1f && data[1] == 0x8b && data[2] == 8:
		return "gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	case data[0] == 0x78 && (data[1] == 0x01 || data[1] == 0x5e || data[1] == 0x9c || data[1] == 0xda):
		return "zlib", func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }
	case bytes.HasPrefix(data, []byte("BZh")):
		return "bzip2", func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }
	case bytes.HasPrefix(data, []byte("PK\x03\x04")) && len(data) > 30 && data[8] == 8:
		// The fixed part of a local file header has 30 bytes; the lengths of
		// name and extra field stand at 26 and 28 (APPNOTE 4.3.7).
		skip := 30 + int64(binary.LittleEndian.Uint16(data[26:])) + int64(binary.LittleEndian.Uint16(data[28:]))
		return "zip", func(r io.Reader) (io.Reader, error) {
			if _, err := io.CopyN(io.Discard, r, skip); err != nil {
				return nil, err
			}
			return flate.NewReader(r), nil
		}
	}
	return "", nil
}

// base64Streams decodes the long words of base64 in data. Line breaks, in clear
// or as JSON's \n, belong to a word.
func base64Streams(data []byte) []stream {
	var streams []stream
	for i := 0; i < len(data); {
		word, end := base64Word(data, i)
		// A word may have swallowed the line before it, of any length.
		for shift := 0; shift < 4 && len(word) >= minBase64; shift++ {
			whole := word[shift : len(word)-(len(word)-shift)%4]
			decoded := make([]byte, base64.RawStdEncoding.DecodedLen(len(whole)))
			n, _ := base64.RawStdEncoding.Decode(decoded, whole) // whole quanta of the alphabet: no error
			streams = append(streams, stream{"base64", i, decoded[:n], false})
		}
		i = max(end, i+1)
	}
	return streams
}

// base64Word returns the letters of the word at i, with the URL alphabet mapped
// to the standard one, and where it ends.
func base64Word(data []byte, i int) (word []byte, end int) {
	for ; i < len(data); i++ {
		switch c := data[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/':
			word = append(word, c)
		case c == '-':
			word = append(word, '+')
		case c == '_':
			word = append(word, '/')
		case (c == '\n' || c == '\r') && len(word) > 0:
		case c == '\\' && len(word) > 0 && i+1 < len(data) && (data[i+1] == 'n' || data[i+1] == 'r'):
			i++
		default:
			return word, i
		}
	}
	return word, i
}
