package store

import (
	"errors"
	"fmt"
	"strings"
)

// MaxName is the longest name, in bytes.
const MaxName = 200

// ErrName says that a text is no name for a secret in a store.
var ErrName = errors.New("not a name for a secret")

// ValidateName returns an error, which is ErrName and does not quote s, unless s
// names a secret the same way on every system: segments joined by "/", made of
// ASCII letters, digits, "_", "." and "-". A segment begins with a letter, a
// digit or "_", the first not with a digit, and does not end in ".". Segments
// that Windows takes for devices (CON, NUL, COM1…, with any extension) are no
// names, nor folders that end in ".age", which are the form of a secret's file.
func ValidateName(s string) error {
	if s == "" {
		return fmt.Errorf("%w: it is empty", ErrName)
	}
	if len(s) > MaxName {
		return fmt.Errorf("%w: it is longer than %d bytes", ErrName, MaxName)
	}
	segments := strings.Split(s, "/")
	for i, seg := range segments {
		if err := validateSegment(seg); err != nil {
			return err
		}
		if i == 0 && isDigit(seg[0]) {
			return fmt.Errorf("%w: it begins with a digit", ErrName)
		}
		if i < len(segments)-1 && strings.HasSuffix(strings.ToLower(seg), ".age") {
			return fmt.Errorf("%w: a folder in it ends in .age", ErrName)
		}
	}
	return nil
}

func validateSegment(seg string) error {
	if seg == "" {
		return fmt.Errorf(`%w: there is nothing before or after a "/"`, ErrName)
	}
	for i := range len(seg) {
		c := seg[i]
		if !isDigit(c) && !isLetter(c) && c != '_' && (i == 0 || c != '.' && c != '-') {
			return fmt.Errorf(`%w: it is made of ASCII letters, digits, "_", ".", "-" and "/", and each part begins with a letter, a digit or "_"`, ErrName)
		}
	}
	if strings.HasSuffix(seg, ".") {
		return fmt.Errorf(`%w: a part of it ends in "."`, ErrName)
	}
	if isDevice(seg) {
		return fmt.Errorf("%w: a part of it is a device on Windows", ErrName)
	}
	return nil
}

// isDevice knows the names of
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file that are made
// of letters and digits.
func isDevice(seg string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(seg), ".")
	switch base {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(base) == 4 && (base[:3] == "COM" || base[:3] == "LPT") && isDigit(base[3])
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
