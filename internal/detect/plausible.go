package detect

import (
	"bytes"
	"unicode/utf8"
)

// traits are what the letters of a value say about it.
type traits struct {
	n                          int
	lower, upper, digit, other int
	score                      float64 // how much it reads like words; below 0 it does not
	hex                        bool
	hexRun                     int // longest run of hex with digits and letters
}

func measure(b []byte) (t traits) {
	t.n = len(b)
	t.hex = true
	sum, run, kinds := 0, 0, 0
	for i, c := range b {
		switch {
		case is(c, digit):
			kinds |= 1
			run++
		case is(c, hexLow|hexUp):
			kinds |= 2
			run++
		default:
			run, kinds = 0, 0
		}
		if kinds == 3 {
			t.hexRun = max(t.hexRun, run)
		}
		switch {
		case is(c, lower):
			t.lower++
		case is(c, upper):
			t.upper++
		case is(c, digit):
			t.digit++
		default:
			t.other++
		}
		if !is(c, hexLow|hexUp|digit) {
			t.hex = false
		}
		if i == 0 {
			continue
		}
		p := b[i-1]
		switch {
		case is(p, letter) && is(c, letter):
			if is(p, lower) && is(c, upper) {
				break
			}
			sum += int(bigrams[int(fold(p)-'a')*26+int(fold(c)-'a')]-'0') - 5
		case is(p, letter) && is(c, digit) || is(p, digit) && is(c, letter):
			sum--
		}
	}
	t.score = float64(sum) / float64(max(1, t.n-1))
	return t
}

// random reports whether b looks made by a machine.
func (t traits) random() bool {
	switch {
	case t.lower+t.upper == 0:
		return false
	case t.hexRun >= 16:
		return true
	case t.digit == 0 && t.other == 0 && (t.lower == 0 || t.upper == 0):
		return t.n >= 16 && t.score < -0.6
	case t.digit >= 2 && t.lower > 0 && t.upper > 0:
		return t.score < 0.1
	}
	return t.score < -0.25
}

// believable reports whether text can be a credential of kind k.
func believable(k kind, text []byte, v value, op operator, compound bool) bool {
	if len(text) < 6 || len(text) > 2048 || placeholder(text) || lookalike(text) || !readable(text) || variableOf(text) {
		return false
	}
	t := measure(text)
	if !v.quoted && (reference(text) || subscript(text) || bytes.IndexByte([]byte("{[(*"), text[0]) >= 0) || k == kindHeader && t.digit == 0 {
		return false
	}
	if op == opNear {
		if k == kindPassword || len(text) < 20 || t.digit < 2 || !t.random() {
			return false
		}
		return t.lower > 0 && t.upper > 0 && all(text, alnum|dash|under) || compound && len(text) >= 32 && all(text, b64std|dash|under|equals) && !uuid(text)
	}
	loose := op == opIs || op == opSpace || op == opTag || op == opCall || !v.quoted && v.place == inText
	switch k {
	case kindPassword:
		return passwordLike(text, t, op, loose, v)
	case kindSecret:
		if len(text) < 8 || bytes.IndexByte(text, ' ') >= 0 || t.lower == t.n {
			return false
		}
		if expression(text, v) && !t.random() {
			return false
		}
		if len(text) >= 16 && t.random() {
			return true
		}
		if v.quoted && t.digit >= 2 && t.other+t.upper > 0 && bytes.IndexByte(text, '/') < 0 && passwordLike(text, t, op, loose, v) {
			return true
		}
		return !loose && t.digit > 0 && t.lower+t.upper > 0 && !ordinary(text, t)
	case kindToken, kindKey, kindHeader:
		least := 16
		if k == kindKey {
			least = 12
		}
		if k == kindToken && bytes.HasPrefix(text, []byte("0x")) {
			return false // the address of a token on a blockchain
		}
		return len(text) >= least && all(text, b64std|b64url|dot|equals|tilde|percent|punct) && !ordinary(text, t) && (t.random() || uuid(text)) && (v.quoted || !expression(text, v) || len(text) >= 20 && t.score < -0.3)
	case kindWeakKey:
		least := 20
		if compound && v.quoted && !loose {
			least = 16
		}
		if len(text) < least || !all(text, b64std|b64url|dot|equals|tilde) || ordinary(text, t) || !t.random() {
			return false
		}
		if t.hex || uuid(text) {
			return v.param != 0 && len(text) >= 32 || compound && !uuid(text) && !loose && len(text) >= 32
		}
		if compound && !loose && t.digit >= 3 && all(text, alnum) && (len(text) >= 24 || t.lower == 0) {
			return true
		}
		return t.digit > 0 && t.lower > 0 && t.upper > 0 && !bytes.ContainsAny(text, "/.")
	}
	return false
}

// readable reports whether text is of letters a person can see; a few may be
// in another encoding than UTF-8.
func readable(text []byte) bool {
	strange := 0
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r < ' ' && !is(text[i], space) || r == 0x7f {
			return false
		}
		if r == utf8.RuneError && n == 1 {
			strange++
		}
		i += n
	}
	return strange*4 <= len(text)
}

// variableOf reports whether text is the name of the environment variable that
// holds a credential: ALGOSEEK_KEY.
func variableOf(text []byte) bool {
	if !all(text, upper|digit|under) || bytes.IndexByte(text, '_') < 1 {
		return false
	}
	var p split
	p.parse(text)
	for i := range p.n {
		if isCredential(p.word(i)) {
			return true
		}
	}
	return false
}

// names reports whether text as a name would be a credential's.
func names(text []byte) bool {
	var p split
	p.parse(text)
	return p.n > 0 && p.classify() != kindNone
}

// reference reports whether text without quotes reads an attribute that is
// called like a credential, r.url.password, or gives it a value, a.password=.
func reference(text []byte) bool {
	if text[0] == '&' && all(text[1:], lower|under) || text[0] == '$' && bytes.Contains(text, []byte("->")) {
		return true // of C, of Perl
	}
	if i := bytes.IndexByte(text, '='); i > 0 && i+1 < len(text) && all(text[:i], word) {
		text = text[i+1:] // a chain of assignments
	}
	end := run(text, 0, len(text), word|dot|dash)
	dot := bytes.LastIndexByte(text[:end], '.')
	if dot > 0 && is(text[0], letter|under) && (end == len(text) || !is(text[end], alnum)) && all(text[dot+1:end], letter|under) && names(text[dot+1:end]) {
		return true
	}
	return dot > 0 && end == len(text)-1 && text[end] == '='
}

// passwordLike reports whether text can be a person's password.
func passwordLike(text []byte, t traits, op operator, loose bool, v value) bool {
	if bytes.IndexByte(text, ' ') >= 0 {
		return appPassword(text) && v.quoted
	}
	if mailAddress(text) {
		return false
	}
	letters := t.lower + t.upper
	if letters == 0 {
		return t.n >= 10 && !loose && v.quoted && t.digit > 0 && t.other > 0
	}
	if weakWord(text) || expression(text, v) && !t.random() && (t.digit == 0 || t.upper == 0 || bytes.ContainsAny(text, ".[(_")) {
		return false
	}
	if loose && t.other > 0 && all(text, letter|high) {
		return false // a word with an accent
	}
	mixed := t.digit > 0 || bytes.ContainsAny(text, "@#&+=?!*$%^~") || t.other > 0 && !allWords(text)
	if t.n >= 10 && t.digit == 0 && t.score < -0.6 {
		mixed = true
	}
	if loose {
		if jumbled(text, t) && (t.score < -0.25 || op == opTag || op == opColon || op == opAssign) {
			return true
		}
		return mixed && t.n >= 7 && (t.digit > 0 || t.score < -0.6 || t.upper > 2 && t.lower > 2 && t.random() || bytes.ContainsAny(text, "@#&+=?!*$%^"))
	}
	if !mixed && (v.quoted || v.place == inConfig) && jumbled(text, t) {
		return true
	}
	if !mixed {
		return t.n >= 14 && v.quoted && t.other == 0 && t.upper > 0 && t.score < 0
	}
	// an identifier in a list of names
	if op == opComma && all(text, word) && t.score > -0.2 && names(text) {
		return false
	}
	return op != opComma || !all(text, word) || bytes.IndexByte(text[:t.n-1], '_') < 0 || t.score < 0
}

// mailDomains end the addresses that stand where a password does.
var mailDomains = []string{".com", ".org", ".net", ".edu", ".gov", ".io", ".de", ".fr", ".uk", ".ch", ".nl", ".it", ".es", ".ca", ".au", ".jp", ".in", ".br"}

// mailAddress reports whether text is an address of mail.
func mailAddress(text []byte) bool {
	at := bytes.IndexByte(text, '@')
	if at < 1 || !all(text[:at], word|dot|dash|plusSlash) || !all(text[at+1:], alnum|dot|dash) {
		return false
	}
	for _, d := range mailDomains {
		if bytes.HasSuffix(text, []byte(d)) {
			return true
		}
	}
	return false
}

// jumbled reports whether text is letters only, whose cases change as they do
// not in words.
func jumbled(text []byte, t traits) bool {
	if t.n < 8 || t.lower+t.upper < t.n || t.upper < 2 || t.lower < 2 {
		return false
	}
	changes := 0
	for i := 1; i < len(text); i++ {
		if is(text[i], upper) != is(text[i-1], upper) {
			changes++
		}
	}
	return changes > 2 && (t.score < -0.25 || 2*changes >= t.n)
}

// subscript reports whether text begins as an indexing or a call does.
func subscript(text []byte) bool {
	i := run(text, 0, len(text), word|dot)
	return i > 0 && i < len(text) && (text[i] == '[' || text[i] == '(') && is(text[0], letter|under) && (i == len(text)-1 || measure(text[:i]).digit == 0)
}

// appPassword reports whether text has the form in which Google shows an
// application's password: four groups of four letters.
func appPassword(text []byte) bool {
	if len(text) != 19 {
		return false
	}
	for i, b := range text {
		if i%5 == 4 && b != ' ' || i%5 != 4 && !is(b, lower) {
			return false
		}
	}
	return !dull(bytes.ReplaceAll(text, []byte(" "), nil))
}

// expression reports whether bare text can be a piece of program code.
func expression(text []byte, v value) bool {
	if v.quoted || v.place != inExpression {
		return false
	}
	return v.param == 0
}

// ordinary reports whether text is words joined by punctuation, with few digits.
func ordinary(text []byte, t traits) bool {
	if t.score > 0.35 {
		return true
	}
	return allWords(text)
}

// allWords reports whether text is two or more readable words.
func allWords(text []byte) bool {
	n := 0
	for i := 0; i < len(text); {
		if !is(text[i], letter) {
			// one digit may end a word: "oauth2"
			if is(text[i], digit) && i > 0 && is(text[i-1], letter) && i+1 < len(text) && is(text[i+1], alnum) {
				return false
			}
			i++
			continue
		}
		end := i + 1
		for end < len(text) && is(text[end], letter) && !(is(text[end-1], lower) && is(text[end], upper)) {
			end++
		}
		if end-i >= 4 && measure(text[i:end]).score < -0.3 {
			return false
		}
		n++
		i = end
	}
	return n > 0 && len(text)/n >= 3
}

// uuid reports whether text is a UUID in its usual form.
func uuid(text []byte) bool {
	return len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' && all(text, hexLow|hexUp|digit|dash)
}

// weakWords are defaults and samples that protect nothing.
var weakWords = words("password passwd pass secret changeme changeit example test testing admin root guest user username default none null true false " +
	"postgres mysql mongo redis minio minioadmin neo4j letmein qwerty hunter2 foobar dummy fake mock string passw0rd p@ssw0rd token apikey demo sample " +
	"undefined required optional hidden redacted placeholder todo anonymous neo4jpassword mypassword yourpassword secretpassword rootpassword adminpassword " +
	"passphrase password1 password123 admin123 test123 secret123 root123 qwerty123 postgrespassword str bytes int bool text value input prompt keyring vault env " +
	"getpass environ nan empty self args kwargs config settings hashed encrypted plaintext varchar nvarchar char " +
	"unicode utf8 ascii enter insert paste airflow superset jupyter hadoop hive oracle sa system manager")

func weakWord(text []byte) bool { return len(text) < 40 && weakWords[lowered(string(text))] }

// sealed are how ciphertexts begin: SOPS, Fernet, Ansible Vault.
var sealed = []string{"ENC[", "gAAAAA", "$ANSIBLE_VAULT", "!vault"}

// variable reports whether what follows a dollar sign is a variable's name or
// the beginning of an expansion.
func variable(rest []byte) bool {
	return len(rest) == 0 || rest[0] == '{' || rest[0] == '(' || all(rest, lower|under) || all(rest, upper|digit|under) && bytes.IndexByte(rest, '_') > 0 || all(rest, letter) && (names(rest) || measure(rest).score > 0.2)
}

// placeholder reports whether text stands for a credential rather than being one.
func placeholder(text []byte) bool {
	n := len(text)
	if n == 0 {
		return true
	}
	first, last := text[0], text[n-1]
	switch {
	case first == '<' && (last == '>' || bytes.IndexByte(text, '>') > 0), first == '[' && last == ']' && !bytes.ContainsAny(text, "0123456789"), first == '{' && last == '}':
		return true
	case first == '$' && variable(text[1:]):
		return true
	case bytes.Contains(text, []byte("${")), bytes.Contains(text, []byte("=$(")), bytes.HasPrefix(text, []byte("&lt;")):
		return true
	case bytes.HasPrefix(text, []byte("«")) && bytes.Contains(text, []byte("»")): // a field to merge
		return true
	case n > 3 && first == last && text[1] == '+' && text[n-2] == '+' && bytes.IndexByte([]byte("`\"'"), first) >= 0: // "…'"+x+"'…"
		return true
	case n > 4 && bytes.HasPrefix(text, []byte("__")) && bytes.HasSuffix(text, []byte("__")):
		return true
	case bytes.Contains(text, []byte("[nbseal:")): // a marker, alone or where a part was
		return true
	case first == '*' && last == '*' && all(text[1:n-1], lower|dash|under): // wget
		return true
	case first == '%' && last == '%' && n > 2, bytes.HasPrefix(text, []byte("%(")), bytes.HasPrefix(text, []byte("{{")):
		return true
	}
	for _, p := range sealed {
		if bytes.HasPrefix(text, []byte(p)) {
			return true
		}
	}
	return braced(text) || dull(text) || sampleWord(text)
}

// braced reports whether a template's field stands in text: {name}, ${NAME}, #{x}.
func braced(text []byte) bool {
	i := bytes.IndexByte(text, '{')
	if i < 0 {
		return false
	}
	j := bytes.IndexByte(text[i:], '}')
	if j < 0 {
		return false
	}
	field := text[i+1 : i+j]
	return all(field, word|dot|space) && !all(field, digit) || i > 0 && text[i-1] == '$' || j == 1 && len(text) <= 12
}

// sampleWords stand in what a reader is meant to replace.
var sampleWords = []string{"your", "example", "changeme", "change_me", "change-me", "placeholder", "insert", "replace", "paste", "fill_in", "fill-in", "fillin",
	"redacted", "removed", "censored", "dummy", "_here", "-here", "todo", "demo_key", "my_api", "my-api", "mykey", "my_key", "my-key", "api_key", "apikey", "api-key",
	"access_key", "secret_key", "_token", "-token", "mysecret", "my_secret", "my-secret", "enter_", "enter-", "put_", "some_", "the_", "goes_", "masked", "obfuscated", "scrubbed", "notreal", "not_a_real", "not-a-real", "foobar", "not-needed", "not_needed", "no-key", "unused", "fakekey", "fake_", "fake-", "deadbeef", "abc123def"}

func sampleWord(text []byte) bool {
	if len(text) > 80 {
		return false
	}
	var buf [80]byte
	b := buf[:copy(buf[:], text)]
	for i := range b {
		b[i] = fold(b[i])
	}
	for _, w := range sampleWords {
		if bytes.Contains(b, []byte(w)) {
			return true
		}
	}
	return false
}

// dull reports whether text has too little in it: one letter over and over, an
// ellipsis, stars, an alphabet or digits in order, a documented example.
func dull(text []byte) bool {
	if len(text) == 0 {
		return true
	}
	var seen [256]bool
	distinct, same, up := 0, 1, 1
	for i, c := range text {
		if !seen[c] {
			seen[c] = true
			distinct++
		}
		if i == 0 {
			continue
		}
		p := text[i-1]
		if c == p {
			same++
		} else {
			same = 1
		}
		if fold(c) == fold(p)+1 && is(c, alnum) || p == '9' && c == '0' {
			up++
		} else {
			up = 1
		}
		if same >= 4 && (c == '*' || c == '.' || fold(c) == 'x' || c == '#' || c == '-') || same >= 8 && c != 'A' && c != '/' || up >= 8 {
			return true
		}
		if c == '.' && same == 3 || same == 3 && c == '*' && len(text) < 24 {
			return true
		}
	}
	if len(text) >= 8 && distinct <= 4 || len(text) >= 16 && distinct <= 5 {
		return true
	}
	return bytes.Contains(text, []byte("EXAMPLE")) || bytes.Contains(text, []byte("…")) || bytes.Contains(text, []byte("•"))
}
