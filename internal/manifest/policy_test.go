package manifest_test

import (
	"crypto/sha256"
	"testing"
)

func TestPolicy(t *testing.T) {
	const secrets = "[secrets]\nA = \"env://A\"\n[notebooks.\"reports/*\"]\nallow = [\"A\"]\n"
	for text, denies := range map[string]bool{
		secrets: false, "[policy]\n" + secrets: false, "[policy]\ndefault = \"allow\"\n" + secrets: false, "[policy]\ndefault = \"deny\"\n" + secrets: true,
	} {
		m := parse(t, text)
		if m.DeniesByDefault() != denies {
			t.Errorf("%q: denies by default: %v", text, m.DeniesByDefault())
		}
		if pattern, denied := m.Denied("x.ipynb", "A"); denied != denies || pattern != "" {
			t.Errorf("%q: denied %v by %q", text, denied, pattern)
		}
		if _, denied := m.Denied("reports/x.ipynb", "A"); denied {
			t.Errorf("%q: denied what a section allows", text)
		}
	}
}

func TestSecret(t *testing.T) {
	const text = `[policy]
default = "deny"
[secrets]
A = "dotenv://a%23b.env#K%25#x"
  B = { from = "exec://", command = ["pass", "show x"], output = "all", type = "pem", starts_with = "-", min_length = 1, max_length = 2, pattern = "a|b" }
"c/d" = { from = "fernet://f#a", key = "exec://pass show f", field = "g" }
K = "keyring://my%2Fservice/a/b%2525"
`
	m := parse(t, text)
	a, _ := m.Secret("A")
	if a.From.Path() != "a#b.env" || a.From.Fragment() != "K%#x" || m.Place("A") != "nbseal.toml:4:1" {
		t.Errorf("%q, %q at %s", a.From.Path(), a.From.Fragment(), m.Place("A"))
	}
	b, _ := m.Secret("B")
	if c := b.Check; c.Type != "pem" || c.StartsWith != "-" || c.Min != 1 || c.Max != 2 || !b.From.Whole || len(b.From.Command) != 2 || m.Place("B") != "nbseal.toml:5:3" {
		t.Errorf("%+v", b)
	}
	for value, want := range map[string]bool{"a": true, "b": true, "ab": false, "a\n": false} {
		if b.Check.Pattern.MatchString(value) != want {
			t.Errorf("the pattern takes %q: %v", value, !want)
		}
	}
	if c, _ := m.Secret("c/d"); c.From.Key == nil || len(c.From.Key.Command) != 3 || c.From.Field != "g" {
		t.Errorf("%+v", c)
	}
	k, _ := m.Secret("K")
	if service, user := k.From.Account(); service != "my/service" || user != "a/b%25" {
		t.Errorf("%q, %q", service, user)
	}
	if m.Digest() != sha256.Sum256([]byte(text)) {
		t.Error("the digest is not that of the bytes")
	}
	if m := parse(t, "\ufeff"+text); m.Digest() == sha256.Sum256([]byte(text)) {
		t.Error("the digest is not that of all bytes")
	}
}
