package clean_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/clean"
	"github.com/nbseal/nbseal/internal/scan"
)

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// token makes a Hugging Face token that nobody issued.
func token(seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 11))
	b := []byte("hf_")
	for range 34 {
		b = append(b, letters[r.IntN(len(letters))])
	}
	return string(b)
}

// fill puts tokens where a text says <1>, <2>…
func fill(text string) string {
	for _, n := range "123456789" {
		text = strings.ReplaceAll(text, "<"+string(n)+">", token(uint64(n-'0')))
	}
	return text
}

// with is a cleaner with one set of settings for all files.
func with(s clean.Settings) *clean.Cleaner {
	return clean.New(clean.Options{Settings: func(string) (clean.Settings, error) { return s, nil }})
}

// set makes settings of pairs of names and values.
func set(t testing.TB, pairs ...any) clean.Settings {
	t.Helper()
	var s clean.Settings
	for i := 0; i < len(pairs); i += 2 {
		if err := s.Set(pairs[i].(string), pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// run cleans a file, and checks what holds for every result.
func run(t testing.TB, c *clean.Cleaner, path, src string) (string, clean.Result) {
	t.Helper()
	in := []byte(src)
	res, err := c.Clean(path, in)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if string(in) != src {
		t.Fatal("the source changed")
	}
	if len(res.Redacted) == 0 && !res.Stripped && (len(in) != len(res.Bytes) || len(in) > 0 && &in[0] != &res.Bytes[0]) {
		t.Error("nothing was done, and the result is not the source itself")
	}
	again, err := c.Clean(path, res.Bytes)
	if err != nil || !bytes.Equal(again.Bytes, res.Bytes) || len(again.Redacted) > 0 || again.Stripped {
		t.Errorf("a second time is another: %v\n%s\n%s", err, res.Bytes, again.Bytes)
	}
	if json.Valid(in) && !json.Valid(res.Bytes) {
		t.Errorf("not JSON any more:\n%s", res.Bytes)
	}
	if left := scan.NewBlobs(scan.Options{}).Read(path, res.Bytes, nil); len(left.Findings) > 0 && !left.Findings[0].Ignored {
		t.Errorf("a scan finds %s at line %d", left.Findings[0].Rule, left.Findings[0].Location.FileLine)
	}
	return string(res.Bytes), res
}

func base64Of(s string) []byte { return base64.StdEncoding.AppendEncode(nil, []byte(s)) }
