// Package fernet opens and makes Fernet tokens, version 0x80, so that files
// which people encrypted with Python's cryptography can be taken over and given
// back.
//
// It is for interchange only: nothing that nbseal keeps is in this format, which
// says when a token was made, hides no length, knows one symmetric key and no
// streaming. Tokens are held whole, and none may be longer than [MaxToken].
//
// Source: https://github.com/fernet/spec/blob/master/Spec.md. AES-128-CBC,
// HMAC-SHA256 and base64url are those of the standard library.
package fernet

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/nbseal/nbseal/internal/secret"
)

// MaxToken is the greatest length of a token, in bytes of its base64url form.
const MaxToken = 4 << 20

// KeyLen is the length of a key, in bytes: a signing key and an encryption key.
const KeyLen = 32

// maxSkew is how far in the future a token may have been made when its age is
// asked for; the specification leaves the figure open, Python's cryptography
// takes 60 s.
const maxSkew = 60 * time.Second

// The fields of a token: Version (1), Timestamp (8), IV (16), Ciphertext, HMAC.
const (
	version   = 0x80
	headerLen = 1 + 8 + aes.BlockSize
	minLen    = headerLen + aes.BlockSize + sha256.Size
)

var (
	// ErrKey reports that the key does not fit the token, or that the token was
	// changed in a way that left its shape whole: nobody can tell these apart.
	ErrKey = errors.New("wrong key, or the token was changed")
	// ErrDamaged reports that this is no whole token: characters that do not
	// belong, a missing part, or another version.
	ErrDamaged = errors.New("damaged, or not a Fernet token")
	// ErrExpired reports a token older than it may be, whose key fits.
	ErrExpired = errors.New("the token has expired")
	// ErrNotYet reports a token from the future, whose key fits.
	ErrNotYet = errors.New("the token is dated in the future")
	// ErrTooLong reports a token, or a message for one, beyond [MaxToken].
	ErrTooLong = errors.New("longer than 4 MiB")
	// ErrBadKey reports what cannot be a key.
	ErrBadKey = errors.New("a Fernet key is 32 bytes in base64url, 44 characters")
)

// Key signs and encrypts.
type Key struct{ value secret.Value }

// NewKey makes a random key.
func NewKey() Key {
	b := make([]byte, KeyLen)
	_, _ = rand.Read(b) // never fails: crypto/rand
	return Key{secret.New(b)}
}

// ParseKey reads a key as Fernet.generate_key of Python writes it. White space
// around it is nothing. The error is ErrBadKey.
func ParseKey(text []byte) (Key, error) {
	text = bytes.TrimSpace(text)
	b := make([]byte, base64.URLEncoding.DecodedLen(len(text)))
	n, err := strict.Decode(b, text)
	if err != nil || n != KeyLen {
		clear(b)
		return Key{}, ErrBadKey
	}
	return Key{secret.New(b[:n])}, nil
}

// Text is the key in base64url.
func (k Key) Text() secret.Value {
	return secret.New(strict.AppendEncode(nil, k.value.Reveal()))
}

// Wipe does what [secret.Value.Wipe] does.
func (k Key) Wipe() { k.value.Wipe() }

func (k Key) signing() []byte    { return k.value.Reveal()[:KeyLen/2] }
func (k Key) encryption() []byte { return k.value.Reveal()[KeyLen/2:] }

var strict = base64.URLEncoding.Strict()

// Options say how a token is opened. The zero Options are those of the
// specification, of any age.
type Options struct {
	// Lax takes what Python's base64.urlsafe_b64decode takes too: the standard
	// alphabet, characters outside of it, and bits behind the end that are set.
	Lax bool
	// MaxAge is how old the token may be at Now, to the second; 0: any age.
	MaxAge time.Duration
	Now    time.Time
}

// Open verifies a token and returns its message and when it was made. A line
// break at the end is nothing. Errors are ErrTooLong, ErrDamaged, ErrKey,
// ErrExpired and ErrNotYet; the age is looked at only when the key fits.
func Open(key Key, token []byte, opt Options) (secret.Value, time.Time, error) {
	none := secret.Value{}
	token = bytes.TrimRight(token, "\r\n")
	if len(token) > MaxToken {
		return none, time.Time{}, ErrTooLong
	}
	raw, err := decode(token, opt.Lax)
	if err != nil || len(raw) < minLen || raw[0] != version || (len(raw)-headerLen-sha256.Size)%aes.BlockSize != 0 {
		return none, time.Time{}, ErrDamaged
	}
	signed, mac := raw[:len(raw)-sha256.Size], raw[len(raw)-sha256.Size:]
	if !hmac.Equal(mac, sign(key, signed)) {
		return none, time.Time{}, ErrKey
	}
	// A year beyond what time.Time can order is the future, not the past.
	seconds := binary.BigEndian.Uint64(raw[1:9])
	if seconds > 1<<40 {
		return none, time.Time{}, ErrNotYet
	}
	made := time.Unix(int64(seconds), 0).UTC()
	if opt.MaxAge > 0 {
		switch {
		case made.Add(opt.MaxAge).Before(opt.Now.Truncate(time.Second)):
			return none, made, ErrExpired
		case made.After(opt.Now.Add(maxSkew)):
			return none, made, ErrNotYet
		}
	}
	message, ok := decrypt(key, raw[9:headerLen], signed[headerLen:])
	if !ok {
		return none, made, ErrDamaged
	}
	return secret.New(message), made, nil
}

// Seal makes a token of a message at a time between 1970 and year 36812. The
// error is ErrTooLong.
func Seal(key Key, message []byte, now time.Time) ([]byte, error) {
	var iv [aes.BlockSize]byte
	_, _ = rand.Read(iv[:])
	return seal(key, message, now, iv)
}

func seal(key Key, message []byte, now time.Time, iv [aes.BlockSize]byte) ([]byte, error) {
	// RFC 5652, section 6.3: one to sixteen bytes, each their number.
	pad := aes.BlockSize - len(message)%aes.BlockSize
	size := headerLen + len(message) + pad + sha256.Size
	if len(message) > MaxToken || base64.URLEncoding.EncodedLen(size) > MaxToken {
		return nil, ErrTooLong
	}
	if s := now.Unix(); s < 0 || s > 1<<40 {
		return nil, fmt.Errorf("a Fernet token cannot be dated %d", now.Year())
	}
	raw := make([]byte, 0, size)
	raw = append(raw, version)
	raw = binary.BigEndian.AppendUint64(raw, uint64(now.Unix()))
	raw = append(raw, iv[:]...)
	raw = append(raw, message...)
	raw = append(raw, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block(key), iv[:]).CryptBlocks(raw[headerLen:], raw[headerLen:])
	raw = append(raw, sign(key, raw)...)
	return base64.URLEncoding.AppendEncode(nil, raw), nil
}

func sign(key Key, signed []byte) []byte {
	h := hmac.New(sha256.New, key.signing())
	h.Write(signed)
	return h.Sum(nil)
}

func block(key Key) cipher.Block {
	b, err := aes.NewCipher(key.encryption())
	if err != nil {
		panic("fernet: a key of 16 bytes was refused") // what the zero Key ends in
	}
	return b
}

// decrypt returns the message without its padding; only a signed ciphertext
// comes here, so that how it fails tells nobody anything.
func decrypt(key Key, iv, ciphertext []byte) ([]byte, bool) {
	message := make([]byte, len(ciphertext))
	cipher.NewCBCDecrypter(block(key), iv).CryptBlocks(message, ciphertext)
	pad := int(message[len(message)-1])
	end := len(message) - pad
	if pad < 1 || pad > aes.BlockSize || !bytes.Equal(message[end:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		clear(message)
		return nil, false
	}
	return message[:end], true
}

// decode undoes base64url. The lax form is that of Python's
// base64.urlsafe_b64decode: it passes over what is no letter of either alphabet,
// and ends at the first padding that completes a group.
func decode(token []byte, lax bool) ([]byte, error) {
	if !lax {
		// The decoder of the standard library passes over line breaks.
		if bytes.ContainsAny(token, "\r\n") {
			return nil, ErrDamaged
		}
		return strict.AppendDecode(nil, token)
	}
	kept := make([]byte, 0, len(token)+3)
	padding := 0
	for _, c := range token {
		switch {
		case c == '+':
			c = '-'
		case c == '/':
			c = '_'
		case c == '=':
			if n := len(kept) % 4; n >= 2 && n+padding+1 >= 4 {
				return base64.RawURLEncoding.AppendDecode(nil, kept)
			} else if n >= 2 {
				padding++
			}
			continue
		case !isURLSafe(c):
			continue
		}
		padding = 0
		kept = append(kept, c)
	}
	if len(kept)%4 != 0 {
		return nil, ErrDamaged
	}
	return base64.RawURLEncoding.AppendDecode(nil, kept)
}

func isURLSafe(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}
