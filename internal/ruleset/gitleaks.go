package ruleset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nbseal/nbseal/internal/finding"
)

// gitleaks reads the format of gitleaks 8, as far as it makes sense for texts.
// Keys are without regard to case, as gitleaks' own reader (viper) has them.
func (l *loader) gitleaks(src *source, root *node, depth int) (*config, error) {
	f := newFields(src, root, "", true)
	for _, name := range []string{"title", "description", "minVersion"} {
		f.take(name)
	}
	c := &config{}
	extend := f.tables("extend", true)
	rules := f.tables("rules", false)
	lists := slices.Concat(f.tables("allowlist", true), f.tables("allowlists", false))
	if l.noteUnknown(f); f.err != nil {
		return nil, f.err
	}
	if len(rules) > MaxRules {
		return nil, place{src, rules[MaxRules].at}.errorf("there are more than %d rules", MaxRules)
	}
	if len(extend) > 1 {
		return nil, place{src, extend[1].at}.errorf("extend: there is one already")
	}
	var base *config
	for _, n := range extend {
		var err error
		if base, err = l.extend(src, n, c, depth); err != nil {
			return nil, err
		}
	}
	for _, n := range rules {
		r, err := l.gitleaksRule(src, n)
		if err != nil {
			return nil, err
		}
		c.rules = append(c.rules, r)
	}
	for _, n := range lists {
		a, err := l.gitleaksAllow(src, n, "", true)
		switch {
		case err != nil:
			return nil, err
		case len(a.rules) > 0:
			c.targeted = append(c.targeted, a)
		case !a.empty():
			c.allow = append(c.allow, a)
		}
	}
	return c, l.settle(c, base)
}

// extend reads [extend] into c and returns what its path names, or nil.
func (l *loader) extend(src *source, n *node, c *config, depth int) (*config, error) {
	f := newFields(src, n, "extend: ", true)
	c.builtin, _ = f.flag("useDefault")
	path, at := f.text("path")
	var disabled []named
	for _, n := range f.texts("disabledRules") {
		disabled = append(disabled, named{n.text, place{src, n.at}})
	}
	if path != "" && c.builtin {
		f.fail(at, "path and useDefault cannot be used together")
	}
	if l.noteUnknown(f); f.err != nil {
		return nil, f.err
	}
	if path == "" {
		c.disabled = disabled
		return nil, nil
	}
	if l.opt.Read == nil || depth >= maxDepth {
		return nil, place{src, at}.errorf("extend: files extend others at most %d deep, from a file only", maxDepth)
	}
	data, err := l.opt.Read(path)
	if err != nil {
		return nil, place{src, at}.errorf("extend: %w", err)
	}
	base, err := l.file(path, data, depth+1)
	if err != nil {
		return nil, fmt.Errorf("%w (which %s extends)", err, src.name)
	}
	for _, d := range disabled {
		known := false
		kept := base.rules[:0]
		for _, r := range base.rules {
			if r.ID == d.id {
				known = true
			} else {
				kept = append(kept, r)
			}
		}
		base.rules = kept
		if !known || base.builtin {
			c.disabled = append(c.disabled, d)
		}
	}
	return base, nil
}

// settle joins the rules of one id, and those of c with those of the file that
// it extends.
func (l *loader) settle(c, base *config) error {
	byID := map[string]*Rule{}
	var rules []*Rule
	add := func(r *Rule) {
		if old := byID[r.ID]; old != nil {
			old.overridden = true
		}
		byID[r.ID] = r
		rules = append(rules, r)
	}
	if base != nil {
		c.builtin = base.builtin
		c.allow = append(c.allow, base.allow...)
		c.targeted = append(c.targeted, base.targeted...)
		c.disabled = append(c.disabled, base.disabled...)
		c.extends = append(c.extends, base.extends...)
		for _, r := range base.rules {
			add(r)
		}
	}
	own := map[string]*Rule{}
	for _, r := range c.rules {
		old := byID[r.ID]
		if earlier := own[r.ID]; earlier != nil {
			l.note(earlier.at, "rule %q: it has no effect, as a later rule has this id", r.ID)
			old = nil
		}
		own[r.ID] = r
		switch {
		case old != nil:
			r.inherit(old)
		case r.pattern == nil && r.path == nil && (c.builtin || base != nil):
			c.extends = append(c.extends, r)
			continue
		}
		add(r)
	}
	c.rules = c.rules[:0]
	for _, r := range rules {
		if r.overridden {
			continue
		}
		if r.pattern == nil && r.path == nil {
			return r.at.errorf("rule %q: neither regex nor path: it finds nothing", r.ID)
		}
		if r.pattern != nil && r.group > r.pattern.re.NumSubexp() {
			return r.at.errorf("rule %q: secretGroup: the regular expression has no more than %d groups", r.ID, r.pattern.re.NumSubexp())
		}
		r.prepare()
		c.rules = append(c.rules, r)
	}
	return nil
}

// inherit takes over what r does not say from the rule that it extends.
func (r *Rule) inherit(old *Rule) {
	if r.Title == r.ID {
		r.Title = old.Title
	}
	if r.entropy == 0 {
		r.entropy = old.entropy
	}
	if r.group == 0 {
		r.group = old.group
	}
	if r.pattern == nil {
		r.pattern = old.pattern
	}
	if r.path == nil {
		r.path = old.path
	}
	r.keywords = append(r.keywords, old.keywords...)
	r.Tags = append(r.Tags, old.Tags...)
	r.allow = append(r.allow, old.allow...)
}

func (l *loader) gitleaksRule(src *source, n *node) (*Rule, error) {
	f := newFields(src, n, "", true)
	r := &Rule{ID: ruleID(f), at: place{src, n.at}, Severity: finding.Medium}
	text, _ := f.text("description")
	if r.Title = oneLine(text); r.Title == "" {
		r.Title = r.ID
	}
	if text, at := f.text("regex"); text != "" {
		r.pattern = l.compileAt(f, "regex", at, text)
	}
	l.common(f, r, "secretGroup")
	for _, t := range f.texts("tags") {
		r.Tags = append(r.Tags, oneLine(t.text))
	}
	r.silent, _ = f.flag("skipReport")
	lists := slices.Concat(f.tables("allowlist", true), f.tables("allowlists", false))
	if v := f.take("required"); v != nil && f.err == nil {
		l.note(place{src, v.at}, "rule %q: required is ignored: the rule is reported without the others", r.ID)
	}
	if l.noteUnknown(f); f.err != nil {
		return nil, f.err
	}
	for _, n := range lists {
		a, err := l.gitleaksAllow(src, n, f.of, false)
		if err != nil {
			return nil, err
		}
		if !a.empty() {
			r.allow = append(r.allow, a)
		}
	}
	return r, nil
}

// oneLine makes a description fit to be shown.
func oneLine(s string) string {
	s = strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), "")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 || r == 0x2028 || r == 0x2029 || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 {
			return -1
		}
		return r
	}, s)
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown-len("…")], "") + "…"
	}
	return s
}

func (l *loader) gitleaksAllow(src *source, n *node, of string, top bool) (*allow, error) {
	f := newFields(src, n, of+"allowlist: ", true)
	a := &allow{at: place{src, n.at}}
	f.take("description")
	for _, r := range f.texts("regexes") {
		a.regexes = append(a.regexes, l.compileAt(f, "regexes", r.at, r.text))
	}
	for _, p := range f.texts("paths") {
		a.paths = append(a.paths, l.compileAt(f, "paths", p.at, p.text))
	}
	a.words = f.lower("stopwords")
	commits := f.texts("commits")
	switch text, at := f.text("condition"); strings.ToUpper(text) {
	case "", "OR", "||":
	case "AND", "&&":
		a.every = true
	default:
		f.fail(at, `condition: expected "AND" or "OR"`)
	}
	switch text, at := f.text("regexTarget"); text {
	case "", "secret":
	case "match":
		a.target = targetMatch
	case "line":
		a.target = targetLine
	default:
		f.fail(at, `regexTarget: expected "secret", "match" or "line"`)
	}
	if top {
		for _, id := range f.texts("targetRules") {
			a.rules = append(a.rules, id.text)
		}
	}
	if l.noteUnknown(f); f.err != nil {
		return nil, f.err
	}
	if len(commits) > 0 {
		a.never = true
		l.note(place{src, commits[0].at}, "%sallowlist: commits are ignored", of)
		return a, f.err
	}
	if a.empty() {
		f.fail(n.at, "it needs one of regexes, paths, stopwords and commits")
	}
	return a, f.err
}

// noteUnknown notes keys that nothing reads, as gitleaks passes over them.
func (l *loader) noteUnknown(f *fields) {
	f.rest(func(k key) {
		if f.err == nil {
			l.note(place{f.src, k.at}, "%sunknown key, which is ignored", f.of)
		}
	})
}
