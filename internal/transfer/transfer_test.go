package transfer

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/nbseal/nbseal/internal/fernet"
	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

// python runs Debian's Python, whose modules are what people's programs read
// these files with.
func python(t *testing.T, script string, stdin []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", append([]string{"-I", "-c", script}, args...)...)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("python: %v\n%s", err, out)
	}
	return out
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// values are the names and values of a source.
func values(s *Source) map[string]string {
	all := map[string]string{}
	for _, it := range s.Items {
		all[it.Name] = string(it.Value.Reveal())
	}
	return all
}

func equal(t *testing.T, got, want map[string]string) {
	t.Helper()
	g, _ := json.MarshalIndent(got, "", " ")
	w, _ := json.MarshalIndent(want, "", " ")
	if !bytes.Equal(g, w) {
		t.Errorf("got %s\nwant %s", g, w)
	}
}

func TestFormats(t *testing.T) {
	for _, test := range []struct {
		path, text string
		format     Format
		want       map[string]string
		skipped    int
	}{
		{".env", "# c\nexport A=1 # x\nB='b b'\nC=\"l1\\nl2\"\nD=\nE=${A}/${X:-y}\nF=${GONE}\nnothing\n", Dotenv,
			map[string]string{"A": "1", "B": "b b", "C": "l1\nl2", "E": "1/y"}, 3},
		{"prod.env", "A=1\r\nB=2\r\n", Dotenv, map[string]string{"A": "1", "B": "2"}, 0},
		{"plain", "export TOKEN=abc\n", Dotenv, map[string]string{"TOKEN": "abc"}, 0},
		{"c.json", `{"db": {"password": "p", "port": 5432, "tls": true, "x": null}, "list": ["a", {"k": "b"}], "weird key!": "w", "empty": ""}`, JSON,
			map[string]string{"db_password": "p", "list_0": "a", "list_1_k": "b", "weird_key": "w"}, 4},
		{"c.yaml", "db: &d\n  password: p\n  port: 5432\nbin: !!binary aGVsbG8=\nother: *d\nmore:\n  <<: *d\n  user: u\ntext: |\n  a\n  b\n", YAML,
			map[string]string{"db_password": "p", "bin": "hello", "other_password": "p", "more_user": "u", "text": "a\nb\n"}, 3},
		{".netrc", "machine api.wandb.ai\n  login user\n  password w\nmachine urs.earthdata.nasa.gov login me password \"p q\"\nmachine h.example login a password b\nmachine h.example login c password d # x\ndefault login anonymous password e\n", Netrc,
			map[string]string{"WANDB_API_KEY": "w", "EARTHDATA_USERNAME": "me", "EARTHDATA_PASSWORD": "p q", "H_EXAMPLE_LOGIN": "a", "H_EXAMPLE_PASSWORD": "b", "H_EXAMPLE_LOGIN_2": "c", "H_EXAMPLE_PASSWORD_2": "d", "NETRC_LOGIN": "anonymous", "NETRC_PASSWORD": "e"}, 1},
		{".kaggle/kaggle.json", `{"username":"u","key":"k","more":"m"}`, Kaggle, map[string]string{"KAGGLE_USERNAME": "u", "KAGGLE_KEY": "k"}, 1},
		{".cdsapirc", "url: https://cds.climate.copernicus.eu/api\nkey: 12:ab\nverify: 0\n", CDS,
			map[string]string{"CDSAPI_URL": "https://cds.climate.copernicus.eu/api", "CDSAPI_KEY": "12:ab"}, 1},
		{".aws/credentials", "[default]\naws_access_key_id = i\naws_secret_access_key = s/+=\nregion = eu-west-1\n[prod-eu]\naws_access_key_id=j\naws_secret_access_key=t\naws_session_token=u\naws_security_token=u\n", AWS,
			map[string]string{"AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": "s/+=", "AWS_ACCESS_KEY_ID_PROD_EU": "j", "AWS_SECRET_ACCESS_KEY_PROD_EU": "t", "AWS_SESSION_TOKEN_PROD_EU": "u"}, 2},
		{"keys", "[x]\naws_secret_access_key=s\n", AWS, map[string]string{"AWS_SECRET_ACCESS_KEY_X": "s"}, 0},
		{"pip.conf", "[global]\nindex-url = https://u:p@i.example/simple\nextra-index-url =\n    https://pypi.org/simple\n    https://t@j.example/simple\ntimeout = 60\n[install]\nindex-url = https://v:q@k.example/\n", Pip,
			map[string]string{"PIP_INDEX_URL": "https://u:p@i.example/simple", "PIP_EXTRA_INDEX_URL": "https://pypi.org/simple https://t@j.example/simple", "PIP_INDEX_URL_INSTALL": "https://v:q@k.example/"}, 1},
		{".pypirc", "[distutils]\nindex-servers =\n  pypi\n  corp\n[pypi]\nusername = __token__\npassword = a%b\n[corp]\nrepository: https://c.example\nusername: me\npassword: d:e\n", Pypirc,
			map[string]string{"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": "a%b", "TWINE_USERNAME_CORP": "me", "TWINE_PASSWORD_CORP": "d:e"}, 2},
		{"huggingface/token", "tok\n", HuggingFace, map[string]string{"HF_TOKEN": "tok"}, 0},
		{"huggingface/stored_tokens", "[work laptop]\nhf_token = tok1\n\n[b]\nhf_token = tok2\n\n", HuggingFace, map[string]string{"HF_TOKEN_WORK_LAPTOP": "tok1", "HF_TOKEN_B": "tok2"}, 0},
		{"wandb/settings", "[default]\nentity = me\napi_key = k\n", WandB, map[string]string{"WANDB_API_KEY": "k"}, 1},
		{".env", "A=<your key>\nB=changeme\nC=${X}\nD=your-api-key\nE=xxxxxxxx\nF=yourself\n", Dotenv, map[string]string{"F": "yourself"}, 5},
		{".env", "A=1\nA=2\na=3\n", Dotenv, map[string]string{"A": "2", "a_2": "3"}, 1},
		{"empty.yaml", "", YAML, map[string]string{}, 0},
	} {
		t.Run(test.path, func(t *testing.T) {
			for _, text := range []string{test.text, "\ufeff" + test.text, strings.ReplaceAll(test.text, "\n", "\r\n"), utf16le(test.text)} {
				s, err := Parse(t.Context(), test.path, []byte(text), Options{})
				if err != nil {
					t.Fatal(err)
				}
				if s.Format != test.format {
					t.Errorf("format %s, want %s", s.Format, test.format)
				}
				equal(t, values(s), test.want)
				if len(s.Skipped) != test.skipped {
					t.Errorf("skipped %+v, want %d", s.Skipped, test.skipped)
				}
			}
		})
	}
}

func utf16le(s string) string {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

func TestPlaces(t *testing.T) {
	s, err := Parse(t.Context(), "x/.aws/credentials", []byte("# c\n[p]\n\naws_access_key_id = i\n  \naws_secret_access_key = s\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%+v", s.Items)
	want := "[{Name:AWS_ACCESS_KEY_ID_P Value:[secret] Role:login Key:[p] aws_access_key_id Line:4 Note:AWS, profile p} {Name:AWS_SECRET_ACCESS_KEY_P Value:[secret] Role:secret Key:[p] aws_secret_access_key Line:6 Note:AWS, profile p}]"
	if got != want {
		t.Errorf("got %s", got)
	}
	s, err = Parse(t.Context(), "c.json", []byte("{\n\"a\": {\n \"b.c\": \"x\",\n \"b\": {\"c\":\n\"y\"}}}"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var places []string
	for _, it := range s.Items {
		places = append(places, fmt.Sprintf("%s=%s:%d", it.Name, it.Key, it.Line))
	}
	if got, want := strings.Join(places, " "), `a_b.c=a."b.c":3 a_b_c=a.b.c:5`; got != want {
		t.Errorf("got %s", got)
	}
}

// TestErrors breaks each format and looks that the error tells the line and
// nothing of the content.
func TestErrors(t *testing.T) {
	canary := "c4n" + rand.Text()
	for _, test := range []struct{ path, text, want string }{
		{"a.json", "{\n\"k\": \"%s\",\n\"l\": %s}", "line 3: it is not valid JSON"},
		{"a.json", "{\n\"k\": \"%s\"\n", "line 3: it is not valid JSON"},
		{"a.json", "[\"%s\"]", "line 1: it is not a JSON object"},
		{"a.json", "{\"k\":\"%s\"}\n{}", "line 1: something follows"},
		{"a.json", "{\"\\ud800%s\": \"v\"}", "line 1: a key is not valid Unicode"},
		{"a.json", strings.Repeat("{\"a\":", 100) + "\"%s\"", "more than 64 levels"},
		{"a.yaml", "a: b\n%s: \"%s\n", "it is not valid YAML"},
		{"a.yaml", "a: b\nc: d: %s\n", "line 2: it is not valid YAML"},
		{"a.yaml", "%s", "line 1: it is not a YAML mapping"},
		{"a.yaml", "a: &a %s\n---\nb: c", "it is not a single YAML document"},
		{"a.yaml", "a: {[%s]: b}", "line 1: a key that is not a text"},
		{".netrc", "machine h login u\npassword %s %s\n", "line 2: a word that is none of netrc's"},
		{".netrc", "machine h\npassword \"%s\n", "line 2: a double quote that is not closed"},
		{".pypirc", "[pypi]\npassword=x\n%s\n", "line 3: neither [SECTION] nor KEY = VALUE"},
		{".pypirc", "password=%s\n", "line 1: neither"},
		{".env", "A=1\nB=\xff%s\n", "line 2 is not valid UTF-8"},
		{".env", "A=1\nB=\x00%s\n", "line 2 has a zero byte"},
		{"mystery", "%s %s", "its format cannot be told"},
		{"x.enc", "gAAAA%s", "no key"},
	} {
		text := strings.ReplaceAll(test.text, "%s", canary)
		_, err := Parse(t.Context(), test.path, []byte(text), Options{})
		if err == nil {
			t.Errorf("%s: no error for %q", test.path, test.text)
			continue
		}
		if got := err.Error(); !strings.Contains(got, test.want) || strings.Contains(got, canary) || !strings.Contains(got, test.path) {
			t.Errorf("%s: %s, want %s", test.path, strings.ReplaceAll(got, canary, "CANARY"), test.want)
		}
	}
	// Keys are shown: they do not write to the terminal.
	s, err := Parse(t.Context(), "a.json", []byte(`{"a\u001b]0;x\u0007": "v", "b\u202e": 1}`), Options{})
	if err != nil || s.Items[0].Key != `a\x1b]0;x\a` || s.Skipped[0].Key != `b\u202e` {
		t.Errorf("%+v %v", s, err)
	}
	// Keys that somebody pasted without quotes are not names.
	s, err = Parse(t.Context(), ".env", []byte("K=-----BEGIN X-----\n"+canary+"\n"+canary+"==\n-----END X-----\nB=b\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%+v", s); strings.Contains(text, canary) || len(s.Skipped) != 3 || len(s.Items) != 2 {
		t.Errorf("got %s", text)
	}
}

func TestLimits(t *testing.T) {
	big := strings.Repeat("v", MaxValue)
	s, err := Parse(t.Context(), ".env", []byte("A="+big+"\nB="+big+"w\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Items) != 1 || len(s.Skipped) != 1 || s.Skipped[0].Key != "B" || !s.Skipped[0].Lost {
		t.Errorf("got %d items, %+v", len(s.Items), s.Skipped)
	}
	for name, text := range map[string]string{
		"size": strings.Repeat("A=1\n", MaxFile/4+1),
		"keys": strings.Repeat("A=1\n", MaxItems+1),
		// Each line doubles what the one before made.
		"size.yaml": strings.Repeat("#\n", maxYAML/2+1),
		"key.json":  `{"` + strings.Repeat("k", maxKey+1) + `": "v"}`,
		"key.yaml": func() (s string) {
			for i := range maxKey/1000 + 1 {
				s += strings.Repeat(" ", i) + strings.Repeat("k", 1000) + ":\n"
			}
			return s
		}(),
		".netrc":        "machine " + strings.Repeat("k", maxKey+1) + " login x",
		".pypirc":       "[" + strings.Repeat("k", maxKey+1) + "]",
		"variables.env": "A=" + strings.Repeat("v", MaxValue/2) + "\n" + strings.Repeat("A=${A}${A}\n", 200),
		"aliases.yaml": "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + func() (s string) {
			for i := range 8 {
				s += fmt.Sprintf("%c: &%c [%s]\n", 'b'+i, 'b'+i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", 'a'+i), 10), ","))
			}
			return s
		}(),
	} {
		if filepath.Ext(name) == "" {
			name += ".env"
		}
		if _, err := Parse(t.Context(), name, []byte(text), Options{}); err == nil {
			t.Errorf("%s: no error", name)
		} else if !errors.Is(err, ErrTooLarge) && name != "aliases.yaml" && !strings.Contains(err.Error(), "a key is longer") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// If each "${:" were followed up to the far end, this would take hours.
	if s, err = Parse(t.Context(), ".env", []byte("A="+strings.Repeat("${:", 1<<20)+"}\n"), Options{}); err != nil || len(s.Skipped) != 1 {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := Read(t.Context(), t.TempDir(), Options{}); err == nil {
		t.Error("a directory is read")
	}
}

func TestSettle(t *testing.T) {
	parse := func(path, text string) *Source {
		s, err := Parse(t.Context(), path, []byte(text), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a := parse("huggingface/token", "one")
	b := parse(".env", "HF_TOKEN=one\nhf_token=two\nX=1")
	c := parse("b.env", "HF_TOKEN=three\nx=1\n")
	Settle(a, b, c)
	equal(t, values(a), map[string]string{"HF_TOKEN": "one"})
	equal(t, values(b), map[string]string{"hf_token_2": "two", "X": "1"})
	equal(t, values(c), map[string]string{"HF_TOKEN_3": "three"})
	if len(b.Skipped) != 1 || len(c.Skipped) != 1 || b.Skipped[0].Lost {
		t.Errorf("skipped %+v %+v", b.Skipped, c.Skipped)
	}
}

func TestPlaceholders(t *testing.T) {
	for _, v := range []string{"<x>", "<>", "{{ x }}", "${X}", "XXX", "...", "your-api-key", "Your Key", "insert_key_here", "ChangeMe", "todo", " none "} {
		if !placeholder([]byte(v)) {
			t.Errorf("%q is taken", v)
		}
	}
	for _, v := range []string{"x", "xx", "xxxy", "<a><b>", "<a", "yourself", "your-key-1", "your", "insert", "here", "p<x>", "{{a", "$X", "null1", ""} {
		if placeholder([]byte(v)) {
			t.Errorf("%q is not taken", v)
		}
	}
}

// TestAsPython compares with what Python's own modules read.
func TestAsPython(t *testing.T) {
	t.Run("dotenv", func(t *testing.T) {
		text := strings.Join([]string{
			`A=plain`, `export B = spaced value # c`, `C='single \' \\ \n $A ${A}'`, `D="double \" \\ \n\t\q ' #x"`, `E=a#b`, `F=#x`, `G= # y`,
			`'H'=quoted key`, "I='two\nlines'", `J=${A}${NOPE:-d}${A`, `K="a" # c`, `L="a" junk`, `M=x=y==`, `N=é  `, `O=$A`, "P=\"a\nb\"", `export`, `=x`,
			`Q=${A:x}y`, `QA=${${A}`, `QB=${x:${A}`, `QC=${A:-q`, `QD=${:-e}${NO:-}z${A:-${A}}`, `R=\n`, `S=" ${B} "`, `U=`, `V=ü # ${A}`, `W='a'b`, `X= 'sp'`, "Y\t=\ttab\t", `Z="unclosed`,
		}, "\n")
		want := map[string]string{}
		out := python(t, `import sys, io, json, dotenv, logging
logging.disable(logging.CRITICAL)
print(json.dumps({k: v for k, v in dotenv.dotenv_values(stream=io.StringIO(sys.stdin.read())).items() if v}))`, []byte(text))
		if err := json.Unmarshal(out, &want); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		s, err := Parse(t.Context(), ".env", []byte(text), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(want) < 15 {
			t.Errorf("python reads %q", want)
		}
		equal(t, values(s), want)
	})
	t.Run("configparser", func(t *testing.T) {
		text := "# c\n; d\n[a b]\nKey = v1\n  v2\n\n  v3\nk2:x=y\n[c]]\nk3 =\n   one\n   # c\n   two\nk4 = a # b\n\n[d]\n  deep = 1\n  deeper = 2\n"
		var want, got [][]string
		out := python(t, `import sys, json, configparser
c = configparser.RawConfigParser(); c.read_string(sys.stdin.read())
print(json.dumps([[s, k, v] for s in c.sections() for k, v in c.items(s)]))`, []byte(text))
		if err := json.Unmarshal(out, &want); err != nil {
			t.Fatal(err)
		}
		all, err := parseINI([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range all {
			got = append(got, []string{o.section, o.key, o.value})
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) || len(want) != 6 {
			t.Errorf("got %q\nwant %q", got, want)
		}
	})
	t.Run("netrc", func(t *testing.T) {
		text := "# c\nmachine a.b login u password p\\ q\nmachine \"c\" account \"x\\\" y\" login l password #no\n\nmacdef init\ncd /\n\nmachine d user me password z # comment machine e\ndefault login v password w\n"
		path := write(t, "netrc", text)
		var want map[string][]string
		out := python(t, `import sys, json, netrc
print(json.dumps(netrc.netrc(sys.argv[1]).hosts))`, nil, path)
		if err := json.Unmarshal(out, &want); err != nil {
			t.Fatal(err)
		}
		s, err := Read(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		flat := map[string]string{}
		for host, parts := range want {
			for i, part := range []string{"login", "account", "password"} {
				if parts[i] != "" {
					key := "machine " + host
					if host == "default" {
						key = host
					}
					flat[key+", "+part] = parts[i]
				}
			}
		}
		got := map[string]string{}
		for _, it := range s.Items {
			got[strings.Replace(it.Key, ", user", ", login", 1)] = string(it.Value.Reveal())
		}
		if len(flat) != 9 {
			t.Errorf("python reads %q", flat)
		}
		equal(t, got, flat)
	})
}

var testTime = time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)

func TestFernetOfPython(t *testing.T) {
	secretText := rand.Text()
	message, _ := json.Marshal(map[string]any{"DB": secretText, "n": map[string]string{"k": "v"}})
	out := python(t, `import sys
from cryptography.fernet import Fernet
key = Fernet.generate_key(); m = sys.stdin.buffer.read()
print(key.decode()); print(Fernet(key).encrypt(m).decode()); print(Fernet(key).encrypt(b"just one").decode())
print(Fernet(key).encrypt_at_time(m, 1600000000).decode())`, message)
	lines := strings.Fields(string(out))
	key := func(text string) func(context.Context, string) (secret.Value, error) {
		return func(context.Context, string) (secret.Value, error) { return secret.New([]byte(text)), nil }
	}
	s, err := Parse(t.Context(), "mycreds.enc", []byte(lines[1]+"\r\n"), Options{Key: key(lines[0])})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, values(s), map[string]string{"DB": secretText, "n_k": "v"})
	if s, err = Parse(t.Context(), "dir/.my-creds.enc", []byte(lines[2]), Options{Key: key(lines[0])}); err != nil {
		t.Fatal(err)
	}
	equal(t, values(s), map[string]string{"MY_CREDS": "just one"})

	other := fernet.NewKey()
	for name, test := range map[string]struct {
		token string
		opt   Options
		want  error
	}{
		"wrong key": {lines[1], Options{Key: key(string(other.Text().Reveal()))}, fernet.ErrKey},
		"bad key":   {lines[1], Options{Key: key("short")}, fernet.ErrBadKey},
		"damaged":   {lines[1][:len(lines[1])-3] + "!", Options{Key: key(lines[0])}, fernet.ErrDamaged},
		"expired":   {lines[3], Options{Key: key(lines[0]), MaxAge: 3600e9, Now: testTime}, fernet.ErrExpired},
		"no key":    {lines[1], Options{}, ErrNoKey},
	} {
		if _, err := Parse(t.Context(), "a.enc", []byte(test.token), test.opt); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]string{
		"DB": "DB", "db/pass-word.x": "db/pass-word.x", "": "SECRET", "ключ": "SECRET", "9lives": "_9lives", "nul": "_nul", "a b": "a_b", "../x": "x",
		"a/": "a", strings.Repeat("a", 300): strings.Repeat("a", store.MaxName-10),
	} {
		if got := nameOf(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzParse reads anything in every format.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"A=1\nB='x\ny' # c\nC=\"a\\\"${A}\"\nD=${X:-${A}}", `{"a": {"b": ["c", 1]}}`, "a: &x {b: c}\nd: *x\n<<: *x\n", "machine h login u password \"p\\\" q\"\nmacdef i\nx\n\n",
		"[default]\naws_secret_access_key = a\n  b\n[x]\nindex-url=https://a:b@c\npassword: p\nhf_token=t\napi_key=k", "url: x\nkey: y", "gAAAAA", "\xff\xfea\x00", "\"\\ud800\"",
	} {
		f.Add([]byte(text))
	}
	key := fernet.NewKey()
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		for _, format := range Formats() {
			s, err := Parse(t.Context(), "f", data, Options{Format: format, Key: func(context.Context, string) (secret.Value, error) {
				return secret.New(bytes.Clone(key.Text().Reveal())), nil
			}})
			if err != nil {
				continue
			}
			names := map[string]bool{}
			for _, it := range s.Items {
				if err := store.ValidateName(it.Name); err != nil || names[strings.ToLower(it.Name)] {
					t.Fatalf("%s: name %q: %v", format, it.Name, err)
				}
				names[strings.ToLower(it.Name)] = true
				if it.Value.Len() == 0 || it.Value.Len() > MaxValue || it.Role == "" || it.Line < 0 || it.Line > 1+bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r")) {
					t.Fatalf("%s: item %+v", format, it)
				}
			}
			for _, skip := range s.Skipped {
				if skip.Why == "" {
					t.Fatalf("%s: %+v", format, skip)
				}
			}
		}
		Guess("f", data)
	})
}

func TestFormatsAreAll(t *testing.T) {
	if !slices.IsSorted(Formats()) || !slices.IsSorted(ExportFormats()) {
		t.Error("not sorted")
	}
	for _, f := range Formats() {
		if parser(f) == nil {
			t.Errorf("no parser for %s", f)
		}
	}
	if _, err := Parse(t.Context(), "x", nil, Options{Format: "toml"}); !errors.Is(err, ErrFormat) {
		t.Error(err)
	}
}
