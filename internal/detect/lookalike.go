package detect

import "bytes"

// fileEndings are those of names that stand where a key does.
var fileEndings = []string{".json", ".pem", ".key", ".txt", ".yaml", ".yml", ".env", ".csv", ".py", ".ipynb", ".parquet", ".pth", ".pt", ".pkl", ".html", ".com", ".org", ".net", ".io", ".pub", ".cfg", ".ini", ".toml", ".db", ".xml", ".md", ".h5", ".gz", ".zip", ".js", ".git"}

// lookalike reports whether text is something else that is long and odd: a
// path, an address, a date, a hash that says so, public key material.
func lookalike(text []byte) bool {
	for _, p := range []string{"/", "./", "../", "~/", "arn:", "sha256:", "SHA256:", "sha1-", "sha1:", "argon2:", "$argon2", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$1$", "$apr1$", "pbkdf2", "{SHA", "{SSHA", "sha256-", "sha384-", "sha512-", "md5:", "ssh-", "age1", "http:", "https:", "s3:", "gs:", "file:", "pk_live_", "pk_test_", "pk.ey", "phc_", "\\033[", "\\x", "\\u001b[", "os.", "self.", "config.", "settings.", "IPY_MODEL_", "projects/", "vault:", "secret/", "ftjob-", "C:\\"} {
		if bytes.HasPrefix(text, []byte(p)) {
			return !(p == "/" && base64ish(text))
		}
	}
	if bytes.Contains(text, []byte("://")) || bytes.HasPrefix(text, []byte("-----BEGIN")) {
		return true
	}
	if n := len(text); (n == 7 || n == 9) && text[0] == '#' && all(text[1:], hexLow|hexUp|digit) {
		return true // a colour
	}
	if bytes.HasPrefix(text, []byte("rf_")) && len(text) >= 20 && all(text[3:], alnum) {
		return true // Roboflow's publishable key
	}
	for _, e := range fileEndings {
		if stem, ok := bytes.CutSuffix(text, []byte(e)); ok && all(stem, word|dash|dot|plusSlash|space|high|digit) {
			return true
		}
	}
	if version(text) || moment(text) || agent(text) || requirement(text) || dotted(text) {
		return true
	}
	if bytes.Contains(text, []byte("=\"")) || bytes.Contains(text, []byte("='")) {
		return true // an attribute, an argument
	}
	if i := run(text, 0, len(text), letter); i > 2 && i < len(text)-1 && text[i] == '(' && all(text[i+1:len(text)-1], digit|punct) && text[len(text)-1] == ')' {
		return true // the type of a column: varchar(255)
	}
	if bytes.HasSuffix(text, []byte("()")) || bytes.Contains(text, []byte("](")) || bytes.Contains(text, []byte("('")) || bytes.Contains(text, []byte("(\"")) {
		return true
	}
	return false
}

// version reports whether text is the version of a package, as lock files have
// it: npm:^3.1.6, 13.0.0-next.8, 1.3.2=r42hc72bb7e_1.
func version(text []byte) bool {
	text = bytes.TrimLeft(bytes.TrimPrefix(text, []byte("npm:")), "^~<>=v")
	for n := 0; n < 3; n++ {
		i := run(text, 0, 6, digit)
		if i == 0 {
			return false
		}
		if text = text[i:]; len(text) == 0 || n == 2 || n == 1 && text[0] == '=' {
			return n > 0 && all(text, word|dot|dash|equals|plusSlash)
		}
		if text[0] != '.' {
			return false
		}
		text = text[1:]
	}
	return false
}

// moment reports whether text begins with a date and a time of day.
func moment(text []byte) bool {
	const form = "0000-00-00T00:00"
	if len(text) < len(form) {
		return false
	}
	for i := range len(form) {
		if b := text[i]; form[i] == '0' && !is(b, digit) || form[i] != '0' && b != form[i] {
			return false
		}
	}
	return true
}

// agent reports whether text is how a program calls itself: my-agent/1.0.
func agent(text []byte) bool {
	name, number, ok := bytes.Cut(text, []byte("/"))
	return ok && len(number) > 2 && all(number, digit|dot) && bytes.IndexByte(number, '.') > 0 && all(name, word|dash)
}

// requirement reports whether text asks for versions of a package, as pip does:
// name>=1.2,<2.
func requirement(text []byte) bool {
	text = bytes.TrimLeft(text, "`(")
	i := run(text, 0, 60, word|dash|dot)
	if i == 0 || !is(text[0], letter) || i+2 >= len(text) || bytes.IndexByte([]byte("<>=!~"), text[i]) < 0 || (text[i] == '!' || text[i] == '~') && text[i+1] != '=' {
		return false
	}
	rest := bytes.TrimLeft(text[i+1:], "=-")
	return bytes.IndexByte(text[i:], '.') > 0 && len(rest) > 0 && is(rest[0], digit) && (text[i] == '<' || text[i] == '>' || text[i+1] == '=')
}

// dotted reports whether text is a name of four or more words with dots, as of a
// class: io.k8s.api.core.v1.SecretList.
func dotted(text []byte) bool {
	if bytes.Count(text, []byte(".")) < 3 || !is(text[0], letter) || !all(text, word|dot) {
		return false
	}
	for rest := text; len(rest) > 0; {
		part, after, _ := bytes.Cut(rest, []byte("."))
		if len(part) == 0 || len(part) > 40 || measure(part).digit > 2 || len(part) > 7 && !allWords(part) {
			return false
		}
		rest = after
	}
	return true
}

// notHex reports whether text is no hexadecimal digest.
func notHex(text []byte) bool { return !all(text, hexLow|digit) && !all(text, hexUp|digit) }

// base64ish reports whether text that begins with a slash is rather base64
// than a path.
func base64ish(text []byte) bool {
	return len(text) >= 32 && all(text, b64std|equals) && measure(text).random()
}
