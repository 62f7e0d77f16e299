package manifest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The schemes that this version follows.
const (
	SchemeStore = "nbseal" // nbseal://NAME, in the local store
	SchemeEnv   = "env"    // env://VARIABLE
)

// schemes are all that a manifest may name.
var schemes = []string{
	SchemeStore, SchemeEnv, "dotenv", "json", "yaml", "netrc", "keyring", "fernet", "sops", "vault", "aws", "aws-ssm", "gcp", "azure", "ibm", "prompt", "exec",
}

var (
	// nameForm is what all parts of nbseal promise about names. The store
	// refuses some more, which not every file system could hold.
	nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`)
	// variableForm is that of IEEE Std 1003.1-2017, 3.235, and of small letters.
	variableForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

const maxName = 200

var errExpectedReference = errors.New("expected a reference like nbseal://NAME or env://VARIABLE, never the value itself")

// Reference says where a secret comes from: SCHEME://REST.
type Reference struct {
	Scheme string
	Rest   string   // a name for SchemeStore, a variable for SchemeEnv
	Fields []string // the parts to take from what is there; nil for all of it
}

// String returns the reference as it is written, without Fields.
func (r Reference) String() string { return r.Scheme + "://" + r.Rest }

// parseReference does not quote s in errors, which could be a value that someone
// has put in the manifest.
func parseReference(s string) (Reference, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return Reference{}, errExpectedReference
	}
	if !slices.Contains(schemes, scheme) {
		return Reference{}, fmt.Errorf("unknown scheme of a reference; there are %s", strings.Join(schemes, ", "))
	}
	if strings.ContainsFunc(rest, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return Reference{}, errors.New("the reference holds a control character")
	}
	switch {
	case scheme == SchemeStore && !validName(rest):
		return Reference{}, errors.New("nbseal:// is not followed by the name of a secret")
	case scheme == SchemeEnv && !variableForm.MatchString(rest):
		return Reference{}, errors.New("env:// is not followed by the name of an environment variable")
	case rest == "" && scheme != "prompt":
		return Reference{}, errors.New("there is nothing after ://")
	}
	return Reference{Scheme: scheme, Rest: rest}, nil
}

func validName(s string) bool { return len(s) <= maxName && nameForm.MatchString(s) }
