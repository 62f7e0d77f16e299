package resolve

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/secret"
)

func TestCheckTypes(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	block := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	enc := base64.RawURLEncoding.EncodeToString
	jwt := enc([]byte(`{"alg":"HS256"}`)) + "." + enc([]byte(`{"sub":"x"}`)) + "." + enc([]byte("signature"))
	for _, c := range []struct {
		kind      string
		good, bad []string
	}{
		{"text", []string{"x", "ünï\ncödé\t", ""}, []string{"\x00", "\xff", "\x7f", "\x1b[0m"}},
		{"url", []string{"https://example.org/x?y", "postgres://u@h:1/db", "https://[::1]:80"}, []string{"example.org", "/x", "http://", "https://h ost", "", " https://x"}},
		{"port", []string{"1", "5432", "65535"}, []string{"0", "65536", "-1", "+1", "1.0", "1 ", "", "0x10"}},
		{"int", []string{"0", "-12", "007"}, []string{"1.5", "x", "", "1e3", " 1"}},
		{"uuid", []string{"123e4567-e89b-12d3-a456-426614174000"}, []string{"123e4567e89b12d3a456426614174000", "{123e4567-e89b-12d3-a456-426614174000}", ""}},
		{"hex", []string{"00ff", "ABCD"}, []string{"abc", "0x00", "gg", ""}},
		{"base64", []string{"aGVsbG8=", "aGVsbG8", "-_-_", "aGVs\nbG8="}, []string{"a", "hello!", "", "===="}},
		{"jwt", []string{jwt}, []string{"a.b.c", strings.Replace(jwt, ".", "", 1), jwt + "=", enc([]byte("{}")) + "..", ""}},
		{"json", []string{"{}", "[1]", "1", "\"x\""}, []string{"", "{", "x"}},
		{"pem", []string{block, block + "\n" + block}, []string{"", block[1:], block[:40], block + "x", "x\n" + block}},
	} {
		for i, list := range [][]string{c.good, c.bad} {
			for _, v := range list {
				err := check(manifest.Check{Type: c.kind}, secret.New([]byte(v)))
				if (i == 0) != (err == nil) || err != nil && !errors.Is(err, ErrCheck) {
					t.Errorf("%q as %s: %v", v, c.kind, err)
				}
			}
		}
	}
	seen := map[string]bool{}
	for _, kind := range manifest.Types() {
		if name := typeNames(kind); seen[name] {
			t.Errorf("%s is described like another", kind)
		} else {
			seen[name] = true
		}
	}
}

func TestCheckForm(t *testing.T) {
	all := manifest.Check{StartsWith: "ab", Min: 4, Max: 6, Pattern: regexp.MustCompile("^(?s:ab.*9)$")}
	for value, want := range map[string]string{
		"ab-9": "", "ab---9": "", "ab9": "shorter than 4 bytes", "ab----9": "longer than 6 bytes", "xab-9": `begin with "ab"`, "ab-9\n": "pattern", "ab\n9": "",
	} {
		err := check(all, secret.New([]byte(value)))
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), value)) {
			t.Errorf("%q: %v", value, err)
		}
	}
	if err := check(manifest.Check{}, secret.New([]byte("\x00\xff"))); err != nil {
		t.Error(err)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("pem", "-----BEGIN X-----\n-----END X-----\n")
	for _, kind := range manifest.Types() {
		f.Add(kind, "1")
	}
	f.Fuzz(func(t *testing.T, kind, value string) {
		if err := check(manifest.Check{Type: kind}, secret.New([]byte(value))); err != nil && !errors.Is(err, ErrCheck) {
			t.Error(fmt.Errorf("%q: %w", value, err))
		}
	})
}
