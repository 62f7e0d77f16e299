package detect

import "bytes"

// service looks for the issuer: in the name, then in the text before the value.
func (s *scan) service(p *split, v value, text []byte) *Rule {
	if t := measure(text); len(text) < 12 || t.digit == 0 && !t.random() || t.score > 0.2 || placeholder(text) {
		return nil
	}
	if discordToken(text) {
		return s.t.byID["discord-bot-token"]
	}
	if p.n == 1 && string(p.word(0)) == "appid" {
		return matchService(s.t.services["openweather"], text)
	}
	for i := 1; i < p.n; i++ {
		if r := matchService(s.t.services[string(p.words(i-1, i))], text); r != nil {
			return r // SEMANTIC_SCHOLAR_API_KEY
		}
	}
	for i := range p.n {
		if r := matchService(s.t.services[string(p.word(i))], text); r != nil {
			return r
		}
	}
	if len(v.parts) == 0 || v.parts[0].Start == 0 {
		return nil
	}
	if p.n == 1 && string(p.word(0)) == "key" && cdsKey.whole(text) {
		return s.t.byID["copernicus-cds-key"]
	}
	if p.n == 1 && string(p.word(0)) == "key" && s.kaggle(v) {
		if r := matchService(s.t.services["kaggle"], text); r != nil {
			return r
		}
	}
	return s.vicinity(v.parts[0].Start, text)
}

// cdsKey is what a .cdsapirc held until 2024: the user's number and the key.
var cdsKey = parseShape("{d:1-8}:{h:8}-{h:4}-{h:4}-{h:4}-{h:12}")

func matchService(of []service, text []byte) *Rule {
	for _, sv := range of {
		for _, sh := range sv.values {
			if sh.whole(text) && (sv.rule.check == nil || sv.rule.check(text)) {
				return sv.rule
			}
		}
	}
	return nil
}

const near = 160 // bytes before a value in which its issuer may be named

// vicinity looks for an issuer before i, and then behind text, whose tokens
// look like text, which begins at i; the nearest one counts.
func (s *scan) vicinity(i int, text []byte) *Rule {
	var buf [near]byte
	from := max(0, i-near)
	w := buf[:copy(buf[:], s.text[from:i])]
	for k := range w {
		w[k] = fold(w[k])
	}
	for end := len(w); end > 0; {
		if !is(w[end-1], alnum) {
			end--
			continue
		}
		start := runBack(w, end, 32, alnum)
		if r := matchService(s.t.services[string(w[start:end])], text); r != nil {
			return r
		}
		end = start
	}
	to := min(len(s.text), i+len(text)+near/2)
	w = buf[:copy(buf[:], s.text[min(to, i+len(text)):to])]
	for k := range w {
		w[k] = fold(w[k])
	}
	for at := 0; at < len(w); {
		end := run(w, at, 32, alnum)
		if r := matchService(s.t.services[string(w[at:end])], text); r != nil {
			return r
		}
		at = end + 1
	}
	return nil
}

// kaggle reports whether a value called "key" stands in a kaggle.json.
func (s *scan) kaggle(v value) bool {
	return len(v.parts) > 0 && bytes.Contains(s.text[max(0, v.parts[0].Start-80):v.parts[0].Start], []byte("username"))
}
