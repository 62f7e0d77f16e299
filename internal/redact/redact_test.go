package redact_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/redact"
	"github.com/nbseal/nbseal/internal/secret"
)

func redactor(t testing.TB, pairs ...string) *redact.Redactor {
	t.Helper()
	var secrets []redact.Secret
	for i := 0; i < len(pairs); i += 2 {
		secrets = append(secrets, redact.Secret{Name: pairs[i], Value: secret.New([]byte(pairs[i+1]))})
	}
	r, err := redact.New(secrets)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// awkward has every character that some form escapes, and some that none does.
const awkward = "pä$$'w\"ö\\rd<&>/ =+%~`€😀\x7f\x01\u00a0é\tZ"

// encodings gives forms of a value as the standard library makes them.
func encodings(v string) map[string]string {
	marshalled, _ := json.Marshal(v)
	var unescaped bytes.Buffer
	enc := json.NewEncoder(&unescaped)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	var every strings.Builder
	for i := range len(v) {
		fmt.Fprintf(&every, "%%%02X", v[i])
	}
	backwards := []rune(v)
	slices.Reverse(backwards)
	forms := map[string]string{
		"clear":       v,
		"json go":     string(marshalled[1 : len(marshalled)-1]),
		"json":        unescaped.String()[1 : unescaped.Len()-2],
		"hex":         hex.EncodeToString([]byte(v)),
		"HEX":         strings.ToUpper(hex.EncodeToString([]byte(v))),
		"query":       url.QueryEscape(v),
		"every":       every.String(),
		"every lower": strings.ToLower(every.String()),
		"html":        html.EscapeString(v),
		"shell":       strings.ReplaceAll(v, "'", `'\''`),
		"backwards":   string(backwards),
	}
	for i := range 3 {
		before := strings.Repeat("\xff", i)
		for name, e := range map[string]*base64.Encoding{"std": base64.StdEncoding, "url": base64.URLEncoding} {
			s := e.EncodeToString([]byte(before + v))
			forms[fmt.Sprint("base64 ", name, i)] = s[(8*i+5)/6:]
			s = e.EncodeToString([]byte(before + v + "\x00\x01\x02\x03\x04\x05"))
			forms[fmt.Sprint("base64 amid ", name, i)] = s[(8*i+5)/6 : (8*(i+len(v))+5)/6]
		}
	}
	return forms
}

func TestForms(t *testing.T) {
	for _, v := range []string{awkward, "abcd", "hunter2", "0123456789abcdef0123456789abcdef", "x y", "long " + strings.Repeat("q+/Z", 60)} {
		if len(v) < redact.MinLength {
			continue
		}
		r := redactor(t, "NAME", v)
		for name, f := range encodings(v) {
			// Around the form stands what cannot extend it.
			got := string(r.Bytes([]byte("before (" + f + ") after")))
			if got != "before ([nbseal:NAME]) after" {
				t.Errorf("%s of %q: got %q", name, v, got)
			}
		}
	}
}

// TestPython holds the forms against CPython's own encoders.
func TestPython(t *testing.T) {
	const script = `
import sys, json, base64, html, shlex, binascii
from urllib.parse import quote, quote_plus
raw = sys.stdin.buffer.read()
v = raw.decode("utf-8", "surrogateescape")
out = [json.dumps(v)[1:-1], repr(v)[1:-1], ascii(v)[1:-1], repr(raw)[2:-1], str([v])[2:-2], v[::-1],
  json.dumps(v, ensure_ascii=False)[1:-1], quote(v, errors="surrogateescape"), quote(v, safe="", errors="surrogateescape"),
  quote_plus(v, errors="surrogateescape"), html.escape(v), html.escape(v, quote=False), shlex.quote(v)[1:-1] if "'" in v else v,
  base64.b64encode(raw).decode(), base64.encodebytes(raw).decode().rstrip("\n"), base64.urlsafe_b64encode(raw).decode(), raw.hex(),
  binascii.hexlify(raw).decode().upper()]
for f in out:
    sys.stdout.buffer.write(f.encode("utf-8", "surrogateescape") + b"\0")
`
	for _, v := range []string{awkward, "it's", `say "hi"`, `both ' and "`, "bad\xff\xfeutf8", "multi\nline\r\nvalue", strings.Repeat("wrap me ", 30) + "."} {
		cmd := exec.CommandContext(t.Context(), "python3", "-c", script)
		cmd.Stdin = strings.NewReader(v)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		r := redactor(t, "V", v)
		forms := bytes.Split(bytes.TrimSuffix(out, []byte{0}), []byte{0})
		if len(forms) != 18 {
			t.Fatalf("%d forms", len(forms))
		}
		for i, f := range forms {
			if got := string(r.Bytes(slices.Concat([]byte("<"), f, []byte(">")))); got != "<[nbseal:V]>" {
				t.Errorf("form %d of %q: %q gives %q", i, v, f, got)
			}
		}
	}
}

func TestManyAndOverlapping(t *testing.T) {
	for _, c := range []struct {
		pairs    []string
		in, want string
	}{
		{[]string{"A", "hunter2"}, "no secret here", "no secret here"},
		{[]string{"A", "hunter2", "B", "hunter2hunter"}, "hunter2hunter hunter2hun hunter2", "[nbseal:B] [nbseal:A]hun [nbseal:A]"},
		{[]string{"A", "same-value", "B", "same-value"}, "same-value", "[nbseal:A]"},
		{[]string{"A", "abcdefgh", "B", "efghijkl"}, "xabcdefghijkly", "x[nbseal:A]y"},
		{[]string{"A", "aaaa"}, "aaaaaaaaab", "[nbseal:A]b"},
		{[]string{"A", "abcd", "B", "wxyz"}, "abcdwxyzabcd", "[nbseal:A][nbseal:B][nbseal:A]"},
		{[]string{"LONG", "0123456789", "IN", "3456"}, "0123456789 012345678x", "[nbseal:LONG] 012[nbseal:IN]78x"},
		{[]string{"A", "  padded value \n"}, "<padded value>", "<[nbseal:A]>"},
		{[]string{"A", "line one\nline two"}, "line one\r\nline two\r\n", "[nbseal:A]\r\n"},
		{[]string{"A", "line one\r\nline two"}, "line one\nline two\n", "[nbseal:A]\n"},
		{[]string{"A", "first-half-second"}, "at the end first-hal", "at the end [nbseal:A]"},
		{[]string{"A", "first-half-second"}, "at the end first-h", "at the end first-h"},
	} {
		if got := string(redactor(t, c.pairs...).Bytes([]byte(c.in))); got != c.want {
			t.Errorf("%q in %q: got %q, want %q", c.pairs, c.in, got, c.want)
		}
	}
}

func TestPEM(t *testing.T) {
	body := make([]byte, 150)
	_, _ = rand.Read(body)
	var lines []string
	for l := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(body)), 64) {
		lines = append(lines, string(l))
	}
	pem := "-----BEGIN " + "PRIVATE KEY-----\n" + strings.Join(lines, "\n") + "\n-----END " + "PRIVATE KEY-----\n"
	inJSON, _ := json.Marshal(map[string]string{"private_key": pem})
	for name, value := range map[string]string{"pem": pem, "in json": string(inJSON)} {
		r := redactor(t, "KEY", value)
		for _, text := range []string{pem, strings.ReplaceAll(pem, "\n", "\r\n"), strings.ReplaceAll(pem, "\n", "\n    "), string(inJSON), lines[1], strings.Join(lines, " | ")} {
			got := string(r.Bytes([]byte(text)))
			for _, l := range lines {
				if len(l) >= 24 && strings.Contains(got, l) {
					t.Errorf("%s: a line survives in %q", name, got)
				}
			}
		}
		if got := string(r.Bytes([]byte(pem))); name == "pem" && got != "[nbseal:KEY]\n" {
			t.Errorf("whole: got %q", got)
		}
	}
}

func TestNotRedactable(t *testing.T) {
	r := redactor(t, "A", "abc", "B", "abcd", "C", "", "D", " ab\n")
	if got := r.NotRedactable(); !slices.Equal(got, []string{"A", "C", "D"}) {
		t.Errorf("got %q", got)
	}
	if got := string(r.Bytes([]byte("abc abcd"))); got != "abc [nbseal:B]" {
		t.Errorf("got %q", got)
	}
}

// TestMarkerDoesNotHoldAValue: no value may be read out of a marker, nor out of
// a marker and its neighbours.
func TestMarkerDoesNotHoldAValue(t *testing.T) {
	for _, pairs := range [][]string{
		{"hunter2", "hunter2"}, {"A", "nbseal", "B", "other-one"}, {"A", "]xyz", "B", "value-b"},
		{"A", "xyz[", "B", "value-b"}, {"A", "xy[nbseal:B", "B", "value-b"}, {"A", "xyz<", "B", "]xyz", "C", "redacted"},
	} {
		r := redactor(t, pairs...)
		text := "xy" + pairs[1] + pairs[len(pairs)-1] + "xyz" + pairs[1] + "."
		once := r.Bytes([]byte(text))
		if twice := r.Bytes(once); !bytes.Equal(once, twice) {
			t.Errorf("%q: %q becomes %q", pairs, once, twice)
		}
		for i := 1; i < len(pairs); i += 2 {
			if bytes.Contains(once, []byte(pairs[i])) {
				t.Errorf("%q survives in %q", pairs[i], once)
			}
		}
	}
}

func TestNeverPrints(t *testing.T) {
	r := redactor(t, "A", "canary-value")
	w := r.Writer(nil)
	if _, err := w.Write([]byte("canary-v")); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb+verb, r, w); got != "redact.Redactorredact.Writer" {
			t.Errorf("%s: %q", verb, got)
		}
	}
}

// TestLargeValue: 64 KiB of the worst kind, in every form.
func TestLargeValue(t *testing.T) {
	v := make([]byte, 64<<10)
	_, _ = rand.Read(v)
	v[0], v[len(v)-1] = 'a', 'z'
	r := redactor(t, "BIG", string(v))
	for name, f := range encodings(string(v)) {
		if strings.HasPrefix(name, "json") || name == "backwards" {
			continue // the standard library's encoder replaces what is not UTF-8
		}
		var out bytes.Buffer
		w := r.Writer(&out)
		for chunk := range slices.Chunk([]byte("<"+f+">"), 4093) {
			if _, err := w.Write(chunk); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil || out.String() != "<[nbseal:BIG]>" {
			t.Errorf("%s: %d bytes, %v", name, out.Len(), err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	v := bytes.Repeat([]byte("0123456789"), 1<<20)
	if _, err := redact.New([]redact.Secret{{Name: "HUGE", Value: secret.New(v)}}); err == nil || !strings.Contains(err.Error(), `"HUGE"`) || strings.Contains(err.Error(), "0123") {
		t.Errorf("got %v", err)
	}
}
