package risk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/pysource"
	"github.com/nbseal/nbseal/internal/risk"
)

// find gives what is found in cells, as "rule:text", one a line.
func find(cells ...string) string {
	var list []risk.Cell
	for _, src := range cells {
		c := risk.Cell{Source: src, Parameters: strings.HasPrefix(src, "# parameters")}
		// what stands for a hard-coded credential in these tests
		if i := strings.Index(src, "CRED-1"); i >= 0 {
			c.Credentials = []pysource.Range{{Start: i, End: i + 6}}
		}
		list = append(list, c)
	}
	var out []string
	for _, e := range risk.Find(list) {
		out = append(out, strings.TrimPrefix(e.Rule.ID, "risk-")+":"+list[e.Cell].Source[e.Start:e.End])
	}
	return strings.Join(out, "\n")
}

func TestPositives(t *testing.T) {
	for _, test := range []struct{ src, want string }{
		{"import nbseal\nk = nbseal.get('DB')\nprint(k)", "print-secret:k"},
		{"print(nbseal.get('DB'))", "print-secret:nbseal.get('DB')"},
		{"x = os.environ['OPENAI_API_KEY']\nprint('key', x)", "print-secret:x"},
		{"x = os.getenv('HF_TOKEN')\nx", "display-secret:x"},
		{"x = os.environ.get('DB_PASSWORD', '')\nprint(f'pw: {x}')", "print-secret:x"},
		{"print(os.environ['OPENAI_API_KEY'])", "print-secret:os.environ['OPENAI_API_KEY']"},
		{"p = getpass.getpass('?')\nprint('a' + p)", "print-secret:p"},
		{"p = getpass()\nprint('%s' % p)", "print-secret:p"},
		{"p = getpass()\nprint('{}'.format(p))", "print-secret:p"},
		{"p = getpass()\nif True: print(str(p))", "print-secret:p"},
		{"p = getpass()\ndef f():\n    print([1, p])", "print-secret:p"},
		{"getpass()", "display-secret:getpass()"},
		{"t = userdata.get('T')\nq = t\nq[:10]", "print-part:q[:10]"},
		{"t = userdata.get('T')\nprint(t[:10])", "print-part:t[:10]"},
		{"t = userdata.get('T')\nprint(f'{t[:8]}...')", "print-part:t[:8]"},
		{"t = dbutils.secrets.get(scope='s', key='k')\nlogging.info('t %s', t)", "log-secret:t"},
		{"r = client.get_secret_value(SecretId='x')\nprint(r['SecretString'])", "print-secret:r['SecretString']"},
		{"a = 'CRED-1'\nprint(a)", "print-secret:a"},
		{"a = 'CRED-1'\nurl = f'https://x?k={a}'\nprint(url)", "print-secret:url"},
		{"a = 'CRED-1'\nprint(f'{a=}')", "print-secret:a"},
		{"from config import api_key\nprint(api_key)", "print-secret:api_key"},
		{"print(self.api_key)", "print-secret:self.api_key"},
		{"api_key", "display-secret:api_key"},
		{"print(api_key if api_key else 'none')", "print-secret:api_key"},
		{"sys.stdout.write(db_password)", "print-secret:db_password"},
		{"pprint({'k': api_key})", "print-secret:api_key"},
		{"print(*[api_key])", "print-secret:api_key"},
		{"display(api_key)", "print-secret:api_key"},
		{"os.environ", "show-environment:os.environ"},
		{"import os\nprint(os.environ)", "show-environment:os.environ"},
		{"dict(os.environ)", "show-environment:os.environ"},
		{"for k, v in os.environ.items():\n    print(k, v)", "show-environment:v"},
		{"%env", "show-environment:%env"},
		{"%env OPENAI_API_KEY", "print-secret:%env OPENAI_API_KEY"},
		{"!printenv", "show-environment:!printenv"},
		{"!env | sort", "show-environment:!env | sort"},
		{"!env | grep AWS", "show-environment:!env | grep AWS"},
		{"!set", "show-environment:!set"},
		{"!echo $OPENAI_API_KEY", "shell-secret:!echo $OPENAI_API_KEY"},
		{"t = getpass()\n!echo {t}", "shell-secret:!echo {t}"},
		{"!printenv HF_TOKEN", "shell-secret:!printenv HF_TOKEN"},
		{"%%bash\nls\nprintenv\necho $HF_TOKEN\n", "show-environment:printenv\nshell-secret:echo $HF_TOKEN"},
		{"# parameters\ndb_password = ''\nn = 3", "parameter-secret:''"},
	} {
		if got := find(test.src); got != test.want {
			t.Errorf("%q: %q, want %q", test.src, got, test.want)
		}
	}
}

func TestSilence(t *testing.T) {
	for _, src := range []string{
		"print(len(api_key))", "print(bool(api_key))", "print(api_key is not None)", "print(api_key == '')", "print(not api_key)",
		"print('set' if api_key else 'missing')", "print('*' * len(api_key))", "print(mask(api_key))", "print(api_key[:4] + '…')",
		"print(f'…{api_key[-4:]}')", "print(f'{api_key:.4}')", "print(type(api_key))", "print(hashlib.sha256(api_key.encode()).hexdigest())",
		"print(api_key, file=f)", "api_key;", "x = api_key", "client = OpenAI(api_key=api_key)", "client = C('CRED-1')\nprint(client)",
		"OpenAI(api_key=api_key)", "connect(password=db_password)", "assert api_key", "if not api_key:\n    print('api_key is missing')",
		"api_key = None\nprint(api_key)", "api_key = 'YOUR_KEY'\nprint(api_key)", "k = nbseal.get('K')\nk", "k = nbseal.get('K')\nprint(f'{k!r}')",
		"k = nbseal.get('K')\nk = 3\nprint(k)", "k = getpass()\ndel k\nprint(k)", "token = tokenizer.encode(t)\nprint(token)", "for token in doc: print(token)",
		"print(token, key, secret)", "print(has_password, password_field, n_tokens, public_key, primary_key)", "df['password'].head()", "print(df.key)",
		"print(os.environ['HOME'])", "print(os.environ.get('PATH'))", "os.environ['A_KEY'] = getpass()", "print(list(os.environ))", "print(os.environ.keys())",
		"for k in os.environ: print(k)", "print(sorted(os.environ))", "'A_KEY' in os.environ", "os.environ.update(x)", "x = !env",
		"%env A_KEY=b", "%env HOME", "!env FOO=1 python x.py", "!env > f", "!set -e", "!export A_KEY=b", "!echo hello $HOME", "!printenv | wc -l", "!env | grep CUDA",
		"!echo ${A_KEY:+set}", "!test -n \"$A_KEY\"", "!env | cut -d= -f1", "%%bash\nexport A_KEY=x\necho done", "%%javascript\nprint(api_key)",
		"%%capture\nprint(api_key)", "# parameters\nn = 3\nname = 'x'", "# parameters\napi_key = os.environ['API_KEY']", "def print(api_key): pass",
		"# print(api_key)", "'print(api_key)'", "logger.info('key %s', len(api_key))", "\"\"\"\nprint(api_key)\n\"\"\"", "print(", "'",
		"print([len(k) for k in x if api_key])", "print(secret_name, api_key_name)", "print(password_hash)", "api_key: str", "print(lambda: api_key)",
	} {
		if got := find(src); got != "" {
			t.Errorf("%q: %q", src, got)
		}
	}
}

func TestAcrossCells(t *testing.T) {
	got := find("a = 'CRED-1'", "broken '", "b = a.strip()", "print(b)", "a = 1\nb = 2", "print(a, b)")
	if got != "print-secret:b" {
		t.Error(got)
	}
	events := risk.Find([]risk.Cell{{Source: "x"}, {Source: "print(api_key)"}})
	if len(events) != 1 || events[0].Cell != 1 || events[0].Name != "api_key" {
		t.Errorf("%+v", events)
	}
}

func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range risk.Rules() {
		if seen[r.ID] || !strings.HasPrefix(r.ID, "risk-") || r.Title == "" || r.Advice == "" {
			t.Errorf("%+v", r)
		}
		seen[r.ID] = true
	}
}

// TestTime: time grows with the source, whatever it is made of.
func TestTime(t *testing.T) {
	for _, piece := range []string{"print(", "(", "a[", "x = ", "print(a, ", "a.b", "'a' ", "f'{a}'", "a if b else ", "for a in ", "api_key[", "!echo $a\n", "{a:", "*", "not ", "lambda: ", "a;"} {
		start := time.Now()
		for _, tail := range []string{"", strings.Repeat(")", 1000)} {
			find(strings.Repeat(piece, 100_000/len(piece)) + tail)
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%q: %v", piece, d)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"x = os.environ['A_KEY']\nprint(f'{x[:8]!r:>{n}}')", "for k, v in os.environ.items(): print(k, v)", "%%bash\nenv | sort\n", "!echo ${A_KEY} {x}", "print(a if b else c[1:2].d(e), *f, g=h)\n"} {
		f.Add(s, "print(x)")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		cells := []risk.Cell{{Source: a, Parameters: true, Credentials: []pysource.Range{{Start: 1, End: 3}}}, {Source: b}}
		last := ""
		for _, e := range risk.Find(cells) {
			if e.Start < 0 || e.End > len(cells[e.Cell].Source) || e.Start >= e.End {
				t.Fatalf("%+v", e)
			}
			at := fmt.Sprintf("%d %9d", e.Cell, e.Start)
			if at < last {
				t.Fatalf("%q after %q", at, last)
			}
			last = at
		}
	})
}
