package redact_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/redact"
	"github.com/nbseal/nbseal/internal/secret"
)

// TestEverySplit: wherever a text is cut, the output is that of the whole.
func TestEverySplit(t *testing.T) {
	values := []string{"hunter2", awkward, "hunter2-and-more", "two\nlines"}
	r := redactor(t, "A", values[0], "B", values[1], "C", values[2], "D", values[3])
	var text []byte
	for _, v := range values {
		for _, f := range encodings(v) {
			text = append(append(text, "some text "...), f...)
		}
	}
	text = append(text, "hunter2-an"...) // the end is a beginning
	want := r.Bytes(text)
	for cut := range len(text) + 1 {
		if got := stream(t, r, text[:cut], text[cut:]); !bytes.Equal(got, want) {
			t.Fatalf("cut at %d: got %q\nwant %q", cut, got, want)
		}
	}
	if got := stream(t, r, slices.Collect(slices.Chunk(text, 1))...); !bytes.Equal(got, want) {
		t.Errorf("byte by byte: got %q\nwant %q", got, want)
	}
}

func stream(t *testing.T, r *redact.Redactor, chunks ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := r.Writer(&out)
	for _, c := range chunks {
		if n, err := w.Write(slices.Clone(c)); n != len(c) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := w.Flush(); err != nil || w.Held() != 0 {
		t.Fatal(err, w.Held())
	}
	return out.Bytes()
}

// TestHoldsBackOnlyABeginning: what cannot become a value is out at once.
func TestHoldsBackOnlyABeginning(t *testing.T) {
	var out bytes.Buffer
	w := redactor(t, "A", "correct-horse").Writer(&out)
	for _, step := range []struct{ write, want string }{
		{"hello ", "hello "},
		{"corr", ""}, {"ect-hors", ""}, {"y", "correct-horsy"},
		{"correct-horse", "[nbseal:A]"}, {"correct-c", "correct-"}, {"\n", "c\n"},
	} {
		out.Reset()
		if _, err := io.WriteString(w, step.write); err != nil || out.String() != step.want {
			t.Errorf("after %q: got %q, want %q, %v", step.write, out.String(), step.want, err)
		}
	}
}

func TestIdle(t *testing.T) {
	type step struct{ write, want, idle string }
	for name, c := range map[string]struct {
		pairs []string
		steps []step
		flush string
	}{
		"short beginning is released, the rest redacted": {
			[]string{"A", "correct-horse-battery"},
			[]step{{"cor", "", "cor"}, {"rect-horse-battery.", "[nbseal:A].", ""}}, ""},
		"released, and it was nothing": {
			[]string{"A", "correct-horse-battery"},
			[]step{{"cor", "", "cor"}, {"al of horses", "al of horses", ""}}, ""},
		"four bytes stay": {
			[]string{"A", "correct-horse-battery"},
			[]step{{"corr", "", ""}, {"ect-", "", ""}, {"hors", "", ""}, {"e-battery", "[nbseal:A]", ""}}, ""},
		"half stays": {
			[]string{"A", "12345678"}, []step{{"12", "", "12"}, {"34", "", ""}, {"5678", "[nbseal:A]", ""}}, ""},
		"a short value within a long one decides": {
			[]string{"A", "xx-abcd-long-enough", "B", "abcd"},
			[]step{{"xx-ab", "", ""}, {"c", "", ""}, {"!", "xx-abc!", ""}}, ""},
		"slowly, one by one": {
			[]string{"A", "0123456789abcdefghij"},
			[]step{{"0", "", "0"}, {"1", "", "1"}, {"2", "", "2"}, {"3", "", ""}, {"4", "", ""}, {"5", "", ""}, {"6", "", ""},
				{"7", "", ""}, {"8", "", ""}}, "[nbseal:A]"},
		"a whole value that may go on is a marker": {
			[]string{"A", "hunter2", "B", "hunter2-and-so-on"},
			[]step{{"hunter2", "", "[nbseal:A]"}, {"-and", "", ""}, {"-so-on.", ".", ""}}, ""},
		"and may stop": {
			[]string{"A", "hunter2", "B", "hunter2-and-so-on"},
			[]step{{"hunter2", "", "[nbseal:A]"}, {"-and more", "-and more", ""}}, ""},
		"end": {[]string{"A", "correct-horse"}, []step{{"is correct", "is ", ""}}, "correct"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w := redactor(t, c.pairs...).Writer(&out)
			take := func() string { defer out.Reset(); return out.String() }
			for _, s := range c.steps {
				if _, err := io.WriteString(w, s.write); err != nil {
					t.Fatal(err)
				}
				if got := take(); got != s.want {
					t.Errorf("after %q: got %q, want %q", s.write, got, s.want)
				}
				if err := w.Idle(); err != nil {
					t.Fatal(err)
				}
				if got := take(); got != s.idle {
					t.Errorf("idle after %q: got %q, want %q", s.write, got, s.idle)
				}
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if got := take(); got != c.flush {
				t.Errorf("flush: got %q, want %q", got, c.flush)
			}
		})
	}
}

func TestUse(t *testing.T) {
	var out bytes.Buffer
	w := redactor(t, "A", "first-value").Writer(&out)
	write := func(s string) {
		if _, err := io.WriteString(w, s); err != nil {
			t.Fatal(err)
		}
	}
	write("second-value first-va")
	if err := w.Use(redactor(t, "A", "first-value", "B", "second-value")); err != nil {
		t.Fatal(err)
	}
	write("lue second-value.")
	if out.String() != "second-value [nbseal:A] [nbseal:B]." {
		t.Errorf("got %q", out.String())
	}
}

type brokenWriter struct{ calls int }

func (b *brokenWriter) Write([]byte) (int, error) { b.calls++; return 0, errBroken }

var errBroken = errors.New("broken")

func TestErrorStays(t *testing.T) {
	b := &brokenWriter{}
	w := redactor(t, "A", "first-value").Writer(b)
	for range 3 {
		if _, err := io.WriteString(w, "text"); !errors.Is(err, errBroken) {
			t.Errorf("got %v", err)
		}
	}
	if err := w.Flush(); !errors.Is(err, errBroken) || b.calls != 1 {
		t.Errorf("got %v after %d writes", err, b.calls)
	}
}

// FuzzStream: random values and text, in random chunks with random pauses.
func FuzzStream(f *testing.F) {
	f.Add([]byte("hunter2"), []byte("hunt"), []byte("er2 and hunter2"), uint64(1))
	f.Add([]byte("aaaa"), []byte("aaaaaa"), []byte("aaaaabaaaa"), uint64(2))
	f.Add([]byte("a\nb\nc"), []byte("b\r\nc"), []byte("xa\r\nb\r\nc"), uint64(3))
	f.Add([]byte("[nbseal:A]"), []byte("nbseal"), []byte("]["), uint64(4))
	f.Add([]byte(awkward), []byte("\\\\''\"\""), []byte("%41%42"), uint64(5))
	f.Fuzz(func(t *testing.T, v1, v2, filler []byte, seed uint64) {
		if len(v1) > 300 || len(v2) > 300 || len(filler) > 300 {
			t.Skip()
		}
		r, err := redact.New([]redact.Secret{
			{Name: "ONE", Value: secret.New(slices.Clone(v1))}, {Name: "TWO", Value: secret.New(slices.Clone(v2))}})
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		var forms []string
		for _, v := range [][]byte{v1, v2} {
			if v := string(bytes.TrimSpace(v)); len(v) >= redact.MinLength && !strings.Contains(v, "\r") {
				for name, f := range encodings(v) {
					if strings.ToValidUTF8(v, "") == v || !strings.HasPrefix(name, "json") && name != "backwards" {
						forms = append(forms, f)
					}
				}
			}
		}
		slices.Sort(forms)
		text := slices.Clone(filler)
		for range rng.IntN(6) {
			if len(forms) > 0 {
				text = append(text, forms[rng.IntN(len(forms))]...)
			}
			text = append(text, filler[rng.IntN(len(filler)+1):]...)
		}

		whole := r.Bytes(text)
		checkClean(t, whole, forms)
		if twice := r.Bytes(whole); !bytes.Equal(twice, whole) {
			t.Errorf("not idempotent: %q becomes %q", whole, twice)
		}
		var calm, paused bytes.Buffer
		a, b := r.Writer(&calm), r.Writer(&paused)
		for rest := text; len(rest) > 0; {
			n := 1 + rng.IntN(min(len(rest), 20))
			if _, err := a.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			if rng.IntN(3) == 0 {
				if err := b.Idle(); err != nil {
					t.Fatal(err)
				}
			}
			rest = rest[n:]
		}
		if err := errors.Join(a.Flush(), b.Flush()); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(calm.Bytes(), whole) {
			t.Errorf("in chunks: got %q, want %q", calm.Bytes(), whole)
		}
		checkClean(t, paused.Bytes(), forms)
		if bytes.Equal(whole, text) && !bytes.Equal(paused.Bytes(), text) {
			t.Errorf("text without a value changed: %q", paused.Bytes())
		}
	})
}

func checkClean(t *testing.T, out []byte, forms []string) {
	t.Helper()
	for _, f := range forms {
		if bytes.Contains(out, []byte(f)) {
			t.Errorf("%q survives in %q", f, out)
		}
	}
}

// BenchmarkRatio measures bytes a second; copy is the floor to divide by.
func BenchmarkRatio(b *testing.B) {
	text := bytes.Repeat([]byte("epoch 12/100 loss=0.31415 accuracy=0.9271 [==========>........] ETA 00:12:09\n"), 1<<14)
	dst := make([]byte, len(text))
	b.Run("copy", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			copy(dst, text)
		}
	})
	for _, n := range []int{1, 10, 100} {
		rng := rand.New(rand.NewPCG(1, uint64(n)))
		var pairs []string
		for i := range n {
			v := make([]byte, 24+i%40)
			for j := range v {
				v[j] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[rng.IntN(64)]
			}
			pairs = append(pairs, "N", string(v))
		}
		w := redactor(b, pairs...).Writer(io.Discard)
		b.Run(map[int]string{1: "values=1", 10: "values=10", 100: "values=100"}[n], func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				for chunk := range slices.Chunk(text, 32<<10) {
					if _, err := w.Write(chunk); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
