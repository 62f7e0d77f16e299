package scan_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/scan"
)

// pem is a private key that nobody issued: its letters are drawn.
func pem(seed uint64) string {
	begin, end := "-----BEGIN RSA PRIVATE"+" KEY-----\n", "-----END RSA PRIVATE"+" KEY-----\n"
	var b strings.Builder
	for n := range uint64(6) {
		b.WriteString((token(seed+n) + token(seed+n+50))[3:67] + "\n")
	}
	return begin + "MII" + b.String() + end
}

// What git filter-repo makes of the expressions holds no credential any more,
// and its notebooks are notebooks.
func TestReplacementsAreWhatFilterRepoReads(t *testing.T) {
	short := strings.Join([]string{"Xy7", "!", "kq"}, "")
	for name, c := range map[string]struct{ key, short bool }{"literals": {}, "a short one": {short: true}, "a key of many lines": {true, true}} {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t)
			r.put("plain.py", leaky(1)+"s3_secret = 'x==>"+token(2)+"'\n")
			r.notebook("a.ipynb", leaky(1), `r = "quoted \"hf_token\": \"`+token(3)+`\""`)
			if c.short {
				r.put("b.py", "db_password = '"+short+"'\nother = '"+short+" of the house'\n")
			}
			if c.key {
				r.put("key.pem", pem(10))
				r.notebook("key.ipynb", "key = '''"+pem(10)+"'''\n", leaky(4))
			}
			r.commit(0, "leaks")
			r.put("plain.py", leaky(5))
			r.commit(1, "more")
			var found scan.Replacements
			opt := scan.HistoryOptions{Replacements: &found}
			e, before := r.history(opt)
			if before.Findings < 4 || !before.Complete {
				t.Fatalf("%q", e.lines)
			}
			path := filepath.Join(t.TempDir(), "expressions.txt")
			if err := found.Write(path); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v %v", info.Mode(), err)
			}
			r.git("filter-repo", "--force", "--quiet", "--replace-text", path)
			e, after := r.history(scan.HistoryOptions{})
			if after.Findings != 0 || !after.Complete || after.Notebooks != before.Notebooks || after.Commits != 2 {
				t.Errorf("%+v %q", after, e.lines)
			}
			if text := r.git("show", "HEAD:plain.py"); text != "hf_token = '[nbseal:huggingface-token]'" {
				t.Errorf("plain.py is now %s", text)
			}
			for _, name := range strings.Fields(r.git("ls-tree", "--name-only", "HEAD")) {
				if strings.HasSuffix(name, ".ipynb") && !json.Valid([]byte(r.git("show", "HEAD:"+name))) {
					t.Errorf("%s is no JSON any more", name)
				}
			}
			if !c.short {
				return
			}
			if text := r.git("show", "HEAD:b.py"); !strings.Contains(text, short+" of the house") || !strings.Contains(text, "[nbseal:generic-password]") {
				t.Errorf("b.py is now %s", text)
			}
		})
	}
}
