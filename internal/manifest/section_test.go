package manifest

import (
	"strings"
	"testing"
	"time"
)

func TestMatchesFoldsCase(t *testing.T) {
	for _, c := range []struct {
		pattern, notebook string
		fold, want        bool
	}{
		{"Reports/*.ipynb", "reports/A.IPYNB", true, true},
		{"Reports/*.ipynb", "reports/A.IPYNB", false, false},
		{"[A-Z].ipynb", "Q.ipynb", true, true},
		{"**", "any/thing", false, true},
	} {
		if got := matches(c.pattern, c.notebook, c.fold); got != c.want {
			t.Errorf("%s matches %s: %v", c.pattern, c.notebook, got)
		}
	}
}

// No pattern that is accepted takes long, whatever the path.
func TestMatchingIsBounded(t *testing.T) {
	for _, p := range []string{strings.Repeat("{a,a,a,a,a}", 4) + "b", "{a,{a,{a,{a,a}}}}*b", strings.Repeat("**/*a*/", 100) + "b", strings.Repeat("*a", 100) + "b"} {
		if !validPattern(p) {
			t.Errorf("%.40s is refused", p)
		}
		start := time.Now()
		for _, s := range []string{strings.Repeat("a", 4000), strings.Repeat("aa/", 1000) + "c"} {
			if matches(p, s, true) {
				t.Errorf("%.40s matches", p)
			}
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%.40s takes %v", p, d)
		}
	}
}
