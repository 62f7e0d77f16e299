package detect

import "bytes"

// Passwords that people think of: words, phrases, digits. Nothing in their
// letters tells them from a label, so that the place must: a literal in code
// that is given to a name of a password, or an environment variable.

// labels are words that stand where a password does and say something about
// it: what a form asks for, what a column holds, what went wrong.
var labels = words("required optional invalid incorrect missing wrong failed expired forgot reset enter confirm choose change update show hide toggle input field " +
	"string varchar nvarchar character charfield textfield stringtype texttype boolean integer object number numeric binary varbinary nullable " +
	"username user users email account login logon signin signup name names database hostname localhost server client service scope keyvault vault managed " +
	"encrypted encryption decrypted hashed hashing bcrypt scrypt argon plaintext cleartext secure secured security protected masked hidden private public " +
	"authentication authenticate authorization authorized authenticator credential credentials oauth kerberos ldap basic digest bearer interactive " +
	"password passwd passphrase passcode passwort kennwort passe contrasena token secret apikey environment variable default defaults unknown disabled enabled " +
	"column columns label value values text type types setting settings config parameter argument option options none null undefined placeholder sample example " +
	"forward backward training inference completed succeeded finished success failure running lowpass highpass bandpass filter butterworth function lambda " +
	"description documentation characters minimum maximum length strong weak short between cannot should would please your yours with this that must have been " +
	"will when what where which from into the and for are was not but you our their can may has had its his her she they them then than there here these those " +
	"is it in on at to of or if be by as an do no my me we us so up a i must least only never always every each other")

// human reports whether text can be a password that a person thought of, given
// to name.
func (s *scan) human(name []byte, v value, op operator) bool {
	text := v.text
	if len(text) > 80 || placeholder(text) || weakWord(text) || lookalike(text) || sample(name) || dull(bytes.ReplaceAll(text, []byte(" "), nil)) {
		return false
	}
	switch {
	case v.literal && (op == opAssign || op == opColon || op == opComma && s.firstArgument(name, v)):
	case !v.quoted && op == opAssign && v.place == inConfig && v.param == 0 && variableName(name):
	case op != opNear && op != opCall:
		return passphrase(text)
	default:
		return false
	}
	t := measure(text)
	switch {
	case t.digit == t.n:
		return v.quoted && t.n >= 6 && t.n <= 16 && !sequence(text)
	case bytes.IndexByte(text, ' ') >= 0:
		return v.quoted && phrase(text, ' ', 3)
	case bytes.IndexByte(text, '-') > 0:
		return phrase(text, '-', 3)
	}
	if t.n < 8 || t.n > 32 || t.lower+t.upper < t.n || t.upper > 1 || t.upper == 1 && !is(text[0], upper) {
		return false
	}
	return !label(text)
}

// passphrase reports whether text is four or more words in lower case between
// hyphens, which few things other than a password are where one is expected.
func passphrase(text []byte) bool {
	return all(text, lower|dash) && phrase(text, '-', 4) && allWords(text)
}

// firstArgument reports whether name is the first argument of a call, and not
// one of the words of a list, when v is what follows it.
func (s *scan) firstArgument(name []byte, v value) bool {
	head := s.text[max(0, v.parts[0].Start-200):v.parts[0].Start]
	i := bytes.LastIndex(head, name)
	if i < 1 {
		return false
	}
	head = bytes.TrimRight(head[:i-1], " \t\r\n")
	return bytes.HasSuffix(head, []byte("("))
}

// variableName reports whether a name is one of the environment's.
func variableName(name []byte) bool { return len(name) >= 4 && all(name, upper|digit|under) }

// aside are words of names whose value is about a password.
var aside = words("column col field label type hint prompt message msg error errors title placeholder help text wrong invalid forgot reset incorrect " +
	"missing weak empty show hide toggle confirm policy rule regex pattern param parameter arg variable var env scope input widget element selector locator id " +
	"forward backward single double first second one two multi next last this low high band test num per bypass train eval")

// sample reports whether a name is of something about a password.
func sample(name []byte) bool {
	var p split
	p.parse(name)
	for i := range p.n {
		if aside[string(p.word(i))] {
			return true
		}
	}
	return false
}

// label reports whether a word says something about a password.
func label(word []byte) bool {
	w := lowered(string(word))
	if labels[w] {
		return true
	}
	var p split
	p.parse(word)
	return p.n == 1 && p.classify() != kindNone
}

// passwordServices are the kinds of passwords, by a word in their names.
var passwordServices = map[string]string{
	"earthdata": "earthdata-password", "edl": "earthdata-password", "mlflow": "mlflow-password", "snowflake": "snowflake-password", "redshift": "redshift-password",
	"neo4j": "neo4j-password", "meteomatics": "meteomatics-password", "oracle": "oracle-password", "smtp": "mail-password", "imap": "mail-password",
	"email": "mail-password", "gmail": "mail-password", "mail": "mail-password", "gbif": "gbif-password",
	"copernicusmarine": "copernicus-marine-password", "cmems": "copernicus-marine-password", "cdse": "copernicus-dataspace-password",
}

// passwordOf returns the rule for a password: of the service that its name
// tells, or the server of a netrc entry.
func (s *scan) passwordOf(p *split, v value) *Rule {
	for i := range p.n {
		if id := passwordServices[string(p.word(i))]; id != "" {
			return s.t.byID[id]
		}
	}
	if len(v.parts) > 0 {
		at := v.parts[0].Start
		if bytes.Contains(s.text[max(0, at-near):at], []byte("urs.earthdata.nasa.gov")) {
			return s.t.byID["earthdata-password"]
		}
	}
	return s.t.byID["generic-password"]
}

// phrase reports whether text is least or more words of letters and digits
// between seps, none of which is a label.
func phrase(text []byte, sep byte, least int) bool {
	n := 0
	for rest := text; len(rest) > 0; n++ {
		word, after, _ := bytes.Cut(rest, []byte{sep})
		if len(word) < 3 || !all(word, alnum) || label(word) || measure(word).digit == len(word) && sep == '-' {
			return false
		}
		rest = after
	}
	return n >= least && len(text) >= 14
}

// sequence reports whether digits are few, in order, or a year.
func sequence(digits []byte) bool {
	var seen [10]bool
	distinct, steps := 0, 0
	for i, b := range digits {
		if !seen[b-'0'] {
			seen[b-'0'] = true
			distinct++
		}
		if i > 0 && (b == digits[i-1]+1 || b == digits[i-1]-1 || b == '0' && digits[i-1] == '9') {
			steps++
		}
	}
	return distinct < 4 || steps*4 >= 3*(len(digits)-1)
}
