package detect

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestRules holds every rule to the same: well-formed, and found where it
// stands alone, not where it is a part of something else.
func TestRules(t *testing.T) {
	rules := Rules()
	if len(rules) < 250 {
		t.Errorf("%d rules, want 250 or more", len(rules))
	}
	if !slices.IsSortedFunc(rules, func(a, b *Rule) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("rules are not sorted by ID")
	}
	for _, r := range rules {
		t.Run(r.ID, func(t *testing.T) {
			wellFormed(t, r)
			f := newFake(uint64(len(r.ID)))
			for n := range r.shapes {
				accepts(t, f, r, n)
				refuses(t, f, r, n)
			}
			if len(r.services) > 0 && len(r.values) > 0 {
				named(t, f, r)
			}
			if len(r.shapes) == 0 && len(r.values) == 0 && !slices.ContainsFunc(forms, func(c form) bool { return c.rule == r.ID }) {
				t.Error("nothing tests this rule: add a line to forms")
			}
		})
	}
}

func wellFormed(t *testing.T, r *Rule) {
	if !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`).MatchString(r.ID) {
		t.Errorf("id %q", r.ID)
	}
	if r.Title == "" || strings.HasSuffix(r.Title, ".") {
		t.Errorf("title %q", r.Title)
	}
	if r.Severity.String() == "" || r.Severity < 1 || r.Severity > 3 {
		t.Errorf("severity %v", r.Severity)
	}
	for _, u := range []string{r.Revoke, r.Source} {
		if p, err := url.Parse(u); err != nil || u != "" && p.Scheme != "https" {
			t.Errorf("address %q", u)
		}
	}
	if r.Source == "" && (len(r.shapes) > 0 || len(r.values) > 0) && !strings.HasPrefix(r.ID, "generic-") {
		t.Error("a form without a source")
	}
}

// accepts: the token at the start, at the end, quoted, bare, back to back.
func accepts(t *testing.T, f fake, r *Rule, n int) {
	t.Helper()
	for _, long := range []bool{false, true} {
		a, b := f.token(r, n, long), f.token(r, n, long)
		for _, text := range []string{
			a, a + " end", "start " + a, "x = '" + a + "'", "x = \"" + a + "\"\n", "see <" + a + ">.", a + "\n" + b, a + "," + b, "(" + a + ")",
			`{\"x\": \"` + a + `\"}`, `{"x": "` + a + `", "y": "` + b + `"}`, "`" + a + "`",
		} {
			got := find(t, text, Unknown, "")
			if want := strings.Count(text, a) + strings.Count(text, b); len(got) != want {
				t.Errorf("shape %q in %q: %d findings, want %d: %v", r.shapes[n], text, len(got), want, got)
				return
			}
			for _, g := range got {
				if g.rule != r.ID || g.secret != a && g.secret != b {
					t.Errorf("shape %q in %q: %v", r.shapes[n], text, g)
				}
			}
		}
	}
}

// refuses: a longer word around it, a token too short or too long, another alphabet.
func refuses(t *testing.T, f fake, r *Rule, n int) {
	t.Helper()
	sh := parseShape(r.shapes[n])
	last := sh.segs[len(sh.segs)-1]
	short, long := f.token(r, n, false), f.token(r, n, true)
	for _, text := range []string{"Zq7" + short, long + "Zq7"} {
		for _, g := range find(t, text, Unknown, "") {
			if g.rule == r.ID && (g.secret == short || g.secret == long) {
				t.Errorf("shape %q reported within a longer word: %q", r.shapes[n], text)
			}
		}
	}
	texts := []string{short[:len(sh.prefix)] + strings.Repeat("*", len(short)-len(sh.prefix))}
	if last.set != 0 {
		texts = append(texts, short[:len(short)-1], short[:len(short)-1]+"!", long+f.of(last.set&alnum, 1))
	}
	for _, text := range texts {
		for _, g := range find(t, text, Unknown, "") {
			if g.rule == r.ID && !slices.ContainsFunc(r.parsed, func(sh *shape) bool { return sh.whole([]byte(g.secret)) }) {
				t.Errorf("shape %q reported in %q: %v", r.shapes[n], text, g)
			}
		}
	}
}

// named: a value that only its name explains.
func named(t *testing.T, f fake, r *Rule) {
	t.Helper()
	for _, value := range r.values {
		v := f.shape(parseShape(value), false)
		text := fmt.Sprintf("%s_api_key = \"%s\"\n", strings.ToUpper(r.services[0]), v)
		got := find(t, text, Python, "")
		if len(got) != 1 || got[0].rule != r.ID || got[0].secret != v || !strings.HasSuffix(got[0].name, "_api_key") {
			t.Errorf("%q in %q: %v", value, text, got)
		}
	}
}
