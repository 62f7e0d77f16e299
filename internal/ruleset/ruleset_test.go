package ruleset_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/ruleset"
)

func load(t *testing.T, text string) *ruleset.Set {
	t.Helper()
	s, err := ruleset.Load("rules.toml", []byte(text), ruleset.Options{Builtin: builtin})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func builtin(id string) bool { return id == "generic-api-key" || id == "private-key" }

// secrets returns what a set finds, as "id=secret", joined by blanks.
func secrets(s *ruleset.Set, path, text string) string {
	var out []string
	s.Find(path, []byte(text), func(m ruleset.Match) {
		out = append(out, m.Rule.ID+"="+text[m.Secret.Start:m.Secret.End])
	})
	return strings.Join(out, " ")
}

const own = `
disabled = ["generic-api-key"]

[[rule]]
id         = "acme-token"
title      = "Acme deploy token"
severity   = "high"
revoke     = "https://acme.example/tokens"
regex      = '''\bacme_([0-9a-z]{8})\b'''
group      = 1
keywords   = ["ACME_"]
entropy    = 1.5
min_length = 8
max_length = 8
match      = ["x = 'acme_0a1b2c3d'"]
no_match   = ["acme_00000000", "acme_0a1b2c3d4", "acme_0exampl9"]

  [[rule.allow]]
  stopwords = ["EXAMPL"]

  [[rule.allow]]
  regex  = 'nosec'
  target = "line"
  path   = '^tests/'

[[allow]]
path = '(^|/)vendor/'

[[allow]]
rules = ["private-key"]
regex = 'TEST'
`

func TestOwn(t *testing.T) {
	for _, text := range []string{own, "\ufeff" + own, strings.ReplaceAll(own, "\n", "\r\n")} {
		s := load(t, text)
		r := s.Rules()[0]
		if r.ID != "acme-token" || r.Title != "Acme deploy token" || r.Severity != finding.High || r.Revoke != "https://acme.example/tokens" {
			t.Errorf("%+v", r)
		}
		if !s.UseDefault() || !s.Disabled("generic-api-key") || s.Disabled("private-key") || len(s.Notes()) > 0 {
			t.Errorf("%v %v %v %q", s.UseDefault(), s.Disabled("generic-api-key"), s.Disabled("private-key"), s.Notes())
		}
		for _, test := range []struct{ path, text, want string }{
			{"a.ipynb", "ACME_0a1b2c3d acme_0a1b2c3d", "acme-token=0a1b2c3d"},
			{"", "acme_0a1b2c3d\nacme_9z8y7x6w", "acme-token=0a1b2c3d acme-token=9z8y7x6w"},
			{"vendor/a", "acme_0a1b2c3d", ""},
			{"a", "acme_0a1b2c3d # nosec", "acme-token=0a1b2c3d"},
			{"tests/a", "acme_0a1b2c3d # nosec\nacme_9z8y7x6w", "acme-token=9z8y7x6w"},
			{"a", "acme_00000001", ""},
			{"a", "acme_0exampl9", ""},
		} {
			if got := secrets(s, test.path, test.text); got != test.want {
				t.Errorf("%s: %q: %q, want %q", test.path, test.text, got, test.want)
			}
		}
		text := []byte("a TEST b")
		if !s.Allowed("private-key", "x", text, ruleset.Span{Start: 0, End: 8}) || s.Allowed("private-key", "x", text, ruleset.Span{Start: 0, End: 1}) ||
			s.Allowed("other", "x", text, ruleset.Span{Start: 0, End: 8}) || !s.Allowed("other", "a/vendor/b", text, ruleset.Span{Start: 0, End: 1}) {
			t.Error("Allowed is wrong")
		}
	}
}

// TestGitleaks has cases from gitleaks' documentation of its configuration.
func TestGitleaks(t *testing.T) {
	for _, test := range []struct{ name, rules, path, text, want string }{
		{"whole match", "[[rules]]\nid='r'\nregex='k[0-9]+'", "a", "k12 k3", "r=k12 r=k3"},
		{"first group that is not empty", "[[rules]]\nid='r'\nregex='k(a*)(b+)'", "a", "kbb kab", "r=bb r=a"},
		{"secretGroup", "[[rules]]\nid='r'\nregex='k(a*)(b+)'\nsecretGroup=2", "a", "kabb", "r=bb"},
		{"keys without regard to case", "[[Rules]]\nID='r'\nREGEX='k(a*)(b+)'\nsecretgroup=2", "a", "kabb", "r=bb"},
		{"inline tables", "rules = [{id='r', regex='k'}, {id='s', regex='k'}]", "a", "k", "r=k s=k"},
		{"keyword elsewhere", "[[rules]]\nid='r'\nregex='k[0-9]+'\nkeywords=['Zed']", "a", "k12 zED", "r=k12"},
		{"no keyword", "[[rules]]\nid='r'\nregex='k[0-9]+'\nkeywords=['zed']", "a", "k12", ""},
		{"short keyword", "[[rules]]\nid='r'\nregex='k[0-9]+'\nkeywords=['K']", "a", "k12", "r=k12"},
		{"entropy is to be exceeded", "[[rules]]\nid='r'\nregex='[a-d]{4}'\nentropy=2", "a", "abcd", ""},
		{"entropy", "[[rules]]\nid='r'\nregex='[a-d]{4}'\nentropy=1.9", "a", "abcd aaab", "r=abcd"},
		{"line ends are trimmed", "[[rules]]\nid='r'\nregex='k[0-9]+\\n'", "a", "k12\n", "r=k12"},
		{"path", "[[rules]]\nid='r'\nregex='k'\npath='[.]py$'", "a.py", "k", "r=k"},
		{"other path", "[[rules]]\nid='r'\nregex='k'\npath='[.]py$'", "a.ipynb", "k", ""},
		{"allowlist of the secret", "[[rules]]\nid='r'\nregex='k=(\\w+)'\n[[rules.allowlists]]\nregexes=['^k', 'xx']", "a", "k=xx k=kk k=ab", "r=ab"},
		{"older allowlist of the match", "[[rules]]\nid='r'\nregex='k=(\\w+)'\n[rules.allowlist]\nregexTarget='match'\nregexes=['^k=a']", "a", "k=xx k=ab", "r=xx"},
		{"of the line", "[[rules]]\nid='r'\nregex='k=(\\w+)'\n[[rules.allowlists]]\nregexTarget='line'\nregexes=['^fake']", "a", "fake k=xx\nk=ab", "r=ab"},
		{"stopwords", "[[rules]]\nid='r'\nregex='k=(\\w+)'\n[[rules.allowlists]]\nstopwords=['Client']", "a", "k=myclienT k=ab", "r=ab"},
		{"OR", "[[rules]]\nid='r'\nregex='k'\n[[rules.allowlists]]\npaths=['^a$']\nregexes=['zzz']", "a", "k", ""},
		{"AND, one holds", "[[rules]]\nid='r'\nregex='k'\n[[rules.allowlists]]\ncondition='AND'\npaths=['^a$']\nregexes=['zzz']", "a", "k", "r=k"},
		{"AND, both hold", "[[rules]]\nid='r'\nregex='k'\n[[rules.allowlists]]\ncondition='and'\npaths=['^a$']\nregexes=['k']", "a", "k", ""},
		{"AND with a commit", "[[rules]]\nid='r'\nregex='k'\n[[rules.allowlists]]\ncondition='AND'\ncommits=['c']\npaths=['^a$']", "a", "k", "r=k"},
		{"global allowlist", "[[rules]]\nid='r'\nregex='k\\d'\n[allowlist]\nregexes=['1']", "a", "k1 k2", "r=k2"},
		{"global path", "[[rules]]\nid='r'\nregex='k'\n[[allowlists]]\npaths=['^a']", "a", "k", ""},
		{"targetRules", "[[rules]]\nid='r'\nregex='k'\n[[rules]]\nid='s'\nregex='k'\n[[allowlists]]\ntargetRules=['s']\nregexes=['k']", "a", "k", "r=k"},
		{"skipReport", "[[rules]]\nid='r'\nregex='k'\nskipReport=true", "a", "k", ""},
		{"a later rule of the id", "[[rules]]\nid='r'\nregex='k'\n[[rules]]\nid='r'\nregex='l'", "a", "k l", "r=l"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := load(t, test.rules)
			if got := secrets(s, test.path, test.text); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			if s.UseDefault() || !s.Disabled("private-key") {
				t.Error("the built-in rules are used")
			}
		})
	}
	s := load(t, "[[rules]]\nid='r'\npath='[.]p12$'\n")
	if got := s.Files("a.p12"); len(got) != 1 || got[0].ID != "r" || len(s.Files("a")) > 0 {
		t.Errorf("%v", got)
	}
}

func TestExtend(t *testing.T) {
	files := map[string]string{
		"a.toml": "[extend]\npath='b.toml'\ndisabledRules=['gone', 'none']\n[[rules]]\nid='r'\nentropy=1.5\nkeywords=['other']\n[[rules.allowlists]]\nstopwords=['no']\n",
		"b.toml": "[extend]\nuseDefault=true\n[[rules]]\nid='r'\ndescription='Base'\nregex='k=(\\w+)'\nkeywords=['k=']\n[[rules]]\nid='gone'\nregex='k'\n[[rules]]\nid='private-key'\n[[rules.allowlists]]\nregexes=['x']\n",
		"c.toml": "[extend]\npath='c.toml'\n",
		"d.toml": "[extend]\npath='missing'\n",
	}
	opt := ruleset.Options{Builtin: builtin, Read: func(path string) ([]byte, error) {
		if text, ok := files[path]; ok {
			return []byte(text), nil
		}
		return nil, errors.New("no such file")
	}}
	s, err := ruleset.Load("a.toml", []byte(files["a.toml"]), opt)
	if err != nil {
		t.Fatal(err)
	}
	if got := secrets(s, "p", "k=aaaa k=abcd k=nowxyz"); got != "r=abcd" || s.Rules()[0].Title != "Base" {
		t.Errorf("%q %v", got, s.Rules()[0])
	}
	if !s.UseDefault() || s.Disabled("private-key") || !s.Allowed("private-key", "p", []byte("x"), ruleset.Span{Start: 0, End: 1}) {
		t.Error("the built-in rules are not as the base says")
	}
	if n := s.Notes(); len(n) == 0 || !strings.HasPrefix(n[0], `a.toml:3:`) {
		t.Errorf("notes %q", n)
	}
	for name, want := range map[string]string{
		"c.toml": "c.toml:2:6: extend: files extend others at most 2 deep",
		"d.toml": "d.toml:2:6: extend: no such file",
	} {
		if _, err := ruleset.Load(name, []byte(files[name]), opt); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", `r:1:1: there are no rules`},
		{"[[rule]]\nid = 'a'\nregex = 'x'\n[[rules]]\n", `r:4:3: keys of nbseal's format and of gitleaks' are mixed`},
		{"[[rule]]\nid = 'a'\n\nregex = 'secret('\n", `r:4:9: rule "a": regex: the regular expression is not valid: missing closing )`},
		{"[[rule]]\nid = 'a'\nregex = '(?=x)'\n", `r:3:9: rule "a": regex: the regular expression uses what RE2 does not have`},
		{"[[rule]]\nid = 'a'\nregex = '((x{100}){10}){9}'\n", `r:3:9: rule "a": regex: the regular expression is not valid: invalid repeat count`},
		{"[[rule]]\nid = 'a'\nregex = '" + strings.Repeat("(xyz){1000}", 40) + "'\n", `r:3:9: rule "a": regex: the regular expression is too large`},
		{"[[rule]]\nid = 'a'\n", `r:1:3: rule "a": regex is missing`},
		{"[[rule]]\nregex = 'a'\n", `r:1:3: a rule without an id`},
		{"[[rule]]\nid = 'A b'\nregex = 'a'\n", `r:2:6: rule "A b": an id is of lower case`},
		{"[[rule]]\nid = '%s'\nregex = 1\n", `r:2:6: rule "%s": an id is of lower case`},
		{"[[rule]]\nid = 'a'\nregex = 1\n", `r:3:9: rule "a": regex: expected a string`},
		{"[[rule]]\nid = 'a'\nregex = 'x'\nRegex = 'y'\n", `r:4:1: rule "a": unknown key`},
		{"[[rule]]\nid = 'a'\nregex = 'x'\ngroup = 1\n", `r:1:3: rule "a": group: the regular expression has no more than 0 groups`},
		{"[[rule]]\nid = 'a'\nregex = 'x'\nentropy = nan\n", `r:4:11: rule "a": entropy: expected a number from 0 to 8`},
		{"[[rule]]\nid = 'a'\nregex = 'x'\nseverity = 'critical'\n", `r:4:12: rule "a": severity: expected`},
		{"[[rule]]\nid = 'a'\nregex = 'x'\nrevoke = 'javascript:alert(1)'\n", `r:4:10: rule "a": revoke: expected an address`},
		{"[[rule]]\nid = 'a'\nregex = 'x'\ntitle = \"a\\u001b[0m\"\n", `r:4:9: rule "a": title: expected one line`},
		{"[[rule]]\nid = 'a'\nregex = 'x'\nkeywords = ['']\n", `r:4:13: rule "a": keywords: a string is empty`},
		{"[[rule]]\nid = 'a'\nregex = 'x'\nmatch = ['x', 'hidden']\n", `r:4:15: rule "a": match: the rule does not find this example`},
		{"[[rule]]\nid = 'a'\nregex = 'x'\nno_match = ['x']\n", `r:4:13: rule "a": no_match: the rule finds this example`},
		{"[[rule]]\nid = 'a'\nregex = 'x'\n[[rule.allow]]\n", `r:4:8: rule "a": an allow list needs`},
		{"[[rule]]\nid = 'a'\nregex = 'x'\n[[rule.allow]]\nregex = '['\n", `r:5:9: rule "a": regex: the regular expression is not valid: missing closing ]`},
		{"[[rule]]\nid = 'a'\nregex = 'x'\n[[rule]]\nid = 'a'\nregex = 'x'\n", `r:4:3: rule "a": there is a rule of this id already`},
		{"[[rule]]\nid = 'a'\nid = 'b'\n", `r:3:1: this key or table is there already`},
		{"[[rule]]\nid = 'a\n", `r:2:`},
		{"[rule]\nid = 'a'\n", `r:1:2: rule: expected an array of tables`},
		{"[[rules]]\nid = 'a b'\nregex = '['\n", `r:3:9: rule "a b": regex: the regular expression is not valid`},
		{"[[rules]]\nid = 'a'\n", `r:1:3: rule "a": neither regex nor path`},
		{"[[rules]]\nid = 'a'\nregex = 'x'\nsecretGroup = 1\n", `r:1:3: rule "a": secretGroup: the regular expression has no more than 0 groups`},
		{"[[rules]]\nid = 'a'\nregex = 'x'\n[[rules.allowlists]]\ncondition = 'XOR'\nregexes = ['x']\n", `r:5:13: rule "a": allowlist: condition: expected`},
		{"[extend]\npath = 'x'\nuseDefault = true\n", `r:2:8: extend: path and useDefault cannot be used together`},
		{"[extend]\npath = 'x'\n", `r:2:8: extend: files extend others at most 2 deep`},
		{"rules = " + strings.Repeat("[", 100000), `r:1:`},
		{"a.b.c.d.e.f.g.h.i.j = 1", `r:1:17: values are nested too deep`},
		{strings.Repeat("#", ruleset.MaxSize+1), `r:1:1: it is larger than`},
	} {
		_, err := ruleset.Load("r", []byte(test.text), ruleset.Options{})
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%.80q: %v, want %q", test.text, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "hidden") {
			t.Errorf("%v quotes what may be a credential", err)
		}
	}
}

func TestNotes(t *testing.T) {
	s := load(t, "[extend]\nuseDefault=true\ndisabledRules=['generic-api-key','nobody']\n[[rules]]\nid='r'\nregex='x'\nnovel=1\n[[rules.allowlists]]\ncommits=['c']\n[[rules]]\nid='ghost'\nentropy=2\n[[rules.required]]\nid='r'\n")
	want := []string{"7:1", "9:10", "13:9", "3:34", "10:3", "10:3"}
	notes := s.Notes()
	if len(notes) != len(want) {
		t.Fatalf("%q", notes)
	}
	for i, n := range notes {
		if !strings.HasPrefix(n, "rules.toml:"+want[i]+":") {
			t.Errorf("note %q, want one at %s", n, want[i])
		}
	}
	if !s.Disabled("generic-api-key") || s.Disabled("private-key") {
		t.Error("disabledRules is not heeded")
	}
	if n := load(t, "rules=[]\n"+many("k%d=1\n", 150)).Notes(); len(n) != 100 || n[99] != "rules.toml:101:1: from here on, more has no effect" {
		t.Errorf("%d notes, the last of them %q", len(n), n[len(n)-1])
	}
	if _, err := ruleset.Load("r", []byte("rules=[]\n"+many("k%d=1\n", 250)), ruleset.Options{}); err == nil || !strings.Contains(err.Error(), "too many keys") {
		t.Error(err)
	}
}

func many(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestWindows: looking around keywords gives what looking everywhere gives.
func TestWindows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, regex := range []string{
		`key[0-9]{1,3}`, `(?i)\bkey\b`, `(?m)^key=(\w{1,4})$`, `(?:key|tok)[=:]{1,2}(\S{1,3})(?:\s|$)`, `(?:k[eE]y|to[kK])(x?)`,
		`(?i)[\w.-]{0,5}?(?:key)(?:[ \t\w.-]{0,5})(?:=|:)([a-z0-9]{2,4})(?:[;\s]|$)`, `.{0,3}tok.{0,3}`, `\Akey`, `tok\z`, `(key){1,3}`,
	} {
		set := load(t, fmt.Sprintf("[[rules]]\nid='r'\nregex='''%s'''\nkeywords=['key','tok']\n", regex))
		full := load(t, fmt.Sprintf("[[rules]]\nid='r'\nregex='''%s'''\n", regex))
		for range 300 {
			var b strings.Builder
			for range r.IntN(60) {
				b.WriteString([]string{"key", "tok", "KEY", "=", ":", "a", "7", " ", "\n", "é", "x", ";", strings.Repeat(" ", r.IntN(40)), "\xff"}[r.IntN(14)])
			}
			text := b.String()
			if got, want := secrets(set, "p", text), secrets(full, "p", text); got != want {
				t.Fatalf("%s in %q: %q, want %q", regex, text, got, want)
			}
		}
	}
}

func TestMatchesAreBounded(t *testing.T) {
	s := load(t, "[[rules]]\nid='r'\nregex='k'\n")
	n := 0
	count := func(ruleset.Match) { n++ }
	if s.Find("p", []byte(strings.Repeat("k", ruleset.MaxMatches)), count); n != ruleset.MaxMatches {
		t.Errorf("%d matches", n)
	}
	if s.Find("p", []byte(strings.Repeat("k", ruleset.MaxMatches+1)), count) {
		t.Error("matches were left out and nothing says so")
	}
}

func TestManyRules(t *testing.T) {
	text := many("[[rule]]\nid='r%[1]d'\nregex='t%[1]d_\\w{9}'\nkeywords=['t%[1]d_']\n", ruleset.MaxRules)
	s := load(t, text)
	if got := secrets(s, "p", "t77_abcdefghi t9999_abcdefghi"); got != "r77=t77_abcdefghi r9999=t9999_abcdefghi" {
		t.Error(got)
	}
	_, err := ruleset.Load("r", []byte(text+"[[rule]]\nid='more'\nregex='x'\n"), ruleset.Options{})
	if err == nil || !strings.Contains(err.Error(), "more than 10000 rules") {
		t.Error(err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(own, "acme_0a1b2c3d")
	f.Add("[extend]\nuseDefault=true\npath='self'\n[[rules]]\nid='r'\nregex='(?i)k([0-9]{2,4})$'\nkeywords=['k']\n[[rules.allowlists]]\ncondition='AND'\nregexes=['1']\n", "k12\nK3456")
	f.Add("[extend]\npath='self'\n[[rules]]\nid='r'\nregex='x'\n", "x")
	f.Add("rules=[{id='a',regex='a',allowlists=[{stopwords=['b']}]}]\n[allowlist]\npaths=['c']", "aaa")
	f.Fuzz(func(t *testing.T, rules, text string) {
		opt := ruleset.Options{Builtin: builtin, Read: func(string) ([]byte, error) { return []byte(rules), nil }}
		s, err := ruleset.Load("f.toml", []byte(rules), opt)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f.toml:") && !strings.Contains(err.Error(), "which f.toml extends") {
				t.Fatalf("no place: %v", err)
			}
			return
		}
		if !slices.IsSortedFunc(s.Rules(), func(a, b *ruleset.Rule) int { return strings.Compare(a.ID, b.ID) }) {
			t.Fatal("rules are not in order")
		}
		last := 0
		s.Find("p", []byte(text), func(m ruleset.Match) {
			if m.Secret.Start < last || m.Secret.End <= m.Secret.Start || m.Secret.End > len(text) || m.Whole.Start > m.Secret.Start {
				t.Fatalf("match %+v after %d in %d bytes", m, last, len(text))
			}
			last = m.Secret.Start
		})
	})
}
