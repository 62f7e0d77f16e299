package dotenv_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/provider/dotenv"
	"github.com/nbseal/nbseal/internal/provider/providertest"
)

const scheme = manifest.SchemeDotenv

func TestConformance(t *testing.T) {
	h := provider.Host{Dir: t.TempDir()}
	broken := providertest.BrokenFiles(t, h, scheme)
	for what, text := range map[string]string{
		"unclosed quote":  "A=\"%s\n",
		"behind a quote":  "A='x' %s\n",
		"not set":         "A=%s${NBSEAL_TEST_NONE}\n",
		"of what follows": "A=${B}\nB=%s\n",
	} {
		broken[what] = providertest.Write(t, h, scheme, what, "A", fmt.Appendf(nil, text, providertest.Canary()))
	}
	broken["all, one cannot be read"] = providertest.Write(t, h, scheme, "all", "", []byte("A=1\n= "+providertest.Canary()))
	broken["all, one is no text"] = providertest.Write(t, h, scheme, "all2", "", []byte("A="+providertest.Canary()+"\xff"))
	providertest.Run(t, providertest.Source{
		Provider: dotenv.New(h),
		Holds:    providertest.Holds{Lines: true, Binary: true, Max: provider.MaxValue + 1},
		Put: func(t *testing.T, value []byte) provider.Request {
			quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(string(value))
			return providertest.Write(t, h, scheme, ".env", "A", []byte("# x\nexport  A = '"+quoted+"' # comment\nB=2\n"))
		},
		Unknown: map[string]provider.Request{
			"no key":    providertest.Write(t, h, scheme, "b.env", "A", []byte("B="+providertest.Canary()+"\nA\n")),
			"no file":   providertest.Ask(scheme, "c.env", "A"),
			"bad lines": providertest.Write(t, h, scheme, "d.env", "A", []byte("="+providertest.Canary()+"\n")),
		},
		Broken: broken,
	})
}

func TestAll(t *testing.T) {
	h := provider.Host{Dir: t.TempDir()}
	v, err := dotenv.New(h).Get(t.Context(), providertest.Write(t, h, scheme, ".env", "", []byte("B=1\nA=\"x\\n\"\nB=${A}2\n")))
	if err != nil || string(v.Reveal()) != `{"A":"x\n","B":"x\n2"}` {
		t.Errorf("got %s, %v", v.Reveal(), err)
	}
}

var cases = []string{
	"A=1\nB = 2 \n\n  C=3", "export A=1\nexport\tB=2\nexportC=3\nexport =4", "A='x'\nB=\"y\"\nC=`z`", "A=a#b\nB=a #b\nC=#c\nD= #d\nE='#' # x\n",
	"A=\"one\ntwo\"\nB='one\ntwo'\nC=3", "A=\"\\n\\t\\\"\\'\\\\\\q\\x41\"\nB='\\n\\'\\\\'", "A=\"unclosed\nB=2", "A='x'y\nB=2", "=x\nA=1", "A\nB=1",
	"'a key'=1\n''=2\n'x=3", "A=$B\nB=1\nC=$B", "A=1\nB=${A}\nC=${A}${A:-x}${D:-y}\nD=${D:-}\nE='${A}'\nF=${A:x}", "A=1\r\nB=2\rC=3\r\n", "\ufeffA=1", "A=1\nA=2",
	"A: 1\nB=2", "A==\nB=a=b", "A=\"x\" # \"\nB=1", "# only\n#A=1", "A=  \nB=", "A = 'x' \t\nB\t=\t1", "a.b-c=1\nä=2\n", "A=\\\nB=1", "A=x\vy\fz \f\n",
}

// TestPython holds the parser against python-dotenv, with no environment.
func TestPython(t *testing.T) {
	const script = `
import json, os, sys
from dotenv import dotenv_values
os.environ.clear()
import logging; logging.disable()
print(json.dumps([{k: v for k, v in dotenv_values(p, encoding="utf-8-sig").items() if v is not None} for p in sys.argv[1:]]))`
	args := []string{"-c", script}
	for i, text := range cases {
		path := filepath.Join(t.TempDir(), fmt.Sprint(i))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	out, err := exec.CommandContext(t.Context(), "/usr/bin/python3", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []map[string]string
	if err := json.Unmarshal(out, &want); err != nil || len(want) != len(cases) {
		t.Fatal(err)
	}
	for i, text := range cases {
		pairs, _ := dotenv.Parse([]byte(text))
		got := map[string]string{}
		for _, p := range pairs {
			got[p.Name] = string(p.Value)
		}
		if !maps.Equal(got, want[i]) {
			t.Errorf("%q: nbseal reads %q, Python %q", text, got, want[i])
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range cases {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		pairs, err := dotenv.Parse([]byte(text))
		if err != nil && strings.ContainsAny(err.Error(), "\n\"") {
			t.Errorf("it quotes: %v", err)
		}
		for _, p := range pairs {
			if p.Name == "" {
				t.Errorf("a value without a name in %q", text)
			}
		}
	})
}

// TestHostileBraces: what could begin a variable at every third byte is read once.
func TestHostileBraces(t *testing.T) {
	value := strings.Repeat("${:", 1<<20/3) + "}"
	start := time.Now()
	pairs, err := dotenv.Parse([]byte("A=" + value + "\n"))
	if err != nil || len(pairs) != 1 || string(pairs[0].Value) != value {
		t.Errorf("%d pairs, %v", len(pairs), err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("1 MiB takes %v", took)
	}
}
