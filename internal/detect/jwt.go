package detect

import (
	"bytes"
	"encoding/base64"
)

// jwtCheck reports whether the first part of a token is the header of a JSON
// Web Token, which names an algorithm (RFC 7515), and whether it is not one of
// those that are public by design.
func jwtCheck(token []byte) bool {
	parts := bytes.SplitN(token, []byte("."), 3)
	if len(parts) < 3 {
		return false
	}
	head, err := base64.RawURLEncoding.AppendDecode(nil, parts[0])
	if err != nil || !bytes.Contains(head, []byte(`"alg"`)) || len(head) < 2 || head[0] != '{' {
		return false
	}
	body, err := base64.RawURLEncoding.AppendDecode(nil, parts[1])
	return err == nil && !bytes.Contains(body, []byte(`"role":"anon"`))
}
