package detect

import (
	"bytes"
	"slices"
)

// Calls of functions that no list knows. What a program constructs, connects to
// or logs in to is told by the function's name; whether an argument of it is a
// credential by its form, or by standing behind a user's name.

// verbs begin the names of functions that take a credential.
var verbs = words("login signin logon connect authenticate authorize auth init initialize configure setup register activate sign acquire account credential credentials apikey")

// clients are words in the names of what takes a credential.
var clients = words("client api auth token key apikey credential credentials session service connection connector connect manager sdk bot gateway provider account hub " +
	"login authenticate authentication authenticator authorize configure rest basic wrapper sftp ftp ssh smtp imap smb ldap webdav database dbapi portal github gitlab bitbucket jira confluence salesforce register init setup signin logon sign acquire")

// publicThings are words in the names of what takes an id, a digest or a public
// key, and of what reads or shows text.
var publicThings = words("id ids uuid guid object hash digest md5 sha sha1 sha256 checksum signature address contract wallet public pub pubkey verify path file folder dir " +
	"document doc image video youtube playlist channel track album sheet spreadsheet worksheet node tx transaction block dataset model run artifact experiment job task cid " +
	"molecule smiles mol seq sequence dna rna protein peptide regex pattern version commit revision checkpoint url uri http request response event message msg text string str " +
	"token2 tokenizer vocab label title print log logger error exception warning markdown html display latex label2 column field query sql date time timestamp decimal number " +
	"color colour marker component css style resource asset tag bucket collection index table view cell page record row study series sample gene accession ticker isin cusip figi book isbn " +
	"paper doi game player team match city place station sensor device route trip map layer tile font icon button input widget var variable placeholder param parameter option enum literal " +
	"share link shared drive colab gist notebook kernel space repo repository project workspace org team2 group user member customer order invoice product item license")

// openArg is a positional argument of a call.
type openArg struct {
	v       value
	literal bool
	bare    []byte // when it is no literal
}

const maxOpenArgs = 6

// openCalls reads the calls of program code.
func (s *scan) openCalls() {
	text := s.text
	for i := 0; ; {
		n := bytes.IndexByte(text[i:], '(')
		if n < 0 {
			return
		}
		at := i + n
		i = at + 1
		if at == 0 || i >= len(text) || !is(text[at-1], word) || !is(text[i], letter|space) && bytes.IndexByte([]byte("\"'("), text[i]) < 0 {
			continue
		}
		if from := runBack(text, at, maxName, word); is(text[from], upper) || handing(text[from:at]) {
			s.openCall(runBack(text, from, maxName, word|dot), at)
		}
	}
}

// handing reports whether a function hands over a credential, by the words of
// its name: connect, req_auth_basic, save_account.
func handing(name []byte) bool {
	for i := 0; i < len(name); {
		end := run(name, i, maxName, lower)
		switch w := name[i:end]; {
		case i == 0 && reading[string(w)]:
			return false
		case verbs[string(w)]:
			return true
		}
		for i = end + 1; i < len(name) && !is(name[i], lower); {
			i++
		}
	}
	return false
}

// openNames reads the literals of program code that are given to a name that is
// only a service's: DEEPGRAM = "x", {"fred": "x"}.
func (s *scan) openNames(sign byte) {
	text := s.text
	for i := 0; ; {
		n := bytes.IndexByte(text[i:], sign)
		if n < 0 {
			return
		}
		at := i + n
		i = at + 1
		open := i
		for open < len(text) && text[open] == ' ' {
			open++
		}
		if at < 2 || open+22 > len(text) || text[open] != '"' && text[open] != '\'' || !is(text[open+1], alnum) {
			continue
		}
		end := at
		for end > 0 && bytes.IndexByte([]byte(" \"']"), text[end-1]) >= 0 {
			end--
		}
		from := runBack(text, end, 40, word)
		stop := run(text, open+1, 200, b64url)
		if end-from < 3 || stop-open < 21 || stop >= len(text) || text[stop] != text[open] {
			continue
		}
		s.openName(text[from:end], open+1, stop)
	}
}

// besides are words that may stand beside a service's in such a name.
var besides = words("my our the prod dev test live new old main default personal lab ai io")

// openName judges the literal [from,to) that was given to name.
func (s *scan) openName(name []byte, from, to int) {
	var p split
	p.parse(name)
	var rule *Rule
	text := s.text[from:to]
	for i := range p.n {
		w := p.word(i)
		if besides[string(w)] || all(w, digit) {
			continue
		}
		of := s.t.services[string(w)]
		if of == nil {
			return
		}
		if r := matchService(of, text); r != nil {
			rule = r
		}
	}
	if t := measure(text); rule == nil || t.digit == 0 || t.score > 0.2 || p.n > 1 && uuid(text) || placeholder(text) || lookalike(text) {
		return
	}
	s.add(candidate{rule: rule, rank: rankCall, parts: []Span{{from, to}}, name: string(name), preview: "…"})
}

// openCall judges the arguments of the call whose name is [from,at).
func (s *scan) openCall(from, at int) {
	text := s.text
	name := text[from:at]
	last := name[bytes.LastIndexByte(name, '.')+1:]
	if len(last) == 0 || bytes.HasSuffix(text[:from], []byte("def ")) || bytes.HasSuffix(text[:from], []byte("class ")) {
		return
	}
	constructed := is(last[0], upper)
	var buf [maxOpenArgs]openArg
	args := s.openArgs(at+1, buf[:0])
	if len(args) == 0 {
		return
	}
	if !slices.ContainsFunc(args, func(a openArg) bool { return a.literal && len(a.v.text) >= 8 }) {
		return
	}
	var p split
	p.parse(last)
	client, public := !constructed, false
	for i := range p.n {
		w := p.word(i)
		public = public || publicThings[string(w)]
		client = client || clients[string(w)] || s.t.services[string(w)] != nil
	}
	p.parse(name)
	if public && constructed {
		if v := args[0].v; args[0].literal && notHex(v.text) && !uuid(v.text) {
			s.openService(&p, name, v)
		}
		if len(args) < 2 || !args[1].literal || !address(args[0]) || !bytes.Contains(args[0].v.text, []byte("api")) || !notHex(args[1].v.text) || uuid(args[1].v.text) {
			return
		}
		args, client = args[:2], true
	}
	token := false // whether the argument before was one
	for k, a := range args {
		if a.literal {
			before := token
			token = s.openToken(&p, name, a.v, client || k > 0 && address(args[k-1]))
			if before && !token && len(a.v.text) >= 16 && all(a.v.text, hexLow|digit) && measure(a.v.text).random() && !dull(a.v.text) {
				s.add(candidate{rule: s.t.byID["generic-secret"], rank: rankCall, parts: a.v.parts, name: string(name), preview: "…"})
			}
		}
		if k > 0 && a.literal && (client || args[k-1].literal && bytes.IndexByte(args[k-1].v.text, '@') > 0) {
			port := k > 1 && all(args[k-2].bare, digit) && len(args[k-2].bare) > 1
			s.openPassword(name, args[k-1], a.v, port || k == 1 && len(args) == 2 && (p.index("api") >= 0 || p.index("password") >= 0 || p.index("username") >= 0 || p.index("credentials") >= 0 || args[0].literal && knownUser(args[0].v.text)))
		}
	}
}

// address reports whether an argument is the address of a server.
func address(a openArg) bool {
	return a.literal && (bytes.HasPrefix(a.v.text, []byte("https://")) || bytes.HasPrefix(a.v.text, []byte("http://")))
}

// openArgs reads the positional arguments that begin at i, and those in a
// tuple of them.
func (s *scan) openArgs(i int, args []openArg) []openArg {
	text := s.text
	limit := min(len(text), i+600)
	for len(args) < maxOpenArgs {
		i = run(text, i, 120, space)
		for i < limit && (text[i] == '(' || text[i] == '[') {
			i++
		}
		if i >= limit {
			return args
		}
		if next, wrapped := unwrap(text, i); wrapped {
			i = next
		} else if next, coding := encodedBy(text, i); coding != nil {
			i = next
		}
		var after int
		if _, _, quoted := quoteAt(text, i); quoted {
			v, next, ok := s.literals(i, true)
			if !ok {
				return args
			}
			after = run(text, next, 120, space)
			if after >= len(text) || text[after] != ',' && text[after] != ')' && text[after] != ']' && text[after] != '.' {
				return args
			}
			args = append(args, openArg{v: v, literal: true})
		} else {
			end := run(text, i, 80, word|dot)
			after = run(text, end, 80, space)
			if end == i || after >= limit || text[after] != ',' {
				return args
			}
			args = append(args, openArg{bare: text[i:end]})
		}
		if text[after] != ',' {
			return args
		}
		i = after + 1
	}
	return args
}

// openToken judges an argument that a machine made, and reports whether it did.
func (s *scan) openToken(p *split, name []byte, v value, client bool) bool {
	text := v.text
	if len(text) < 20 || len(text) > 300 {
		return false
	}
	if (client || !uuid(text)) && s.openService(p, name, v) {
		return true
	}
	if !all(text, b64std|b64url|dot|equals) || len(text) == 42 && bytes.HasPrefix(text, []byte("0x")) {
		return false
	}
	t := measure(text)
	if t.digit < 2 || 4*t.digit > 3*t.n || bytes.IndexByte(text, '.') >= 0 || bytes.IndexByte(text, '/') >= 0 && (len(text) < 40 || bytes.IndexByte(text, '_') >= 0) || !believable(kindKey, text, v, opCall, true) || uuid(text) {
		return false
	}
	if !client && (t.hex || t.lower == 0 || t.upper == 0 || t.digit < 3 || !all(text, b64url)) {
		return false
	}
	s.add(candidate{rule: s.t.byID["generic-api-key"], rank: rankCall, parts: v.parts, name: string(name), preview: "…"})
	return true
}

// openService judges an argument by the service of which the call speaks, and
// reports whether it has the form of the service's credentials.
func (s *scan) openService(p *split, name []byte, v value) bool {
	rule := s.service(p, v, v.text)
	if rule == nil || lookalike(v.text) {
		return false
	}
	s.add(candidate{rule: rule, rank: rankNamed, parts: v.parts, name: string(name), preview: "…"})
	return true
}

// openPassword judges an argument behind a user's name; sure says that the order
// of the arguments tells that it is one.
func (s *scan) openPassword(name []byte, before openArg, v value, sure bool) {
	text := v.text
	if !before.literal || !userLike(before.v.text) || len(text) < 8 || bytes.ContainsAny(text, "/:\\ ") {
		return
	}
	t := measure(text)
	strong := t.digit > 1 && t.n >= 10 && t.random() || t.digit > 0 && t.lower > 0 && t.upper > 0 || t.other > 0 && t.digit > 0 && !all(text, word|dot) && bytes.IndexByte(text, '.') < 0
	if !strong && !passphrase(text) && (t.digit < 2 || !sure && !knownUser(before.v.text)) {
		return
	}
	op := opComma
	if sure || bytes.IndexByte(before.v.text, '@') > 0 {
		op = opAssign
	}
	if !passphrase(text) && !believable(kindPassword, text, v, op, true) {
		return
	}
	s.add(candidate{rule: s.t.byID["generic-password"], rank: rankCall, parts: v.parts, name: string(name), preview: "…"})
}

// knownUser reports whether text is an address, or a name that many systems
// give to a user.
func knownUser(text []byte) bool {
	return bytes.IndexByte(text, '@') > 0 || commonUsers[lowered(string(text))]
}

var commonUsers = words("admin administrator root user postgres sa system scott dbadmin sysadmin guest analyst reader readonly neo4j elastic")

// userLike reports whether text can be a user's name, and is no host's.
func userLike(text []byte) bool {
	if len(text) > 8 && text[0] == '+' && all(text[1:], digit) {
		return true // a telephone's number
	}
	if len(text) < 1 || len(text) > 60 || !is(text[0], letter) && text[0] != '_' {
		return false
	}
	if bytes.IndexByte(text, '@') > 0 {
		return all(text, word|dot|dash|plusSlash|punct) && bytes.IndexByte(text, '/') < 0
	}
	if bytes.HasPrefix(text, []byte("cn=")) || bytes.HasPrefix(text, []byte("uid=")) {
		return true
	}
	user := text
	if i := bytes.LastIndexByte(text, '\\'); i >= 0 {
		user = text[i+1:]
	}
	return all(user, word|dot|dash) && bytes.Count(user, []byte(".")) < 2 && lowered(string(user)) != "localhost"
}
