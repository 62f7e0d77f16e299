package detect

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
)

// tables is everything that is made of the rules, once.
type tables struct {
	rules    []*Rule
	byID     map[string]*Rule
	auto     *automaton
	words    []string   // the keywords
	actions  [][]action // by keyword
	services map[string][]service
}

// action is what to do where a keyword stands.
type action struct {
	do    func(s *scan, a *action, start, end int)
	rule  *Rule
	shape *shape
	call  *call
}

func (a *action) read(s *scan, start, end int) { a.do(s, a, start, end) }

// service is a kind of credential that a word near it gives away.
type service struct {
	rule   *Rule
	values []*shape
}

var builtin = sync.OnceValue(func() *tables { return newTables(builtinRules()) })

// builtinRules lists the groups.
func builtinRules() []Rule {
	return slices.Concat(aiRules(), cloudRules(), codeRules(), dataRules(), databaseRules(), financeRules(), messagingRules(), platformRules(), saasRules(), scienceRules(), webRules(), keyRules(), genericRules())
}

func newTables(rules []Rule) *tables {
	t := &tables{byID: map[string]*Rule{}, services: map[string][]service{}}
	var words []string
	id := map[string]int{}
	on := func(keyword string, a action) {
		i, ok := id[keyword]
		if !ok {
			i = len(words)
			id[keyword] = i
			words = append(words, keyword)
			t.actions = append(t.actions, nil)
		}
		t.actions[i] = append(t.actions[i], a)
	}
	for i := range rules {
		r := &rules[i]
		if t.byID[r.ID] != nil {
			panic(fmt.Sprintf("detect: two rules %q", r.ID))
		}
		t.byID[r.ID] = r
		t.rules = append(t.rules, r)
		for _, text := range r.shapes {
			sh := parseShape(text)
			r.parsed = append(r.parsed, sh)
			if sh.anchor < 0 {
				panic(fmt.Sprintf("detect: rule %q: no anchor in %q", r.ID, text))
			}
			on(lowered(sh.segs[sh.anchor].lit), action{do: readShape, rule: r, shape: sh})
		}
		var values []*shape
		for _, text := range r.values {
			values = append(values, parseShape(text))
		}
		for _, w := range r.services {
			t.services[w] = append(t.services[w], service{r, values})
		}
	}
	for _, k := range nameKeywords {
		on(k, action{do: readName})
	}
	seen := map[string]bool{}
	for _, f := range foreignWords {
		if !seen[f.anchor] {
			on(f.anchor, action{do: readForeign})
			seen[f.anchor] = true
		}
	}
	for i := range calls {
		on(calls[i].keyword, action{do: readCall, call: &calls[i]})
	}
	for _, k := range otherKeywords {
		on(k.text, action{do: k.do})
	}
	for _, k := range placeKeywords {
		on(k.text, action{do: k.do})
	}
	slices.SortFunc(t.rules, func(a, b *Rule) int { return cmp.Compare(a.ID, b.ID) })
	t.words = words
	t.auto = newAutomaton(words)
	return t
}

// otherKeywords are the literals with readers of their own.
var otherKeywords = []struct {
	text string
	do   func(s *scan, a *action, start, end int)
}{
	{"://", readURL},
	{"private key", readPEM},
	{"bearer", readScheme},
	{"basic ", readScheme},
	{"authorization", readName},
	{"sig=", readSAS},
	{"identified by", readSQL},
	{";base64,", readDataURI},
	{"pk.eyj", readMapbox},
	{":5432:", readPgpass},
	{":5433:", readPgpass},
	{":5439:", readPgpass},
	{":6432:", readPgpass},
	{":*:", readPgpass},
	{"kind: secret", readSecretManifest},
	{" -u ", readUserFlag},
	{"\"-u\"", readUserFlag},
	{"'-u'", readUserFlag},
	{" --user ", readUserFlag},
	{" --user=", readUserFlag},
	{" --auth ", readUserFlag},
	{" -a ", readUserFlag},
	{" -p", readPasswordFlag},
	{"\"-p", readPasswordFlag},
	{"'-p", readPasswordFlag},
	{"wandb login ", readLogin},
	{"login", readAccount},
	{"credentials", readAccount},
	{"zugangsdaten", readAccount},
	{"auth=", readAuthParam},
	{"\"kty", readJWK},
	{"'kty'", readJWK},
	{"...", readMasked},
	{"…", readMasked},
	{"***", readMasked},
}

func lowered(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = fold(b[i])
	}
	return string(b)
}

// readShape handles the anchor of a shape.
func readShape(s *scan, a *action, start, _ int) {
	sh := a.shape
	from, to, ok := sh.around(s.text, start)
	if ok && sh.bounded(s.text, from, to) {
		token := s.text[from:to]
		if a.rule.check != nil && !a.rule.check(token) || dull(token[len(sh.prefix):]) || signedBy(s.text[:from]) {
			return
		}
		s.add(candidate{rule: a.rule, rank: rankShape, parts: []Span{{from, to}}, name: s.nameBefore(from), preview: sh.prefix + "…"})
		if a.rule.ID == "aws-access-key-id" {
			s.secretBeside(to)
		}
		return
	}
	// Several shapes begin alike, and many words hold such a beginning.
	if !ok && sh.anchor == 0 && s.joinedAt != start+1 && sh.bounded(s.text, start, len(s.text)) {
		s.joinedAt = start + 1
		s.joined(start)
	}
}
