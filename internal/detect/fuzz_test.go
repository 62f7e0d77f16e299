package detect

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// FuzzFind: no panic, spans in range and in order, the same answer twice, none
// in a dull text.
func FuzzFind(f *testing.F) {
	made := newFake(1)
	for _, c := range forms {
		text, _ := unmark(made.expand(c.text))
		f.Add([]byte(text), uint8(c.lang), "")
	}
	for _, c := range silent {
		f.Add([]byte(made.expand(c.text)), uint8(c.lang), "token")
	}
	f.Add([]byte("password"), uint8(0), "password")
	f.Add([]byte(`api_key = "getpass("`), uint8(1), "")
	f.Add([]byte("\\\\\\\"token\\\\\\\": \\\\\\\""), uint8(1), "")
	f.Add([]byte("!0pass ''B'"+"000000A'"), uint8(1), "") // an empty literal before another
	d := New()
	f.Fuzz(func(t *testing.T, text []byte, lang uint8, key string) {
		in := Input{Text: text, Language: Language(lang % 7), Key: key}
		var first, second []Match
		d.Find(in, func(m Match) { first = append(first, m) })
		d.Find(in, func(m Match) { second = append(second, m) })
		if !reflect.DeepEqual(first, second) {
			t.Errorf("two answers: %v, %v", first, second)
		}
		if len(first) > 0 && in.Language == Unknown && d.Dull(text, []byte(key)) {
			t.Errorf("dull, and %d found", len(first))
		}
		at := 0
		for _, m := range first {
			if m.Rule == nil || len(m.Parts) == 0 {
				t.Fatalf("match %v", m)
			}
			for _, p := range m.Parts {
				if p.Start < at || p.End <= p.Start || p.End > len(text) {
					t.Fatalf("part %v after %d of %d bytes", p, at, len(text))
				}
				at = p.End
			}
		}
		Shown(text)
	})
}

// TestLinear: texts made to be slow take time in proportion to their length.
func TestLinear(t *testing.T) {
	f := newFake(9)
	for _, piece := range []string{
		"password", "password=", "password ", "token: ", "key=key=", `"a" `, `"a" "a" + `, "'''", `"""`, `\"`, "://", "a://b:", "http://a:b", "eyJ", "eyJ.eyJ.",
		"-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\\n" + strings.Repeat("A", 60), "<th>password</th>", "password  x\n", "| password |", "sig=", "data:text/plain;base64,",
		"kind: Secret\ndata:\n", "login(", "login((", "Client(\"a\",", "auth=(", "Bearer ", "Basic QQ", "...", "sk-...", "a,password = ", "password, ", "(", "\\", "api key ", "secret access key ",
		"-u ", "curl -u ", "mysql -p", "password:\"" + strings.Repeat("x", 90), f.of(b64std, 100), "xoxb-1-", "hf_", "AKIA", "T3BlbkFJ", "sk-" + f.of(alnum, 20), "a.b-c_", ":5432:", "print(token)\n", "x,password,y\n", "keys = [\"a\",", "'Token:', value='", "user/password: ", "pw or ", "/bot", "<td>token</td>", "`password` ", "API key:\n",
		`{"key": {"a": "b", `, "password  a  b\n", "<th>password</th><td>a</td>", "│ password │ a\n", `{"kty":"`, "key1 FULL ", "<input name=\"token\" ", "password for ",
	} {
		t.Run(fmt.Sprintf("%.20q", piece), func(t *testing.T) {
			const small, tries = 1 << 12, 5
			for try := 1; ; try++ { // a busy machine makes any one measurement wrong
				one := fastest(strings.Repeat(piece, small/len(piece)+1))
				eight := fastest(strings.Repeat(piece, 8*small/len(piece)+1))
				if eight <= 8*one*5/2+20*time.Millisecond {
					return
				}
				if try == tries {
					t.Fatalf("%v for %d bytes, %v for eight times as many", one, small, eight)
				}
			}
		})
	}
}

func fastest(text string) time.Duration {
	d := New()
	best := time.Hour
	for range 3 {
		best = min(best, cpuTime(func() { d.Find(Input{Text: []byte(text), Language: Python}, func(Match) {}) }))
	}
	return best
}
