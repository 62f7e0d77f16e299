package ruleset

import (
	"fmt"

	"github.com/nbseal/nbseal/internal/finding"
)

// own reads nbseal's format, see docs/spec/rules.md.
func (l *loader) own(src *source, root *node) (*config, error) {
	f := newFields(src, root, "", false)
	c := &config{builtin: true}
	if on, there := f.flag("builtin"); there {
		c.builtin = on
	}
	for _, n := range f.texts("disabled") {
		c.disabled = append(c.disabled, named{n.text, place{src, n.at}})
	}
	rules, lists := f.tables("rule", false), f.tables("allow", false)
	f.unknown()
	if f.err != nil {
		return nil, f.err
	}
	if len(rules) > MaxRules {
		return nil, place{src, rules[MaxRules].at}.errorf("there are more than %d rules", MaxRules)
	}
	seen := map[string]bool{}
	for _, n := range rules {
		r, err := l.ownRule(src, n)
		if err != nil {
			return nil, err
		}
		if seen[r.ID] {
			return nil, r.at.errorf("rule %q: there is a rule of this id already", r.ID)
		}
		seen[r.ID] = true
		c.rules = append(c.rules, r)
	}
	for _, n := range lists {
		a, err := l.ownAllow(src, n, "", true)
		if err != nil {
			return nil, err
		}
		if len(a.rules) > 0 {
			c.targeted = append(c.targeted, a)
		} else {
			c.allow = append(c.allow, a)
		}
	}
	return c, nil
}

// ruleID reads the id of a rule, by which errors name it.
func ruleID(f *fields) string {
	id := f.shown("id")
	if f.err == nil && id == "" {
		f.fail(f.n.at, "a rule without an id")
	}
	if id != "" {
		f.of = fmt.Sprintf("rule %q: ", id)
	}
	return id
}

// validID accepts lower case words of letters and digits, joined by "-".
func validID(id string) bool {
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '-' && i > 0 && i < len(id)-1 && id[i-1] != '-':
		default:
			return false
		}
	}
	return id != ""
}

func (l *loader) ownRule(src *source, n *node) (*Rule, error) {
	f := newFields(src, n, "", false)
	r := &Rule{ID: ruleID(f), at: place{src, n.at}}
	if f.err == nil && !validID(r.ID) {
		f.fail(f.n.get("id").value.at, "an id is of lower case letters and digits, with - between words")
	}
	if r.Title = f.shown("title"); r.Title == "" {
		r.Title = r.ID
	}
	r.Severity = severity(f)
	r.Revoke = f.link("revoke")
	if text, at := f.text("regex"); text == "" {
		f.fail(at, "regex is missing")
	} else {
		r.pattern = l.compileAt(f, "regex", at, text)
	}
	l.common(f, r, "group")
	r.minLength, r.maxLength = f.count("min_length"), f.count("max_length")
	if r.maxLength > 0 && r.minLength > r.maxLength {
		f.fail(n.at, "min_length is greater than max_length")
	}
	for _, a := range f.tables("allow", false) {
		list, err := l.ownAllow(src, a, f.of, false)
		if err != nil {
			return nil, err
		}
		r.allow = append(r.allow, list)
	}
	match, noMatch := f.texts("match"), f.texts("no_match")
	f.unknown()
	if f.err != nil {
		return nil, f.err
	}
	r.prepare()
	return r, examples(r, src, match, noMatch)
}

// common reads what both formats have, but for the name of the group's key.
func (l *loader) common(f *fields, r *Rule, group string) {
	r.group = f.count(group)
	if r.pattern != nil && r.group > r.pattern.re.NumSubexp() {
		f.fail(f.n.at, "%s: the regular expression has no more than %d groups", group, r.pattern.re.NumSubexp())
	}
	r.entropy = f.entropy("entropy")
	r.keywords = f.keywords("keywords")
	if text, at := f.text("path"); text != "" {
		r.path = l.compileAt(f, "path", at, text)
	}
}

func severity(f *fields) finding.Severity {
	switch text, at := f.text("severity"); text {
	case "high":
		return finding.High
	case "low":
		return finding.Low
	case "medium", "":
	default:
		f.fail(at, `severity: expected "high", "medium" or "low"`)
	}
	return finding.Medium
}

// ownAllow reads [[allow]] or [[rule.allow]].
func (l *loader) ownAllow(src *source, n *node, of string, top bool) (*allow, error) {
	f := newFields(src, n, of, false)
	a := &allow{every: true, at: place{src, n.at}}
	if text, at := f.text("regex"); text != "" {
		a.regexes = []*pattern{l.compileAt(f, "regex", at, text)}
	}
	if text, at := f.text("path"); text != "" {
		a.paths = []*pattern{l.compileAt(f, "path", at, text)}
	}
	a.words = f.lower("stopwords")
	switch text, at := f.text("target"); {
	case text != "" && len(a.regexes) == 0:
		f.fail(at, "target is for regex, which is missing")
	case text == "match":
		a.target = targetMatch
	case text == "line":
		a.target = targetLine
	case text != "" && text != "secret":
		f.fail(at, `target: expected "secret", "match" or "line"`)
	}
	if top {
		for _, id := range f.texts("rules") {
			a.rules = append(a.rules, id.text)
		}
	}
	f.unknown()
	if f.err == nil && a.empty() {
		f.fail(n.at, "an allow list needs regex, path or stopwords")
	}
	return a, f.err
}

// examples holds a rule to its examples. Each is a text, at a path that the
// rule would look at.
func examples(r *Rule, src *source, match, noMatch []*node) error {
	finds := func(n *node) bool {
		found := false
		text := []byte(n.text)
		if !r.hasKeyword(text) {
			return false
		}
		r.search(&query{text: text, emit: func(Match) { found = true }}, 0, len(text))
		return found
	}
	for _, n := range match {
		if !finds(n) {
			return place{src, n.at}.errorf("rule %q: match: the rule does not find this example", r.ID)
		}
	}
	for _, n := range noMatch {
		if finds(n) {
			return place{src, n.at}.errorf("rule %q: no_match: the rule finds this example", r.ID)
		}
	}
	return nil
}
