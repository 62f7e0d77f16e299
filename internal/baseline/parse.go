package baseline

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// parser reads a list strictly: what it does not understand might have been
// meant to change what is reported.
type parser struct {
	src     []byte
	dec     *json.Decoder
	version int
	check   string
	entries map[string]entry
	seen    map[string]bool
}

func parse(src []byte, dir string, keys []Key) (*Baseline, error) {
	p := &parser{src: src, dec: json.NewDecoder(bytes.NewReader(src)), seen: map[string]bool{}, entries: map[string]entry{}}
	p.dec.DisallowUnknownFields()
	// The decoder does not tell where an error is, this does.
	var whole json.RawMessage
	var syntax *json.SyntaxError
	if err := json.Unmarshal(src, &whole); errors.As(err, &syntax) {
		if int(syntax.Offset) >= len(src) && syntax.Error() == "unexpected end of JSON input" {
			return nil, p.fail(len(src), "the file ends in the middle of the list")
		}
		return nil, p.fail(int(syntax.Offset)-1, "it is not valid JSON")
	}
	if err := p.document(); err != nil {
		return nil, err
	}
	for _, k := range keys {
		if subtle.ConstantTimeCompare([]byte(k.check()), []byte(p.check)) == 1 {
			b := New(k, dir)
			b.entries = p.entries
			return b, nil
		}
	}
	return nil, ErrNoKey
}

func (p *parser) document() error {
	if err := p.delim('{'); err != nil {
		return err
	}
	for p.dec.More() {
		at := p.here()
		key, err := p.dec.Token()
		if err != nil {
			return p.wrap(at, err)
		}
		name, _ := key.(string)
		if p.seen[name] {
			return p.fail(at, fmt.Sprintf("%q stands there twice", name))
		}
		p.seen[name] = true
		if err := p.member(at, name); err != nil {
			return err
		}
	}
	if err := p.delim('}'); err != nil {
		return err
	}
	for _, name := range [...]string{"version", "key_check", "findings"} {
		if !p.seen[name] {
			return p.fail(len(p.src), fmt.Sprintf("%q is missing", name))
		}
	}
	return nil
}

func (p *parser) member(at int, name string) error {
	switch name {
	case "version":
		if err := p.dec.Decode(&p.version); err != nil {
			return p.wrap(at, err)
		}
		if p.version != version {
			return p.fail(at, fmt.Sprintf("version %d of the format is not known", p.version))
		}
		return nil
	case "key_check":
		if err := p.dec.Decode(&p.check); err != nil {
			return p.wrap(at, err)
		}
		if !isFingerprint(p.check) {
			return p.fail(at, `"key_check" is not 32 hexadecimal digits`)
		}
		return nil
	case "findings":
		return p.findings()
	}
	return p.fail(at, fmt.Sprintf("%q is not known", name))
}

func (p *parser) findings() error {
	if err := p.delim('['); err != nil {
		return err
	}
	for p.dec.More() {
		at := p.here()
		var e entry
		if err := p.dec.Decode(&e); err != nil {
			return p.wrap(at, err)
		}
		switch {
		case !isFingerprint(e.Fingerprint):
			return p.fail(at, `"fingerprint" is not 32 hexadecimal digits`)
		case e.Rule == "":
			return p.fail(at, `"rule" is missing`)
		}
		if _, ok := p.entries[e.Fingerprint]; !ok {
			p.entries[e.Fingerprint] = e
		}
	}
	return p.delim(']')
}

func isFingerprint(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == ""
}

func (p *parser) delim(want json.Delim) error {
	at := p.here()
	t, err := p.dec.Token()
	if err != nil {
		return p.wrap(at, err)
	}
	if t != want {
		return p.fail(at, fmt.Sprintf("%q was expected", want.String()))
	}
	return nil
}

// here is the offset of what the decoder reads next.
func (p *parser) here() int {
	at := int(p.dec.InputOffset())
	for at < len(p.src) && strings.IndexByte(" \t\r\n,:", p.src[at]) >= 0 {
		at++
	}
	return at
}

func (p *parser) fail(at int, reason string) error {
	return &SyntaxError{Line: 1 + bytes.Count(p.src[:min(at, len(p.src))], []byte{'\n'}), Reason: reason}
}

// wrap gives an error of the decoder its line, and not what it quotes.
func (p *parser) wrap(at int, err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return p.fail(at, "a value is of the wrong kind")
	}
	return p.fail(at, "a key is not known")
}
