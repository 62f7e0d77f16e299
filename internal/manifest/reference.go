package manifest

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The schemes that this version follows.
const (
	SchemeStore   = "nbseal"  // nbseal://NAME, in the local store
	SchemeEnv     = "env"     // env://VARIABLE
	SchemeDotenv  = "dotenv"  // dotenv://FILE#KEY
	SchemeJSON    = "json"    // json://FILE#PATH
	SchemeYAML    = "yaml"    // yaml://FILE#PATH
	SchemeNetrc   = "netrc"   // netrc://HOST#password
	SchemeKeyring = "keyring" // keyring://SERVICE/USER
	SchemeFernet  = "fernet"  // fernet://FILE#PATH, with a key
	SchemeSOPS    = "sops"    // sops://FILE#PATH
	SchemePrompt  = "prompt"  // prompt:// or prompt://WHAT TO ASK FOR
	SchemeExec    = "exec"    // exec://PROGRAM ARGUMENT…, or with a command
)

// Schemes are all that a manifest may name.
func Schemes() []string {
	return []string{
		SchemeStore, SchemeEnv, SchemeDotenv, SchemeJSON, SchemeYAML, SchemeNetrc, SchemeKeyring, SchemeFernet, SchemeSOPS,
		"vault", "aws", "aws-ssm", "gcp", "azure", "ibm", SchemePrompt, SchemeExec,
	}
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

// Reference says where a secret comes from: SCHEME://REST, and what the table
// adds to it.
type Reference struct {
	Scheme  string
	Rest    string     // as it is written
	Field   string     // the one part to take from what is there; "" for all of it
	Fields  []string   // the parts to take from what is there; nil for all of it
	Key     *Reference // for SchemeFernet: where its key is
	Command []string   // for SchemeExec: the program and its arguments
	Whole   bool       // for SchemeExec: all that it prints, not the first line
}

// String returns the reference as it is written, without what the table adds.
func (r Reference) String() string { return r.Scheme + "://" + r.Rest }

// Path is what stands before the first "#", with %XX decoded: a file or a host.
func (r Reference) Path() string {
	before, _, _ := strings.Cut(r.Rest, "#")
	path, _ := unescape(before) // checked by parseReference
	return path
}

// Fragment is what stands behind the first "#", with %XX decoded. It is ""
// if there is none.
func (r Reference) Fragment() string {
	_, behind, _ := strings.Cut(r.Rest, "#")
	fragment, _ := unescape(behind) // checked by parseReference
	return fragment
}

// Account splits SERVICE/USER at the first slash and decodes %XX in both.
func (r Reference) Account() (service, user string) {
	service, user, _ = strings.Cut(r.Rest, "/")
	service, _ = unescape(service) // checked by parseReference
	user, _ = unescape(user)
	return service, user
}

var errProgram = errors.New("a program is a name to be found in PATH, or an absolute path")

// validProgram refuses paths relative to the project: trusting a manifest says
// nothing about the programs beside it.
func validProgram(p string) bool {
	return p != "" && p != "." && p != ".." && !strings.ContainsRune(p, 0) && (filepath.IsAbs(p) || !strings.ContainsAny(p, `/\`))
}

// parseReference does not quote s in errors, which could be a value that someone
// has put in the manifest.
func parseReference(s string) (Reference, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return Reference{}, errExpectedReference
	}
	if !slices.Contains(Schemes(), scheme) {
		return Reference{}, fmt.Errorf("unknown scheme of a reference; there are %s", strings.Join(Schemes(), ", "))
	}
	if strings.ContainsFunc(rest, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return Reference{}, errors.New("the reference holds a control character")
	}
	ref := Reference{Scheme: scheme, Rest: rest}
	if scheme == SchemePrompt {
		return ref, nil
	}
	if scheme == SchemeExec {
		ref.Command = strings.Fields(rest)
		if len(ref.Command) == 0 {
			ref.Command = nil // the table has it
		} else if !validProgram(ref.Command[0]) {
			return Reference{}, errProgram
		}
		return ref, nil
	}
	if rest == "" {
		return Reference{}, errors.New("there is nothing after ://")
	}
	return ref, ref.checkRest()
}

// checkRest checks what stands after ://, which is not empty.
func (r Reference) checkRest() error {
	before, behind, cut := strings.Cut(r.Rest, "#")
	switch r.Scheme {
	case SchemeStore:
		if !validName(r.Rest) {
			return errors.New("nbseal:// is not followed by the name of a secret")
		}
	case SchemeEnv:
		if !variableForm.MatchString(r.Rest) {
			return errors.New("env:// is not followed by the name of an environment variable")
		}
	case SchemeKeyring:
		if service, user := r.Account(); service == "" || user == "" || !decodes(r.Rest) {
			return errors.New("keyring:// is followed by SERVICE/USER; in either, %2F stands for a slash and %25 for a percent sign")
		}
	case SchemeNetrc:
		if before == "" || cut && !slices.Contains([]string{"login", "password", "account"}, behind) || !decodes(r.Rest) {
			return errors.New("netrc:// is followed by HOST#password, #login or #account")
		}
	case SchemeDotenv, SchemeJSON, SchemeYAML, SchemeFernet, SchemeSOPS:
		if before == "" || cut && behind == "" || !decodes(r.Rest) {
			return fmt.Errorf("%s:// is followed by FILE or FILE#KEY; in either, %%23 stands for # and %%25 for a percent sign", r.Scheme)
		}
	}
	return nil
}

// decodes reports whether each % begins an escape, and none gives a NUL byte.
func decodes(s string) bool {
	decoded, ok := unescape(s)
	return ok && !strings.ContainsRune(decoded, 0)
}

// unescape decodes %XX (RFC 3986, section 2.1), and reports whether all % begin
// one; what does not decode stays.
func unescape(s string) (string, bool) {
	before, rest, found := strings.Cut(s, "%")
	for {
		if !found {
			return before, true
		}
		b, err := strconv.ParseUint(rest[:min(2, len(rest))], 16, 8)
		if err != nil || len(rest) < 2 {
			return s, false
		}
		var next string
		next, rest, found = strings.Cut(rest[2:], "%")
		before += string([]byte{byte(b)}) + next
	}
}

func validName(s string) bool { return len(s) <= maxName && nameForm.MatchString(s) }
