package gitx

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

// ID names an object, by SHA-1 or SHA-256. IDs compare with ==; the zero ID
// names nothing.
type ID struct {
	sum  [32]byte
	size uint8 // of sum, in bytes: 20 or 32
}

// ParseID reads 40 or 64 hexadecimal digits.
func ParseID(text string) (ID, error) {
	id, ok := parseID([]byte(text))
	if !ok {
		return ID{}, fmt.Errorf("%q is no object's id", text)
	}
	return id, nil
}

func parseID(text []byte) (id ID, ok bool) {
	if len(text) != 40 && len(text) != 64 {
		return ID{}, false
	}
	n, err := hex.Decode(id.sum[:], text)
	id.size = uint8(n)
	return id, err == nil
}

// String is the id in hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id.sum[:id.size]) }

// Short is what people call a commit: the first 12 digits.
func (id ID) Short() string { return hex.EncodeToString(id.sum[:min(6, id.size)]) }

// IsNull reports whether the id is one of zeros alone, which git writes where
// there is no object, or the zero ID.
func (id ID) IsNull() bool { return id.sum == [32]byte{} }

// Compare orders ids by their digits.
func (id ID) Compare(other ID) int { return bytes.Compare(id.sum[:], other.sum[:]) }
