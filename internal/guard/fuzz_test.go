package guard

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzAttributes puts the filter in and takes it out again.
func FuzzAttributes(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "\r\n", "*.ipynb filter=nbstripout", "# c\r\n*.ipynb filter=lfs diff=lfs -text\r\n", "\xef\xbb\xbf", "\xef\xbb\xbf*.ipynb filter=x",
		"* text=auto\n*.csv filter=lfs\n", "\"a b.ipynb\" filter=x filter=y\n", "[attr]nb filter=x\n*.ipynb nb", "!*.ipynb filter=x\n", "*.ipynb filter=nbseal diff=nbseal",
		"*.ipynb\tfilter=nbseal\n*.ipynb -filter\n", "\"unended filter=x\n", "*.ipynb filter=", "*.ipynb filter", "*.ipynb filter=nbseal diff=nbseal\n*.ipynb filter=a\n",
	} {
		for _, replace := range []bool{false, true} {
			f.Add([]byte(seed), replace)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, replace bool) {
		patterns := []string{notebooks, "*.qmd"}
		after, hunks, _ := guardAttributes(bytes.Clone(text), patterns, replace)
		restored, lost := undo(after, hunks)
		if len(lost) > 0 || !bytes.Equal(restored, text) {
			t.Fatalf("%q became %q by %+v, and then %q, lost %v", text, after, hunks, restored, lost)
		}
		if again, more, _ := guardAttributes(after, patterns, replace); len(more) > 0 || !bytes.Equal(again, after) {
			t.Fatalf("%q became %q, and then %q", text, after, again)
		}
		if !replace { // the user's lines are there, in their order
			rest := after
			for line := range bytes.Lines(text) {
				line = bytes.TrimPrefix(line, bom)
				_, behind, found := bytes.Cut(rest, line)
				if !found {
					t.Fatalf("%q is not in %q, or not in its order", line, after)
				}
				rest = behind
			}
		}
		for _, h := range hunks {
			if bytes.Count(text, []byte("\r")) != bytes.Count(text, []byte("\r\n")) {
				break // a lone one becomes half a break of Windows as soon as a line ends behind it
			}
			if h.Old == "" && strings.Contains(h.New, "\r") != (eolOf(text) == "\r\n") {
				t.Fatalf("%q got a line with the wrong break: %q", text, h.New)
			}
		}
	})
}

// FuzzEdited has a user add lines before and behind what was installed.
func FuzzEdited(f *testing.F) {
	block := program{word: "'/a b/nbseal'"}.block()
	for _, text := range []string{"", "a", "a\n", "a\r\nb", "[core]\n\tx = y\\", "\xef\xbb\xbf", block, block + "x"} {
		f.Add([]byte(text), []byte("before\n"), []byte("behind"))
		f.Add([]byte(text), []byte(""), []byte(""))
	}
	f.Fuzz(func(t *testing.T, text, before, behind []byte) {
		after, h := insert(bytes.Clone(text), len(text), block)
		if restored, lost := undo(after, []hunk{h}); len(lost) > 0 || !bytes.Equal(restored, text) {
			t.Fatalf("%q became %q, and then %q", text, after, restored)
		}
		if bytes.Contains(before, []byte("nbseal")) || bytes.Contains(behind, []byte("nbseal")) || bytes.Contains(text, []byte("nbseal")) || bytes.HasPrefix(text, bom) ||
			len(before) > 0 && !bytes.HasSuffix(before, []byte("\n")) {
			return
		}
		edited := bytes.Join([][]byte{before, after, behind}, nil)
		want := bytes.Join([][]byte{before, text, []byte(h.Lead), behind}, nil)
		if len(behind) == 0 {
			want = bytes.Join([][]byte{before, text}, nil)
		}
		restored, lost := undo(edited, []hunk{h})
		if len(lost) > 0 || !bytes.Equal(restored, want) {
			t.Fatalf("%q gives %q, want %q", edited, restored, want)
		}
	})
}

// FuzzRules reads attributes files that are anything.
func FuzzRules(f *testing.F) {
	f.Add([]byte(" *.ipynb  filter=a -diff\r\n\"q\\\"x\" !filter"))
	f.Fuzz(func(t *testing.T, text []byte) {
		end := 0
		for i, r := range rules(text) {
			start := r.start
			if i == 0 && start == len(bom) {
				start = 0
			}
			if start != end || r.end <= start {
				t.Fatalf("rule %d of %q is at %d to %d", i, text, r.start, r.end)
			}
			end = r.end
			if r.filter != "" && !strings.Contains(string(text[r.filterAt[0]:r.filterAt[1]]), "filter") {
				t.Fatalf("in rule %d of %q the filter is not at %v", i, text, r.filterAt)
			}
		}
		if end != len(text) {
			t.Fatalf("%q is read up to %d", text, end)
		}
	})
}
