package scan

import (
	"testing"

	"github.com/nbseal/nbseal/internal/detect"
)

// TestGitleaksRules: the table names rules that there are.
func TestGitleaksRules(t *testing.T) {
	known := map[string]bool{}
	for _, r := range detect.Rules() {
		known[r.ID] = true
	}
	for id, rules := range gitleaksRules {
		for _, rule := range rules {
			if !known[rule] || rule == id {
				t.Errorf("%s: %s is no rule, or needs no entry", id, rule)
			}
		}
	}
}
