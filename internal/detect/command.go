package detect

import "bytes"

// readUserFlag handles -u and --user of curl and its like: user:password.
func readUserFlag(s *scan, _ *action, start, end int) {
	text := s.text
	i := skipBlank(text, end)
	if i < len(text) && (text[i] == '=' || text[i] == '"' || text[i] == '\'') {
		i++
		if i < len(text) && (text[i] == '"' || text[i] == '\'') {
			i++
		}
	}
	line := text[s.lineStart(start):start]
	if q := text[start]; q == '"' || q == '\'' {
		// an argument list: "-u", "bob:x"
		if i < len(text) && text[i] == ',' {
			if _, next, ok := quoteAt(text, skipBlank(text, i+1)); ok {
				i = next
			}
		}
	}
	sep := byte(':')
	switch {
	case text[start+2] == 'a' && !bytes.HasSuffix(line, []byte("http")) && !bytes.HasSuffix(line, []byte("https")):
		return // only HTTPie has a user there
	case bytes.Contains(line, []byte("lftp")) || bytes.Contains(line, []byte("sftp")):
		sep = ','
	case bytes.Contains(line, []byte("smb")) || bytes.Contains(line, []byte("rpcclient")):
		sep = '%'
	case !bytes.Contains(line, []byte("curl")) && !bytes.Contains(line, []byte("http")) && !bytes.Contains(line, []byte("wget")):
		return
	}
	stop := i
	for stop < len(text) && stop-i < 200 && !is(text[stop], space) && text[stop] != '"' && text[stop] != '\'' {
		stop++
	}
	at := bytes.IndexByte(text[i:stop], sep)
	if at <= 0 {
		return
	}
	s.password(i+at+1, stop, string(bytes.TrimSpace(text[start:end])))
}

// readPasswordFlag handles -p of programs that take a password there.
func readPasswordFlag(s *scan, _ *action, start, end int) {
	text := s.text
	line := text[s.lineStart(start):start]
	known := false
	for _, w := range []string{"sshpass", "mysql", "mariadb", "docker login", "podman login", "twine", "az login", "mongo", "cqlsh", "sqlcmd", "bcp ", "cf login", "oc login", "7z ", "zip", "smbclient", "ldapsearch", "rclone", "snowsql", "ftp ", "gsutil signurl"} {
		known = known || bytes.Contains(line, []byte(w))
	}
	for _, w := range []string{" -u ", " -U ", " --user ", " --username ", " --login "} {
		known = known || bytes.Contains(line, []byte(w)) // a user, then a password
	}
	if !known {
		return
	}
	if q := text[start]; (q == '"' || q == '\'') && end < len(text) && text[end] == q {
		// an argument list: "-p", "x"
		if j := skipBlank(text, end+1); j < len(text) && text[j] == ',' {
			if v, _, ok := s.literals(skipBlank(text, j+1), false); ok {
				s.password(v.parts[0].Start, v.parts[0].End, "-p")
			}
		}
		return
	}
	if text[end-1] == 'P' != bytes.Contains(line, []byte("zip")) && !bytes.Contains(line, []byte("sqlcmd")) && !bytes.Contains(line, []byte("bcp ")) {
		return // a capital means something else, except to zip
	}
	i := skipBlank(text, end)
	if i < len(text) && (text[i] == '"' || text[i] == '\'') {
		if v, _, ok := s.literals(i, false); ok {
			s.password(v.parts[0].Start, v.parts[0].End, "-p")
		}
		return
	}
	stop := i
	for stop < len(text) && stop-i < 200 && !is(text[stop], space) && text[stop] != '"' && text[stop] != '\'' {
		stop++
	}
	s.password(i, stop, "-p")
}

// readLogin handles "wandb login KEY".
func readLogin(s *scan, _ *action, start, end int) {
	i := skipBlank(s.text, end)
	for i+2 < len(s.text) && s.text[i] == '-' {
		// flags before the key
		i = skipBlank(s.text, run(s.text, i, 40, word|dash|equals))
	}
	stop := run(s.text, i, 120, word|dash)
	text := s.text[i:stop]
	if r := matchService(s.t.services["wandb"], text); r != nil && !dull(text) {
		s.add(candidate{rule: r, rank: rankNamed, parts: []Span{{i, stop}}, preview: "…"})
	}
}

// passwordAs is password for a kind that the place tells.
func (s *scan) passwordAs(rule string, from, to int, name string) {
	before := len(s.cands)
	s.password(from, to, name)
	for i := before; i < len(s.cands); i++ {
		s.cands[i].rule, s.cands[i].rank = s.t.byID[rule], rankURL
	}
}

// password records what a command line calls a password.
func (s *scan) password(from, to int, name string) {
	text := s.text[from:to]
	v := value{parts: []Span{{from, to}}, text: text, quoted: true}
	if len(text) < 6 || !believable(kindPassword, text, v, opAssign, true) && (!passphrase(text) || placeholder(text)) {
		return
	}
	s.add(candidate{rule: s.t.byID["generic-password"], rank: rankGeneric, parts: v.parts, name: name, preview: "…"})
}
