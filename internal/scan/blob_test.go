package scan_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
	nbformat "github.com/nbseal/nbseal/internal/notebook"
	"github.com/nbseal/nbseal/internal/scan"
)

// wholes keeps all findings of a scan, whole.
type wholes struct {
	recorder
	findings []finding.Finding
	unread   []finding.Unread
}

func (w *wholes) Finding(f finding.Finding, _ string) error {
	w.findings = append(w.findings, f)
	return nil
}

func (w *wholes) Unread(u finding.Unread) error {
	w.unread = append(w.unread, u)
	return nil
}

// A blob gives what a file of that name gives, whatever was read before it.
func TestBlobsAreReadAsFiles(t *testing.T) {
	dir := t.TempDir()
	blobs := scan.NewBlobs(scan.Options{})
	for name, src := range map[string][]byte{
		"a.ipynb":     notebook(t, "x = '"+token(1)+"'", "y = '"+token(2)+"'"),
		"any.json":    notebook(t, "x = '"+token(1)+"'"),
		"cut.ipynb":   notebook(t, "x = '"+token(1)+"'")[:120],
		"a.py":        []byte("# %%\nx = '" + token(3) + "'\n"),
		"plain.txt":   []byte(token(4)),
		"empty.ipynb": nil,
		"utf16.txt":   []byte("\xff\xfea\x00"),
		"binary":      []byte("a\x00" + token(5)),
	} {
		write(t, dir, name, src)
		path := filepath.Join(dir, name)
		var want wholes
		sum, err := scan.Paths(t.Context(), []string{path}, scan.Options{}, &want)
		if err != nil {
			t.Fatal(err)
		}
		got := blobs.Read(path, src, nil)
		var findings []finding.Finding
		for _, f := range got.Findings {
			findings = append(findings, f.Finding)
		}
		if !slices.EqualFunc(findings, want.findings, sameFinding) || !reflect.DeepEqual(got.Unread, want.unread) {
			t.Errorf("%s: %v, %v as a blob; %v, %v as a file", name, findings, got.Unread, want.findings, want.unread)
		}
		if got.Notebook != (sum.Notebooks == 1) || got.Binary != (sum.Skipped == 1) {
			t.Errorf("%s: notebook %v, binary %v", name, got.Notebook, got.Binary)
		}
	}
}

func sameFinding(a, b finding.Finding) bool {
	return a.Rule == b.Rule && a.Name == b.Name && a.Secret.Equal(b.Secret) && reflect.DeepEqual(a.Location, b.Location)
}

// visitor reads sources alone.
type visitor struct {
	t     *testing.T
	found []string
}

func (v *visitor) Wants(u *nbformat.Unit) bool { return u.Place.Where == finding.Source }

func (v *visitor) Found(u *nbformat.Unit, m detect.Match, f finding.Finding, ignored bool) {
	v.found = append(v.found, f.Rule)
	if !bytes.Equal(u.Text[m.Parts[0].Start:m.Parts[0].End], f.Secret.Reveal()) || ignored != bytes.Contains(u.Text, []byte("nbseal:ignore")) {
		v.t.Errorf("%s at %d:%d, ignored %v", f.Rule, f.Location.Line, f.Location.Column, ignored)
	}
}

func TestVisitor(t *testing.T) {
	src := notebook(t, "x = '"+token(1)+"'", "y = '"+token(2)+"'  # nbseal:ignore")
	src = bytes.Replace(src, []byte(`"metadata":{}`), []byte(`"metadata":{"token":"`+token(3)+`"}`), 1)
	blobs, v := scan.NewBlobs(scan.Options{}), &visitor{t: t}
	if got := blobs.Read("a.ipynb", src, v); len(got.Findings) != 2 || got.Findings[0].Ignored || !got.Findings[1].Ignored || len(v.found) != 2 {
		t.Errorf("%v, visited %v", got.Findings, v.found)
	}
	if got := blobs.Read("a.ipynb", src, nil); len(got.Findings) != 3 || len(v.found) != 2 {
		t.Errorf("without a visitor %v", got.Findings)
	}
}

func TestLists(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, ".gitleaksignore", []byte("a.txt:huggingface-access-token:1\n"))
	lists, unread := scan.ReadLists(dir)
	if len(unread) > 0 {
		t.Fatal(unread)
	}
	for name, want := range map[string]bool{"a.txt": true, "b.txt": false} {
		f := scan.NewBlobs(scan.Options{}).Read(filepath.Join(dir, name), []byte(token(1)), nil).Findings[0]
		if lists.Has(f.Finding) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
	if err := os.Remove(filepath.Join(dir, ".gitleaksignore")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, ".gitleaksignore", []byte(strings.Repeat("x", 17<<20)))
	if _, unread := scan.ReadLists(dir); len(unread) != 1 {
		t.Errorf("a list that is too large: %v", unread)
	}
}
