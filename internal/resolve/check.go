package resolve

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/secret"
)

// check holds a value against what the manifest says of it. The error is
// ErrCheck and tells nothing of the value but that.
func check(c manifest.Check, v secret.Value) error {
	b := v.Reveal()
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrCheck}, args...)...)
	}
	switch {
	case len(b) < c.Min:
		return fail("it is shorter than %d bytes", c.Min)
	case c.Max > 0 && len(b) > c.Max:
		return fail("it is longer than %d bytes", c.Max)
	case !bytes.HasPrefix(b, []byte(c.StartsWith)):
		return fail("it does not begin with %q", c.StartsWith)
	case c.Pattern != nil && !c.Pattern.Match(b):
		return fail("it does not match the pattern")
	case c.Type != "" && !isType(c.Type, b):
		return fail("it is no %s", typeNames(c.Type))
	}
	return nil
}

// typeNames says what a type asks for.
func typeNames(t string) string {
	switch t {
	case "text":
		return "text in UTF-8 without control characters"
	case "url":
		return "URL with a scheme and a host"
	case "port":
		return "port, a number from 1 to 65535"
	case "int":
		return "whole number"
	case "uuid":
		return "UUID"
	case "hex":
		return "even number of hexadecimal digits"
	case "base64":
		return "base64"
	case "jwt":
		return "JSON web token"
	case "json":
		return "JSON"
	}
	return "PEM block, or several"
}

// uuidForm is that of RFC 9562, section 4.
var uuidForm = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

func isType(t string, b []byte) bool {
	switch t {
	case "text":
		return utf8.Valid(b) && !bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f })
	case "url":
		u, err := url.Parse(string(b))
		return err == nil && u.Scheme != "" && u.Host != ""
	case "port":
		n, err := strconv.ParseUint(string(b), 10, 16)
		return err == nil && n > 0 && b[0] != '+'
	case "int":
		_, err := strconv.ParseInt(string(b), 10, 64)
		return err == nil
	case "uuid":
		return uuidForm.Match(b)
	case "hex":
		_, err := hex.DecodeString(string(b))
		return err == nil && len(b) > 0
	case "base64":
		return isBase64(b)
	case "jwt":
		return isJWT(string(b))
	case "json":
		return json.Valid(b)
	case "pem":
		return isPEM(b)
	}
	return false
}

// isBase64 takes both alphabets of RFC 4648, with and without padding, and line
// breaks.
func isBase64(b []byte) bool {
	trimmed := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/", "\r", "", "\n", "").Replace(string(b)), "=")
	_, err := base64.RawStdEncoding.DecodeString(trimmed)
	return err == nil && trimmed != ""
}

// isJWT looks at the compact form of RFC 7519, sections 3 and 5, not at the
// signature.
func isJWT(s string) bool {
	parts := strings.Split(s, ".")
	if len(parts) != 3 && len(parts) != 5 {
		return false
	}
	for _, p := range parts {
		if _, err := base64.RawURLEncoding.DecodeString(p); err != nil {
			return false
		}
	}
	header, _ := base64.RawURLEncoding.DecodeString(parts[0])
	var object map[string]json.RawMessage
	return json.Unmarshal(header, &object) == nil && object["alg"] != nil
}

// isPEM takes blocks of RFC 7468 and white space between them.
func isPEM(b []byte) bool {
	blocks := 0
	for {
		b = bytes.TrimSpace(b)
		if len(b) == 0 {
			return blocks > 0
		}
		block, rest := pem.Decode(b)
		if block == nil || !bytes.HasPrefix(b, []byte("-----BEGIN ")) {
			return false
		}
		blocks, b = blocks+1, rest
	}
}
