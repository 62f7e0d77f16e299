package detect

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkRules finds with a quarter, half and all of the rules: the speed on
// text that holds no credential should hardly depend on their number, and the
// time to build the tables only on the length of their literals.
func BenchmarkRules(b *testing.B) {
	text := []byte(strings.Repeat("for i, row in frame.iterrows():\n    total += model.predict(row, axis=0)[1] # the loss goes down\n", 1<<13))
	count := len(builtinRules())
	for _, part := range []int{4, 2, 1} {
		b.Run(fmt.Sprint(count/part), func(b *testing.B) {
			rules := builtinRules()
			t := newTables(rules[:count/part])
			d := &Detector{tables: func() *tables { return t }}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				d.Find(Input{Text: text, Language: Python}, func(Match) { b.Fatal("found") })
			}
		})
	}
}
