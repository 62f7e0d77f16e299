package ruleset_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/ruleset"
)

// BenchmarkFind searches a text in which no rule's keyword is, and one that has
// one of them in every kilobyte, with growing numbers of rules.
func BenchmarkFind(b *testing.B) {
	line := "x = model.fit(data, epochs=12, batch_size=64)  # the usual settings of the lab\n"
	for _, n := range []int{1, 100, 10_000} {
		s, err := ruleset.Load("r", []byte(many("[[rule]]\nid='r%[1]d'\nregex='t%[1]d_\\w{9}'\nkeywords=['t%[1]d_']\n", n)), ruleset.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for name, text := range map[string]string{
			"none": strings.Repeat(line, 10_000),
			"some": strings.Repeat(strings.Repeat(line, 12)+"t0_abcdefghi\n", 800),
		} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					s.Find("a.ipynb", []byte(text), func(ruleset.Match) {})
				}
			})
		}
	}
}
