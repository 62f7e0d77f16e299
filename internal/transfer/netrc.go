package transfer

import (
	"fmt"
	"strconv"
	"strings"
)

// netrc reads as Python's netrc module does
// (https://docs.python.org/3/library/netrc.html): a backslash quotes the next
// character, words may be in double quotes.
func (f *file) netrc() error {
	l := netrcLexer{scanner{text: f.text, line: 1}}
	var at machine
	hosts := map[string]int{}
	for {
		word, line, ok, err := l.word()
		if err != nil || !ok {
			return err
		}
		switch {
		case word == "machine":
			host, line, _, err := l.word()
			if err != nil {
				return err
			}
			if host == "" {
				return fmt.Errorf("line %d: machine without a name", line)
			}
			if len(host) > maxKey {
				return tooLong(line)
			}
			hosts[host]++
			at = newMachine(host, hosts[host])
		case word == "default":
			hosts[""]++
			at = newMachine("", hosts[""])
		case word == "macdef":
			l.macro()
			if err := f.skip("macdef", line, "a macro, not a credential"); err != nil {
				return err
			}
		case strings.HasPrefix(word, "#"):
			if l.line == line {
				l.skip(notLineEnd)
			}
		case at.key != "" && (word == "login" || word == "user" || word == "account" || word == "password"):
			value, line, _, err := l.word()
			if err != nil {
				return err
			}
			if err := f.netrcPart(at, word, value, line); err != nil {
				return err
			}
		default:
			// Not quoted: it may be half of a password with a space in it.
			return fmt.Errorf("line %d: a word that is none of netrc's; a value with a space or a # in it needs double quotes", line)
		}
	}
}

// machine is an entry of a netrc file.
type machine struct {
	key            string // for people
	host           string
	user, password string // names
	account        string
	note           string
}

// newMachine names the nth entry of a host.
func newMachine(host string, nth int) machine {
	m := machine{key: "machine " + host, host: host, note: host}
	switch host {
	case "":
		m.key, m.note = "default", "every other host"
		m.user, m.password, m.account = "NETRC_LOGIN", "NETRC_PASSWORD", "NETRC_ACCOUNT"
	case "api.wandb.ai":
		m.password, m.user, m.note = "WANDB_API_KEY", "WANDB_LOGIN", "Weights & Biases"
	case "urs.earthdata.nasa.gov":
		// The variables of earthaccess: https://earthaccess.readthedocs.io.
		m.user, m.password, m.note = "EARTHDATA_USERNAME", "EARTHDATA_PASSWORD", "NASA Earthdata"
	}
	base := strings.ToUpper(clean(host))
	if m.user == "" {
		m.user, m.password = base+"_LOGIN", base+"_PASSWORD"
	}
	if m.account == "" {
		m.account = base + "_ACCOUNT"
	}
	if nth > 1 {
		n := "_" + strconv.Itoa(nth)
		m.key += " (" + strconv.Itoa(nth) + ")"
		m.user, m.password, m.account = m.user+n, m.password+n, m.account+n
	}
	return m
}

func (f *file) netrcPart(m machine, part, value string, line int) error {
	it := Item{Key: m.key + ", " + part, Line: line, Note: m.note}
	switch part {
	case "password":
		it.Name = m.password
	case "account":
		it.Name, it.Role = m.account, Login
	default:
		if m.host == "api.wandb.ai" {
			// wandb writes "login user" for everybody.
			return f.skip(it.Key, line, notSecret)
		}
		it.Name, it.Role = m.user, Login
	}
	return f.take(it, []byte(value))
}

type netrcLexer struct{ scanner }

func netrcSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

// word returns the next word without its quotes and backslashes, and its line.
func (l *netrcLexer) word() (word string, line int, ok bool, err error) {
	l.skip(netrcSpace)
	line = l.line
	if l.done() {
		return "", line, false, nil
	}
	quoted := l.peek() == '"'
	if quoted {
		l.next()
	}
	var b strings.Builder
	for ; !l.done(); l.next() {
		switch c := l.peek(); {
		case quoted && c == '"':
			l.next()
			return b.String(), line, true, nil
		case !quoted && netrcSpace(c):
			return b.String(), line, true, nil
		case c == '\\' && l.at+1 < len(l.text):
			l.next()
		}
		b.WriteByte(l.peek())
	}
	if quoted {
		return "", line, false, fmt.Errorf("line %d: a double quote that is not closed", line)
	}
	return b.String(), line, true, nil
}

// macro skips a macro, up to an empty line.
func (l *netrcLexer) macro() {
	for !l.done() {
		l.skip(notLineEnd)
		if l.next(); l.peek() == '\n' {
			return
		}
	}
}
