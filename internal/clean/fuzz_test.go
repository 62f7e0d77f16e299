package clean_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/nbseal/nbseal/internal/clean"
	"github.com/nbseal/nbseal/internal/scan"
)

// settingsOf makes settings of the bits of n.
func settingsOf(t testing.TB, n uint16) clean.Settings {
	s := set(t, "outputs", []string{"redact", "keep", "strip", "redact"}[n&3], "source", []string{"redact", "block"}[n>>2&1])
	x := &s.Strip
	x.Counts, x.IDs, x.EmptyCells, x.InitCells = n>>3&1 > 0, n>>4&1 > 0, n>>5&1 > 0, n>>6&1 > 0
	x.CellMetadata, x.NotebookMetadata = n>>7&1 > 0, n>>8&1 > 0
	if n>>9&1 > 0 {
		x.Keys = []string{"metadata.a", "metadata.b.c", "cell.metadata.a.b", "cell.metadata.tags"}
	}
	if n>>10&1 > 0 {
		x.KeepOutputTypes = []string{"stream:stderr"}
	}
	if n>>11&1 > 0 {
		x.DropOutputTypes, x.TaggedCells = []string{"error"}, []string{"drop"}
	}
	x.MaxOutput = int(n >> 12 & 3 * 20)
	return s
}

// Whatever comes out goes in again unchanged, is JSON if it was, and holds
// nothing that a scan finds.
func FuzzClean(f *testing.F) {
	for _, text := range notebooks {
		for n := range uint16(16) {
			f.Add("a.ipynb", []byte(text), n<<3|n&7|n<<9)
		}
	}
	f.Add("a.ipynb", []byte(full), uint16(2|0xff8))
	f.Add("a.py", []byte("# %%\nt = '<1>'\n"), uint16(0))
	f.Add("a.json", []byte(`{"token": "<1>", "other": "a\nb <2>"}`), uint16(0))
	f.Add("a.txt", []byte("t = '<1>'\n"), uint16(4))
	f.Add("a.ipynb", []byte("<<<<<<< a\n{\"source\": \"<1>\"}\n=======\n>>>>>>> b\n"), uint16(0))
	f.Fuzz(func(t *testing.T, path string, src []byte, n uint16) {
		if len(src) > 1<<16 || len(path) > 100 {
			return
		}
		src = []byte(fill(string(src)))
		before := bytes.Clone(src)
		c := with(settingsOf(t, n))
		res, err := c.Clean(path, src)
		if !bytes.Equal(src, before) {
			t.Fatal("the source changed")
		}
		if err != nil {
			var blocked *clean.Blocked
			var unreadable *clean.Unreadable
			if !errors.As(err, &blocked) && !errors.As(err, &unreadable) || res.Bytes != nil {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(res.Redacted) == 0 && !res.Stripped && !bytes.Equal(res.Bytes, src) {
			t.Error("it changed, and nothing is said of it")
		}
		if json.Valid(src) && !json.Valid(res.Bytes) {
			t.Errorf("no JSON any more: %q", res.Bytes)
		}
		again, err := c.Clean(path, res.Bytes)
		if err != nil || !bytes.Equal(again.Bytes, res.Bytes) {
			t.Errorf("a second time is another: %v\n%q\n%q", err, res.Bytes, again.Bytes)
		}
		for _, f := range scan.NewBlobs(scan.Options{}).Read(path, res.Bytes, nil).Findings {
			if !f.Ignored {
				t.Errorf("a scan finds %s in %q", f.Rule, res.Bytes)
			}
		}
		if _, err := c.Text(path, src); err != nil {
			var unreadable *clean.Unreadable
			if !errors.As(err, &unreadable) {
				t.Error(err)
			}
		}
	})
}

// Without settings bytes go where a credential was, and nowhere else: what is
// left without the markers is the source in its order, less no more than the
// findings cover.
func FuzzRedactChangesNothingElse(f *testing.F) {
	for _, text := range notebooks {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		src = []byte(fill(string(src)))
		res, err := clean.New(clean.Options{}).Clean("a.ipynb", src)
		if err != nil || res.Stripped || bytes.Contains(src, []byte("[nbseal:")) {
			return
		}
		rest, covered := res.Bytes, 0
		for _, f := range res.Redacted {
			rest = bytes.ReplaceAll(rest, []byte(clean.Marker(f.Rule)), nil)
			covered += f.Location.Length
		}
		at := 0
		for _, b := range rest {
			k := bytes.IndexByte(src[at:], b)
			if k < 0 {
				t.Fatalf("%q became %q", src, res.Bytes)
			}
			at += k + 1
		}
		if len(src)-len(rest) > covered {
			t.Errorf("%d bytes for %d of findings: %q became %q", len(src)-len(rest), covered, src, res.Bytes)
		}
	})
}
