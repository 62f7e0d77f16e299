package detect

import "bytes"

// readURL handles "://": a credential in the user information of a URL.
func readURL(s *scan, _ *action, start, end int) {
	scheme := runBack(s.text, start, 32, alnum|dot|dash|plusSlash)
	if scheme == start {
		return
	}
	limit := min(len(s.text), end+600)
	stop := end
	at, slash, strict := -1, false, webScheme(s.text[scheme:start])
loop:
	for stop < limit {
		switch b := s.text[stop]; b {
		case ' ', '\t', '\n', '\r', '"', '\'', '`', '<', '>', '\\', '|':
			if (b == '<' || b == '>') && !strict && !tagAt(s.text, stop) {
				break // of a password
			}
			break loop
		case '/', '?', '#':
			if strict {
				break loop
			}
			if at >= 0 {
				break loop
			}
			slash = true
		case '@':
			at = stop
		}
		stop++
	}
	if at < 0 {
		if stop < limit && (s.text[stop] == '"' || s.text[stop] == '\'') {
			s.joined(scheme)
		}
		return
	}
	user := s.text[end:at]
	colon := bytes.IndexByte(user, ':')
	if slash && (colon < 0 || bytes.IndexByte(user, '/') >= 0 && bytes.IndexByte(user, '/') < colon) {
		return
	}
	s.userinfo(scheme, start, end, colon, at)
}

// tagAt reports whether a markup tag, or a placeholder in angle brackets,
// begins or ends at i.
func tagAt(text []byte, i int) bool {
	if text[i] == '>' {
		return true
	}
	end := run(text, i+1, 40, word|dash|space|plusSlash)
	return end < len(text) && text[end] == '>'
}

// userinfo judges the part before the "@" of a URL.
func (s *scan) userinfo(scheme, start, end, colon, at int) {
	if colon < 0 {
		// a token in the place of the user, as in https://TOKEN@host
		user := s.text[end:at]
		if t := measure(user); len(user) >= 20 && t.random() && all(user, word|dash) && !placeholder(user) && !uuid(user) {
			s.add(candidate{rule: s.t.byID["url-password"], rank: rankGeneric, parts: []Span{{end, at}}, preview: "…"})
		}
		return
	}
	from := end + colon + 1
	if field := s.text[from:at]; bytes.Equal(field, []byte("%s")) || bytes.Equal(field, []byte("{}")) {
		s.formatted(scheme, start, end, from, at)
		return
	}
	password := unescaped(s.text[from:at])
	if bytes.HasSuffix(password, []byte("]")) && bytes.IndexByte(s.text[end:from], '[') >= 0 {
		return // a synopsis: [user[:password]@]host
	}
	if len(password) < 3 || calledSo(password) || placeholder(password) || weakWord(password) || bytes.IndexByte(password, '{') == 0 {
		return
	}
	if t := measure(password); t.digit == 0 && t.other == 0 && t.upper == 0 && t.n < 8 && t.score > -0.6 || all(password, digit) && len(password) < 8 {
		return
	}
	rule := s.t.byID["url-password"]
	if r := databaseScheme(s.text[scheme:start]); r != "" {
		rule = s.t.byID[r]
	}
	s.add(candidate{rule: rule, rank: rankURL, parts: []Span{{from, at}}, name: s.nameBefore(scheme), preview: "…"})
}

// formatted judges the argument that a format puts where the password of a URL
// goes: "oracle://%s:%s@h" % ("u", "p"), or "…{}:{}@{}".format("u", "p", h).
func (s *scan) formatted(scheme, start, end, from, at int) {
	text := s.text
	field := text[from:at]
	stop := bytes.IndexAny(text[at:min(len(text), at+200)], "\"'\n")
	if stop < 0 || text[at+stop] == '\n' {
		return
	}
	i := formatted(text, at+stop+1)
	if i == 0 {
		return
	}
	v, _, ok := s.argument(i, bytes.Count(text[end:from], field))
	if !ok || !believable(kindPassword, v.text, v, opAssign, true) && !s.human(nil, v, opAssign) {
		return
	}
	rule := s.t.byID["url-password"]
	if r := databaseScheme(text[scheme:start]); r != "" {
		rule = s.t.byID[r]
	}
	s.add(candidate{rule: rule, rank: rankURL, parts: v.parts, name: s.nameBefore(scheme), preview: "…"})
}

// calledSo reports whether a password is rather the name of one: db_password.
func calledSo(text []byte) bool {
	var p split
	if !all(text, letter|under|dash) {
		return false
	}
	p.parse(text)
	return p.n > 0 && p.classify() != kindNone
}

func webScheme(b []byte) bool {
	switch lowered(string(b)) {
	case "http", "https", "git", "git+https", "git+http", "ws", "wss", "s3", "gs", "file", "hdfs", "dbfs", "wasbs", "abfss":
		return true
	}
	return false
}

// databaseScheme names the rule for a database's URL, or "".
func databaseScheme(b []byte) string {
	base, _, _ := bytes.Cut(b, []byte("+"))
	switch lowered(string(base)) {
	case "postgres", "postgresql", "redshift", "cockroachdb":
		return "postgresql-url"
	case "mysql", "mariadb":
		return "mysql-url"
	case "mongodb":
		return "mongodb-url"
	case "redis", "rediss":
		return "redis-url"
	case "amqp", "amqps":
		return "amqp-url"
	case "mssql", "oracle", "snowflake", "clickhouse", "clickhousedb", "teradatasql", "trino", "presto", "hive", "impala", "neo4j", "bolt", "cassandra", "sqlserver", "db2", "ibm_db_sa", "vertica", "databricks", "duckdb", "firebird", "sybase", "elasticsearch":
		return "database-url"
	}
	return ""
}

// signedBy reports whether head ends as the address of a signed request does
// before the public id of the key that signed it.
func signedBy(head []byte) bool {
	return bytes.HasSuffix(head, []byte("X-Amz-Credential="))
}

// readSAS handles the signature of an Azure shared access signature, or of any
// URL signed likewise.
func readSAS(s *scan, _ *action, start, end int) {
	if start == 0 || !is(s.text[start-1], punct|space) && s.text[start-1] != ';' && s.text[start-1] != '"' && s.text[start-1] != '\'' {
		return
	}
	stop := run(s.text, end, 120, b64std|equals|percent|dash|under)
	if stop < len(s.text) && (s.text[stop] == '"' || s.text[stop] == '\'') && s.joined(start) {
		return
	}
	sig := unescaped(s.text[end:stop])
	around := s.text[max(0, start-400):min(len(s.text), stop+300)]
	id, set := "azure-sas", b64std
	if bytes.Contains(around, []byte("triggers%2F")) {
		id, set = "power-automate-signature", b64url
	}
	if len(sig) < 43 || !all(bytes.TrimRight(sig, "="), set) || dull(sig) || !measure(sig).random() {
		return
	}
	if !bytes.Contains(around, []byte("sv=")) && !bytes.Contains(around, []byte("se=")) {
		return
	}
	s.add(candidate{rule: s.t.byID[id], rank: rankShape, parts: []Span{{end, stop}}, name: s.nameBefore(max(0, bytesBefore(s.text, start))), preview: "…"})
}

// bytesBefore returns where the run of non-space, non-quote bytes before i begins.
func bytesBefore(text []byte, i int) int {
	end := max(0, i-600)
	for i > end && !is(text[i-1], space) && text[i-1] != '"' && text[i-1] != '\'' && text[i-1] != '`' {
		i--
	}
	return i
}

// readPgpass handles a line of a .pgpass file: host:port:database:user:password.
func readPgpass(s *scan, _ *action, start, end int) {
	line := s.lineStart(start)
	host := s.text[line:start]
	if len(host) == 0 || bytes.ContainsAny(host, "@/ '\"") {
		return
	}
	stop := end
	colons := 0
	from := 0
	for stop < len(s.text) && stop-end < 300 && !is(s.text[stop], space) && s.text[stop] != '"' && s.text[stop] != '\'' {
		if s.text[stop] == ':' {
			if colons++; colons == 2 {
				from = stop + 1
			}
		}
		stop++
	}
	if from == 0 || stop-from < 4 || placeholder(s.text[from:stop]) || weakWord(s.text[from:stop]) {
		return
	}
	s.add(candidate{rule: s.t.byID["postgresql-url"], rank: rankURL, parts: []Span{{from, stop}}, preview: "…"})
}
