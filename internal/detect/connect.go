package detect

import "bytes"

// placeKeywords are literals at which credentials stand in a place of their
// own: connection strings, commands, headers.
var placeKeywords = []struct {
	text string
	do   func(s *scan, a *action, start, end int)
}{
	{"@tcp(", readGoDSN},
	{"@unix(", readGoDSN},
	{"connect(", readOracle},
	{"create_pool(", readOracle},
	{"sqlplus ", readOracle},
	{"sqlldr ", readOracle},
	{":1521/", readOraclePort},
	{"base64 -d", readUnbase64},
	{"base64 --decode", readUnbase64},
	{"sudo -s", readPiped},
	{"kinit", readPiped},
	{"--password-stdin", readPiped},
	{"--passphrase-fd", readPiped},
	{"chpasswd", readPiped},
	{"passwd --stdin", readPiped},
	{"cryptsetup", readPiped},
	{"redis-cli ", readArgument},
	{"openssl ", readArgument},
	{"htpasswd -", readArgument},
	{"net use ", readArgument},
	{"cookie", readCookie},
	{"mc alias set ", readArgument},
	{"http-basic.", readArgument},
	{"\"keyname\":", readKeyList},
	{"sessionid", readSession},
	{"phpsessid", readSession},
	{"convertto-securestring ", readSecureString},
	{"b64encode(", readEncoder},
	{"infura.io/v3/", readPathToken},
	{"infura.io/ws/v3/", readPathToken},
	{"alchemy.com/v2/", readPathToken},
	{"alchemyapi.io/v2/", readPathToken},
	{"conda.anaconda.org/t/", readPathToken},
	{"/api/area/csv/", readPathToken},
	{"discord", readDiscord},
	{"akia", readKeyPair},
	{"asia", readKeyPair},
	{"mnemonic", readMnemonic},
	{"seed_phrase", readMnemonic},
	{"seedphrase", readMnemonic},
	{"seed phrase", readMnemonic},
	{"wallet_seed", readMnemonic},
	{"seed_words", readMnemonic},
	{"recovery_phrase", readMnemonic},
	{"recovery phrase", readMnemonic},
	{"pragma key", readPragma},
}

// readGoDSN handles user:password@tcp(host:port)/database of Go's MySQL driver.
func readGoDSN(s *scan, _ *action, start, _ int) {
	from := start
	for from > 0 && start-from < 200 && !is(s.text[from-1], space) && bytes.IndexByte([]byte("\"'`="), s.text[from-1]) < 0 {
		from--
	}
	colon := bytes.IndexByte(s.text[from:start], ':')
	if colon <= 0 {
		return
	}
	from += colon + 1
	if text := s.text[from:start]; len(text) < 3 || placeholder(text) || weakWord(text) || text[0] == '%' {
		return
	}
	s.add(candidate{rule: s.t.byID["mysql-url"], rank: rankURL, parts: []Span{{from, start}}, preview: "…"})
}

// readOracle handles user/password@host as the first argument of a call or a
// command.
func readOracle(s *scan, _ *action, _, end int) {
	i := run(s.text, end, 8, space)
	if i < len(s.text) && (s.text[i] == '"' || s.text[i] == '\'') {
		i++
	}
	slash := run(s.text, i, 40, word|dash|dot)
	if slash == i || slash >= len(s.text) || s.text[slash] != '/' {
		return
	}
	from := slash + 1
	stop := from
	for stop < len(s.text) && stop-from < 100 && !is(s.text[stop], space) && bytes.IndexByte([]byte("@/\"'`"), s.text[stop]) < 0 {
		stop++
	}
	if stop >= len(s.text) || s.text[stop] != '@' {
		return
	}
	s.passwordAs("oracle-password", from, stop, "")
}

// readOraclePort handles user/password@host:1521/service, of which the port tells
// whose it is.
func readOraclePort(s *scan, _ *action, start, _ int) {
	text := s.text
	at := runBack(text, start, 100, word|dash|dot)
	for at > 0 && text[at-1] == '/' {
		at--
	}
	if at == 0 || text[at-1] != '@' {
		return
	}
	at--
	from := at
	for from > 0 && at-from < 100 && !is(text[from-1], space) && bytes.IndexByte([]byte("/\"'`"), text[from-1]) < 0 {
		from--
	}
	if from > 1 && text[from-1] == '/' && is(text[from-2], word) {
		s.passwordAs("oracle-password", from, at, s.nameBefore(runBack(text, from-1, 40, word|dash|dot)))
	}
}

// readPiped handles a password that echo or printf sends to a command:
// echo x | sudo -S, echo x | docker login --password-stdin.
func readPiped(s *scan, _ *action, start, end int) {
	if fold(s.text[end-1]) == 's' && s.text[end-1] != 'S' && s.text[end-2] == '-' {
		return
	}
	from, to, ok := s.piped(start)
	if !ok {
		s.hereString(end)
		return
	}
	if colon := bytes.IndexByte(s.text[from:max(from, to)], ':'); colon > 0 && bytes.HasPrefix(s.text[start:], []byte("chpasswd")) {
		from += colon + 1
	}
	if to-from < 6 || to-from > 100 || bytes.IndexByte(s.text[from:to], ' ') >= 0 {
		return
	}
	s.password(from, to, "echo")
}

// piped returns what echo or printf sends to the command at i.
func (s *scan) piped(i int) (from, to int, ok bool) {
	line := s.lineStart(i)
	head := s.text[line:i]
	bar := bytes.LastIndexByte(head, '|')
	if bar < 0 {
		return 0, 0, false
	}
	echo := bytes.LastIndex(head[:bar], []byte("echo "))
	if echo < 0 {
		if echo = bytes.LastIndex(head[:bar], []byte("printf ")); echo < 0 {
			return 0, 0, false
		}
		echo += 2
	}
	from = line + echo + len("echo ")
	from = run(s.text, from, 4, space)
	for from+1 < len(s.text) && s.text[from] == '-' && is(s.text[from+1], letter) {
		from = run(s.text, run(s.text, from+1, 4, letter), 4, space)
	}
	to = line + bar
	for to > from && is(s.text[to-1], space) {
		to--
	}
	if to-from > 2 && (s.text[from] == '"' || s.text[from] == '\'') && s.text[to-1] == s.text[from] {
		from, to = from+1, to-1
	}
	return from, to, from < to
}

// hereString handles a password that the shell gives to a command: kinit <<< "x".
func (s *scan) hereString(end int) {
	line := s.text[end:min(len(s.text), end+200)]
	if nl := bytes.IndexByte(line, '\n'); nl >= 0 {
		line = line[:nl]
	}
	if i := bytes.Index(line, []byte("<<<")); i >= 0 {
		s.argumentOf(skipBlank(s.text, end+i+len("<<<")))
	}
}

// readUnbase64 handles what a command line decodes: echo x | base64 -d.
func readUnbase64(s *scan, _ *action, start, _ int) {
	from, to, ok := s.piped(start)
	if !ok {
		return
	}
	plain, ok := decoded(s.text[from:to])
	if !ok || placeholder(plain) {
		return
	}
	plain = bytes.TrimRight(plain, "\r\n")
	if t := measure(plain); believable(kindPassword, plain, value{quoted: true}, opIs, true) && (t.random() || t.other > 0 && t.digit > 0) {
		s.add(candidate{rule: s.t.byID["generic-secret"], rank: rankGeneric, parts: []Span{{from, to}}, name: "base64", preview: "…"})
	}
}

// readPathToken handles an address whose path ends in, or goes on after, a key
// of the service.
func readPathToken(s *scan, _ *action, _, end int) {
	stop := run(s.text, end, 100, b64url)
	token := s.text[end:stop]
	if placeholder(token) || measure(token).digit < 4 {
		return
	}
	if r := s.vicinity(end, token); r != nil {
		s.add(candidate{rule: r, rank: rankURL, parts: []Span{{end, stop}}, name: s.nameBefore(bytesBefore(s.text, end)), preview: "…"})
	}
}

// readSession handles a cookie whose name says that it is a session's, also
// where nothing speaks of cookies.
func readSession(s *scan, _ *action, start, end int) {
	i := end
	for i < len(s.text) && i-end < 6 && bytes.IndexByte([]byte("\"'\\ "), s.text[i]) >= 0 {
		i++
	}
	if i >= len(s.text) || s.text[i] != '=' && s.text[i] != ':' {
		return
	}
	i++
	for i < len(s.text) && i-end < 12 && bytes.IndexByte([]byte("\"'\\ "), s.text[i]) >= 0 {
		i++
	}
	from := runBack(s.text, start, 20, word)
	s.cookie(s.text[from:end], i, run(s.text, i, 400, b64std|b64url|dot|tilde|equals|percent))
}

// readKeyList handles the keys of a storage account as Azure's command line
// lists them: {"keyName": "key1", …, "value": "x"}.
func readKeyList(s *scan, _ *action, _, end int) {
	const label = "\"value\": \""
	window := s.text[end:min(len(s.text), end+200)]
	i := bytes.Index(window, []byte(label))
	if brace := bytes.IndexByte(window, '}'); i < 0 || brace >= 0 && brace < i {
		return
	}
	from := end + i + len(label)
	to := run(s.text, from, 100, b64std|equals)
	if to-from == 88 && !dull(s.text[from:to]) {
		s.add(candidate{rule: s.t.byID["azure-storage-key"], rank: rankNamed, parts: []Span{{from, to}}, name: "value", preview: "…"})
	}
}

// readSecureString handles PowerShell's ConvertTo-SecureString "x" -AsPlainText.
func readSecureString(s *scan, _ *action, _, end int) {
	i := skipBlank(s.text, end)
	if rest := s.text[i:]; bytes.HasPrefix(rest, []byte("-String ")) {
		i = skipBlank(s.text, i+len("-String "))
	}
	if i < len(s.text) && (s.text[i] == '"' || s.text[i] == '\'') {
		s.argumentOf(i)
	}
}

// readEncoder handles b64encode(b"user:password") where a header for basic
// authentication is made.
func readEncoder(s *scan, _ *action, start, end int) {
	i := end
	if next, wrapped := unwrap(s.text, i); wrapped {
		i = next
	}
	v, next, ok := s.literals(i, true)
	if !ok || len(v.parts) != 1 {
		return
	}
	colon := bytes.IndexByte(v.text, ':')
	around := bytes.ToLower(s.text[max(0, start-120):min(len(s.text), next+120)])
	if colon < 1 || !all(v.text[:colon], word|dot|dash|punct) || !bytes.Contains(around, []byte("basic")) {
		return
	}
	s.password(v.parts[0].Start+colon+1, v.parts[0].End, "b64encode")
}

// readArgument handles commands with a password in a place that no name tells.
func readArgument(s *scan, _ *action, start, end int) {
	stop := bytes.IndexByte(s.text[end:min(len(s.text), end+400)], '\n')
	if stop < 0 {
		stop = min(len(s.text), end+400) - end
	}
	rest := s.text[end : end+stop]
	switch fold(s.text[start]) {
	case 'r': // redis-cli -a x
		s.flagged(rest, end, " -a ")
	case 'o': // openssl enc -k x
		s.flagged(rest, end, " -k ")
		s.flagged(rest, end, " pass:")
	case 'h': // htpasswd -b file user x; poetry config http-basic.x user y
		if s.text[end-1] == '.' {
			s.nth(rest, end, 2)
			return
		}
		if i := bytes.IndexByte(rest, ' '); i > 0 && bytes.IndexByte(rest[:i], 'b') >= 0 {
			s.nth(rest, end, 3)
		}
	case 'm': // mc alias set x https://host id secret
		s.nth(rest, end, 3)
	case 'n': // net use X: \\host\share /user:bob x
		for i := 0; i+6 <= len(rest); i++ {
			if rest[i] == '/' && bytes.EqualFold(rest[i:i+6], []byte("/user:")) {
				s.nth(rest[i:], end+i, 1)
				return
			}
		}
	}
}

// flagged judges the argument after a flag in rest, which begins at base.
func (s *scan) flagged(rest []byte, base int, flag string) {
	i := bytes.Index(append([]byte(" "), rest...), []byte(flag))
	if i < 0 {
		return
	}
	s.argumentOf(base + i - 1 + len(flag))
}

// nth judges the n-th argument of rest, counted from 0.
func (s *scan) nth(rest []byte, base, n int) {
	at := 0
	for ; n > 0; n-- {
		i := bytes.IndexByte(rest[at:], ' ')
		if i < 0 {
			return
		}
		at = run(rest, at+i, 8, space)
	}
	s.argumentOf(base + at)
}

// argumentOf judges the argument of a command that begins at i as a password.
func (s *scan) argumentOf(i int) {
	text := s.text
	if i < len(text) && (text[i] == '"' || text[i] == '\'') {
		if v, _, ok := s.literals(i, false); ok {
			s.password(v.parts[0].Start, v.parts[0].End, "")
		}
		return
	}
	stop := i
	for stop < len(text) && stop-i < 200 && !is(text[stop], space) && text[stop] != '"' && text[stop] != '\'' {
		stop++
	}
	s.password(i, stop, "")
}

// sessions are the words of cookies that log their bearer in.
var sessions = words("session sessionid sessid sess sid jsessionid phpsessid auth jwt login remember connect")

// readCookie handles cookies in headers and in the arguments of HTTP clients:
// Set-Cookie: session=x; cookies={"sessionid": "x"}.
func readCookie(s *scan, _ *action, start, end int) {
	text := s.text
	if start < s.layout.cookies {
		return
	}
	i := end
	defer func() { s.layout.cookies = i }()
	if i < len(text) && fold(text[i]) == 's' {
		i++
	}
	limit := min(len(text), i+12)
	for i < limit && bytes.IndexByte([]byte("\"'`\\]:= {(,"), text[i]) >= 0 {
		i++
	}
	if i == end {
		return
	}
	for range 20 {
		from := i
		i = run(text, i, maxName, word|dash|dot)
		if i == from {
			return
		}
		name := text[from:i]
		for i < len(text) && bytes.IndexByte([]byte("\"'\\ "), text[i]) >= 0 {
			i++
		}
		if i >= len(text) || text[i] != '=' && text[i] != ':' {
			return
		}
		i++
		for i < len(text) && bytes.IndexByte([]byte("\"'\\ "), text[i]) >= 0 {
			i++
		}
		at := i
		i = run(text, i, maxValue, b64std|b64url|dot|tilde|equals|percent|punct&^space)
		for i > at && bytes.IndexByte([]byte(",;"), text[i-1]) >= 0 {
			i--
		}
		s.cookie(name, at, i)
		for i < len(text) && bytes.IndexByte([]byte("\"'\\;, "), text[i]) >= 0 {
			i++
		}
	}
}

// cookie judges one cookie.
func (s *scan) cookie(name []byte, from, to int) {
	var p split
	p.parse(name)
	known := false
	for k := range p.n {
		known = known || sessions[string(p.word(k))]
	}
	text := s.text[from:to]
	if !known || len(text) < 20 || placeholder(text) || lookalike(text) {
		return
	}
	if t := measure(text); t.digit == 0 || !t.random() || ordinary(text, t) {
		return
	}
	s.add(candidate{rule: s.t.byID["session-cookie"], rank: rankNamed, parts: []Span{{from, to}}, name: string(name), preview: "…"})
}

// readDiscord looks for bot tokens in a text that speaks of Discord: a user's
// number in base64, a time, a signature.
func readDiscord(s *scan, _ *action, start, end int) {
	const reach = 4096
	from, to := max(s.layout.searched, start-reach), min(len(s.text), end+reach)
	if from >= to {
		return
	}
	if s.allowance -= to - from; s.allowance < 0 {
		return
	}
	s.layout.searched = to
	for at := from; at < to; {
		d := bytes.IndexByte(s.text[at:to], '.')
		if d < 0 {
			return
		}
		at += d + 1
		begin := runBack(s.text, at-1, 30, b64url)
		stop := run(s.text, at, 50, b64url|dot)
		if token := s.text[begin:stop]; discordToken(token) {
			s.add(candidate{rule: s.t.byID["discord-bot-token"], rank: rankShape, parts: []Span{{begin, stop}}, name: s.nameBefore(begin), preview: "…"})
		}
	}
}

var discordShape = parseShape("{u:24-28}.{u:6}.{u:27-38}")

// discordToken reports whether text has the form of a bot token; its first
// part is a number.
func discordToken(text []byte) bool {
	if !discordShape.whole(text) {
		return false
	}
	id, ok := decoded(text[:bytes.IndexByte(text, '.')])
	return ok && len(id) >= 17 && all(id, digit)
}

// braceEnd returns where the braces at i close that ODBC wants around a
// password with a semicolon; 0 when they are none, or a template's field.
func braceEnd(text []byte, i int) int {
	if i >= len(text) || text[i] != '{' {
		return 0
	}
	n := bytes.IndexByte(text[i:min(len(text), i+120)], '}')
	if n < 0 || i+n+1 < len(text) && text[i+n+1] == '}' {
		return 0
	}
	if body := text[i+1 : i+n]; len(body) < 6 || all(body, word|dot) && !jumbled(body, measure(body)) && (measure(body).digit == 0 || measure(body).digit == 1 && measure(body).score > -0.25) || bytes.ContainsAny(body, "\"'[({\n") {
		return 0
	}
	return i + n
}
