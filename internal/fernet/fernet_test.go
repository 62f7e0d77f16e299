package fernet

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// vector is one case of the public test vectors.
type vector struct {
	Desc, Token, Src, Secret string
	Now                      time.Time
	IV                       []int
	TTL                      int `json:"ttl_sec"`
}

func vectors(t *testing.T, name string) []vector {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "vectors", "fernet", name))
	if err != nil {
		t.Fatal(err)
	}
	var list []vector
	if err := json.Unmarshal(text, &list); err != nil || len(list) == 0 {
		t.Fatalf("%s: %d vectors, %v", name, len(list), err)
	}
	return list
}

func key(t testing.TB, text string) Key {
	t.Helper()
	k, err := ParseKey([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestGenerate(t *testing.T) {
	for _, v := range vectors(t, "generate.json") {
		var iv [16]byte
		for i := range iv {
			iv[i] = byte(v.IV[i])
		}
		got, err := seal(key(t, v.Secret), []byte(v.Src), v.Now, iv)
		if err != nil || string(got) != v.Token {
			t.Errorf("%q becomes %s, %v", v.Src, got, err)
		}
	}
}

func TestVerify(t *testing.T) {
	for _, v := range vectors(t, "verify.json") {
		got, made, err := Open(key(t, v.Secret), []byte(v.Token), Options{MaxAge: time.Duration(v.TTL) * time.Second, Now: v.Now})
		if err != nil || string(got.Reveal()) != v.Src {
			t.Errorf("%q, %v", got.Reveal(), err)
		}
		if age := v.Now.Sub(made); age < 0 || age > time.Minute {
			t.Errorf("made %v before now", age)
		}
	}
}

func TestInvalid(t *testing.T) {
	want := map[string]error{
		"incorrect mac":  ErrKey,
		"too short":      ErrDamaged,
		"invalid base64": ErrDamaged,
		"payload size not multiple of block size": ErrDamaged,
		"payload padding error":                   ErrDamaged,
		"far-future TS (unacceptable clock skew)": ErrNotYet,
		"expired TTL":                         ErrExpired,
		"incorrect IV (causes padding error)": ErrDamaged,
	}
	list := vectors(t, "invalid.json")
	if len(list) != len(want) {
		t.Fatalf("%d vectors", len(list))
	}
	for _, v := range list {
		for _, lax := range []bool{false, true} {
			_, _, err := Open(key(t, v.Secret), []byte(v.Token), Options{Lax: lax, MaxAge: time.Duration(v.TTL) * time.Second, Now: v.Now})
			if !errors.Is(err, want[v.Desc]) {
				t.Errorf("%s (lax %v): %v", v.Desc, lax, err)
			}
		}
	}
}

// An age of exactly what is allowed is not too old, as in Python.
func TestAge(t *testing.T) {
	k, made := NewKey(), time.Unix(1_700_000_000, 0)
	token, err := Seal(k, []byte("x"), made)
	if err != nil {
		t.Fatal(err)
	}
	for age, want := range map[time.Duration]error{
		-61 * time.Second: ErrNotYet, -60 * time.Second: nil, 0: nil, 10*time.Second + 999*time.Millisecond: nil, 11 * time.Second: ErrExpired,
	} {
		if _, _, err := Open(k, token, Options{MaxAge: 10 * time.Second, Now: made.Add(age)}); !errors.Is(err, want) {
			t.Errorf("at age %v: %v", age, err)
		}
	}
	if _, _, err := Open(k, token, Options{}); err != nil {
		t.Error(err)
	}
}

func TestEveryChangeIsSeen(t *testing.T) {
	k := NewKey()
	token, err := Seal(k, []byte("message"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for i := range token {
		changed := bytes.Clone(token)
		changed[i] ^= 1
		if got, _, err := Open(k, changed, Options{}); err == nil {
			t.Errorf("byte %d changed: opens to %q", i, got.Reveal())
		}
		if _, _, err := Open(k, token[:i], Options{}); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrKey) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
	if _, _, err := Open(NewKey(), token, Options{}); !errors.Is(err, ErrKey) {
		t.Errorf("another key: %v", err)
	}
}

func TestLength(t *testing.T) {
	k := NewKey()
	longest := MaxToken/4*3 - headerLen - 32 - 16
	for n, want := range map[int]error{longest: nil, longest + 16: ErrTooLong, 2 * MaxToken: ErrTooLong} {
		token, err := Seal(k, make([]byte, n), time.Now())
		if !errors.Is(err, want) || len(token) > MaxToken {
			t.Errorf("%d bytes: %v, a token of %d", n, err, len(token))
		}
		if want == nil {
			if m, _, err := Open(k, append(token, '\n'), Options{}); err != nil || m.Len() != n {
				t.Errorf("%d bytes open to %d, %v", n, m.Len(), err)
			}
		}
	}
	if _, _, err := Open(k, bytes.Repeat([]byte("A"), MaxToken+4), Options{}); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
}

func TestParseKey(t *testing.T) {
	k := NewKey()
	text := string(k.Text().Reveal())
	if again := key(t, " "+text+"\r\n"); !bytes.Equal(again.Text().Reveal(), []byte(text)) {
		t.Error("a key does not survive")
	}
	for _, bad := range []string{"", text[:43], text[:40], text + text, strings.Repeat("/", 43) + "=", strings.Repeat("A", 42) + "B="} {
		if _, err := ParseKey([]byte(bad)); !errors.Is(err, ErrBadKey) {
			t.Errorf("%d characters: %v", len(bad), err)
		}
	}
}

// python runs Python's cryptography, the program that people made their files
// with.
func python(t *testing.T, script string, stdin []byte) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "-I", "-c", script)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("python: %v\n%s", err, out)
	}
	return out
}

func TestWithPython(t *testing.T) {
	k, message := NewKey(), []byte("{\"DB\": \"p\u00e4ss\"}\n")
	token, err := Seal(k, message, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	in := append(append(k.Text().Reveal(), '\n'), token...)
	got := python(t, `import sys
from cryptography.fernet import Fernet
key, token = sys.stdin.buffer.read().split(b"\n")
sys.stdout.buffer.write(Fernet(key).decrypt(token, ttl=60))`, in)
	if !bytes.Equal(got, message) {
		t.Errorf("Python reads %q", got)
	}

	theirs := python(t, `import sys
from cryptography.fernet import Fernet
key, message = sys.stdin.buffer.read().split(b"\n", 1)
sys.stdout.buffer.write(Fernet(key).encrypt(message))`, append(append(k.Text().Reveal(), '\n'), message...))
	opened, made, err := Open(k, theirs, Options{MaxAge: time.Minute, Now: time.Now()})
	if err != nil || !bytes.Equal(opened.Reveal(), message) || time.Since(made) > time.Minute {
		t.Errorf("reads %q of %v, %v", opened.Reveal(), made, err)
	}
}

// What Python takes, the lax form takes, and the other way round.
func TestLaxIsPythons(t *testing.T) {
	k := NewKey()
	var tokens [][]byte
	for _, message := range []string{"", "a", "ab", "fifteen letters", "sixteen letters!"} {
		token, err := Seal(k, []byte(message), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		s := string(token)
		body := strings.TrimRight(s, "=")
		for _, form := range []string{
			s, s + "\n", " " + s, s[:9] + "\n" + s[9:], s[:8] + "%" + s[8:], body, body + "=", s + "=", s + "junk", s + "AAAA",
			strings.NewReplacer("-", "+", "_", "/").Replace(s), s[:6] + "=" + s[6:], s[:6] + "==" + s[6:], s[:5] + "=" + s[5:], s[:4] + "==" + s[4:], "=" + s, "",
		} {
			tokens = append(tokens, []byte(form))
		}
	}
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	if err := enc.Encode(map[string]any{"key": string(k.Text().Reveal()), "tokens": tokens}); err != nil {
		t.Fatal(err)
	}
	out := python(t, `import base64, json, sys
from cryptography.fernet import Fernet
d = json.load(sys.stdin)
f = Fernet(d["key"])
def opens(t):
    try:
        return [base64.b64encode(f.decrypt(base64.b64decode(t))).decode()]
    except Exception:
        return []
json.dump([opens(t) for t in d["tokens"]], sys.stdout)`, in.Bytes())
	var theirs [][][]byte
	if err := json.Unmarshal(out, &theirs); err != nil {
		t.Fatal(err)
	}
	for i, token := range tokens {
		ours, _, err := Open(k, token, Options{Lax: true})
		if (err == nil) != (len(theirs[i]) == 1) || err == nil && !bytes.Equal(ours.Reveal(), theirs[i][0]) {
			t.Errorf("form %d of message %d: %v, Python opens it: %v", i%17, i/17, err, len(theirs[i]) == 1)
		}
		if _, _, strictErr := Open(k, token, Options{}); strictErr == nil && err != nil {
			t.Errorf("form %d: the strict form takes more", i)
		}
	}
}

func FuzzOpen(f *testing.F) {
	k := NewKey()
	for _, message := range []string{"", "hello", strings.Repeat("x", 100)} {
		token, err := Seal(k, []byte(message), time.Now())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(token, []byte(message))
	}
	f.Fuzz(func(t *testing.T, token, message []byte) {
		if m, _, err := Open(k, token, Options{}); err == nil {
			// Whoever does not know the key cannot make one that opens but by
			// giving back what was made here.
			if lax, _, err := Open(k, token, Options{Lax: true}); err != nil || !lax.Equal(m) {
				t.Errorf("the lax form differs: %v", err)
			}
		}
		made, err := Seal(k, message, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if m, _, err := Open(k, made, Options{}); err != nil || !bytes.Equal(m.Reveal(), message) {
			t.Errorf("%d bytes do not survive: %v", len(message), err)
		}
	})
}
