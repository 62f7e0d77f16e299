// Package netrc follows netrc://HOST#password, #login and #account to an entry of
// the user's netrc file, and netrc://HOST to a JSON object of the three.
//
// The file is the one that the variable NETRC names, else ~/.netrc, and on
// Windows ~/_netrc where that does not exist. It is read as Python's netrc module
// does (https://docs.python.org/3/library/netrc.html): a backslash quotes the
// next character, the last entry of a host counts. An entry "default" stands for
// no host but for netrc://default.
package netrc

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"runtime"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/secret"
)

type netrc struct{ host provider.Host }

// New returns the provider.
func New(h provider.Host) provider.Provider { return netrc{h} }

func (p netrc) Get(ctx context.Context, req provider.Request) (secret.Value, error) {
	data, err := p.read(ctx, req)
	if err != nil {
		return secret.Value{}, err
	}
	defer clear(data)
	entries, err := parse(data)
	if err != nil {
		return secret.Value{}, req.Fail("", err)
	}
	for i := len(entries) - 1; i >= 0; i-- {
		if entries[i].host != req.Ref.Path() {
			continue
		}
		if part := req.Ref.Fragment(); part != "" {
			return req.Value(entries[i].parts[part])
		}
		var pairs []provider.Pair
		for _, part := range []string{"login", "account", "password"} {
			if v := entries[i].parts[part]; len(v) > 0 {
				pairs = append(pairs, provider.Pair{Name: part, Value: v})
			}
		}
		object, err := provider.Object(pairs)
		if err != nil {
			return secret.Value{}, req.Fail("", err)
		}
		return req.Value(object)
	}
	return secret.Value{}, req.Failf("%w: the netrc file has no machine %q", provider.ErrNotFound, req.Ref.Path())
}

func (p netrc) read(ctx context.Context, req provider.Request) ([]byte, error) {
	file := func(path string) ([]byte, error) {
		r := req
		r.Ref = manifest.Reference{Scheme: req.Ref.Scheme, Rest: url.PathEscape(path)}
		return p.host.ReadFile(ctx, r)
	}
	if path, ok := p.host.LookupEnv("NETRC"); ok && path != "" {
		return file(path)
	}
	data, err := file("~/.netrc")
	if err != nil && runtime.GOOS == "windows" {
		if data, second := file("~/_netrc"); second == nil {
			return data, nil
		}
	}
	return data, err
}

// entry is what stands behind "machine HOST", or behind "default".
type entry struct {
	host  string
	parts map[string][]byte
}

func parse(data []byte) ([]entry, error) {
	l := lexer{rest: data}
	var entries []entry
	for {
		word, quoted, ok := l.next()
		if !ok {
			return entries, nil
		}
		line := 1 + bytes.Count(data[:len(data)-len(l.rest)], []byte("\n"))
		if quoted {
			return nil, fmt.Errorf("line %d of the netrc file cannot be read", line)
		}
		switch part := string(word); {
		case part == "machine":
			host, _, _ := l.next()
			if len(host) == 0 {
				return nil, fmt.Errorf("line %d of the netrc file: machine without a name", line)
			}
			entries = append(entries, entry{string(host), map[string][]byte{}})
		case part == "default":
			entries = append(entries, entry{part, map[string][]byte{}})
		case part == "macdef":
			l.macro()
		case word[0] == '#':
			l.comment()
		case len(entries) > 0 && (part == "login" || part == "user" || part == "account" || part == "password"):
			if part == "user" {
				part = "login"
			}
			value, _, _ := l.next()
			entries[len(entries)-1].parts[part] = value
		default:
			// Not quoted: it may be half of a password with a space in it.
			return nil, fmt.Errorf("line %d of the netrc file cannot be read", line)
		}
	}
}

type lexer struct{ rest []byte }

// next returns a word without its quotes and backslashes.
func (l *lexer) next() (word []byte, quoted, ok bool) {
	l.rest = bytes.TrimLeft(l.rest, " \t\r\n")
	if len(l.rest) == 0 {
		return nil, false, false
	}
	if quoted = l.rest[0] == '"'; quoted {
		l.rest = l.rest[1:]
	}
	for len(l.rest) > 0 {
		c := l.rest[0]
		if quoted && c == '"' || !quoted && bytes.IndexByte([]byte(" \t\r\n"), c) >= 0 {
			if quoted {
				l.rest = l.rest[1:]
			}
			return word, quoted, true
		}
		if c == '\\' && len(l.rest) > 1 {
			l.rest = l.rest[1:]
			c = l.rest[0]
		}
		word, l.rest = append(word, c), l.rest[1:]
	}
	return word, quoted, true
}

// comment skips the rest of the line.
func (l *lexer) comment() {
	if i := bytes.IndexByte(l.rest, '\n'); i >= 0 {
		l.rest = l.rest[i:]
		return
	}
	l.rest = nil
}

// macro skips a macro, up to an empty line.
func (l *lexer) macro() {
	for _, end := range []string{"\n\n", "\r\n\r\n"} {
		if i := bytes.Index(l.rest, []byte(end)); i >= 0 {
			l.rest = l.rest[i:]
			return
		}
	}
	l.rest = nil
}
