package risk

import (
	"slices"
	"strings"
	"unicode"
)

// words splits a name at underscores, dashes and capital letters.
func words(name string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' || unicode.IsDigit(r) }) {
		start := 0
		for i := 1; i < len(w); i++ {
			if unicode.IsUpper(rune(w[i])) && unicode.IsLower(rune(w[i-1])) {
				out = append(out, strings.ToLower(w[start:i]))
				start = i
			}
		}
		out = append(out, strings.ToLower(w[start:]))
	}
	return out
}

// What a name says of a thing beside being one: has_password is none.
var about = []string{"has", "is", "use", "show", "num", "n", "no", "check", "valid", "public", "max", "min", "hide", "hashed", "masked", "redacted", "encrypted", "dummy", "fake", "example", "wrong"}

// Which key, which token: the words before that make it a credential.
var (
	keyOf   = []string{"api", "secret", "access", "auth", "account", "private", "subscription", "signing"}
	tokenOf = []string{"access", "auth", "api", "bearer", "refresh", "hf", "huggingface", "github", "gh", "gitlab", "oauth", "bot", "slack", "sas", "pat"}
)

// secretName reports whether a variable of that name holds a secret as a rule.
// "token" and "key" alone say nothing in notebooks.
func secretName(name string) bool {
	w := words(name)
	if len(w) == 0 || len(name) > 100 || slices.ContainsFunc(w, func(s string) bool { return slices.Contains(about, s) }) {
		return false
	}
	before := ""
	if len(w) > 1 {
		before = w[len(w)-2]
	}
	switch w[len(w)-1] {
	case "password", "passwd", "passphrase", "apikey", "accesskey", "secretkey", "authtoken", "accesstoken":
		return true
	case "secret":
		return len(w) > 1
	case "pwd", "pass":
		return slices.Contains([]string{"db", "user", "sql", "mysql", "pg", "postgres", "smtp", "mongo", "redis", "admin"}, before)
	case "key":
		return slices.Contains(keyOf, before)
	case "token":
		return slices.Contains(tokenOf, before)
	}
	return false
}

// secretVariable reports whether an environment variable of that name holds a
// secret as a rule.
func secretVariable(name string) bool {
	w := words(name)
	if len(w) == 0 || slices.Contains(w, "public") || slices.Contains(w, "path") {
		return false
	}
	switch w[len(w)-1] {
	case "password", "passwd", "pgpassword", "passphrase", "apikey", "secret", "pat":
		return true
	case "key", "token", "pass", "pwd":
		return len(w) > 1
	}
	return false
}

// source says what a call of a function gives. base is the name before the
// last dot, "" when there is none or it is no name.
func source(base, name string, argument string, literal bool) holds {
	switch name {
	case "get":
		switch base {
		case "nbseal":
			return sealed
		case "userdata", "secrets":
			return secret // google.colab.userdata, dbutils.secrets
		case "environ":
			if literal && secretVariable(argument) {
				return secret
			}
		}
	case "getenv", "pop":
		if (name == "getenv" || base == "environ") && literal && secretVariable(argument) {
			return secret
		}
	case "getpass", "get_secret_value", "get_secret", "getSecret", "getSecretWithLS", "access_secret_version", "get_secret_string":
		return secret
	case "get_password":
		if base == "keyring" {
			return secret
		}
	}
	return unknown
}

// Methods of a secret that give it again, and functions that show what they
// are given.
var (
	keeping = []string{"strip", "lstrip", "rstrip", "lower", "upper", "encode", "decode", "get_secret_value", "reveal", "get", "format", "ljust", "rjust"}
	showing = []string{"str", "repr", "dict", "list", "tuple", "bytes", "format", "dumps", "pformat", "join", "b64encode", "b64decode", "quote", "DataFrame", "Series"}
)
