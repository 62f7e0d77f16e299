package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/report"
	"github.com/nbseal/nbseal/internal/secret"
)

const canary = "canary-plaintext"

func events(t *testing.T, format string, opt report.Options, findings ...finding.Finding) string {
	t.Helper()
	var b bytes.Buffer
	h, err := report.New(format, &b, opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if err := h.Finding(f, "0123"); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Unread(finding.Unread{Path: "bad\x1b[31m.ipynb", Reason: "it is empty"}); err != nil {
		t.Fatal(err)
	}
	s := finding.Summary{Files: 2, Notebooks: 1, Bytes: 1234567, Findings: len(findings), ByRule: map[string]int{"r": len(findings)}, Unread: 1}
	if err := h.Summary(s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sample() finding.Finding {
	return finding.Finding{
		Rule: "r", Title: "Some key", Severity: finding.High, Name: "api_key", Preview: "sk-…",
		Secret: secret.New([]byte(canary)),
		Location: finding.Location{
			Path:  "dir/a.ipynb",
			Place: &finding.Place{Cell: 4, CellID: "c4", Where: finding.Output, Output: 1, MIME: "text/plain"},
			Line:  3, Column: 12, EndLine: 3, EndColumn: 32, FileLine: 210, FileColumn: 18, Offset: 5120, Length: 20,
		},
	}
}

func plain() finding.Finding {
	f := sample()
	f.Location.Place, f.Location.Path = nil, "b.txt"
	return f
}

func TestText(t *testing.T) {
	want := `dir/a.ipynb
  cell 4, output 1, line 3:12  high    Some key  sk-…  (api_key)

b.txt
  line 3:12                    high    Some key  sk-…  (api_key)

not read: "bad\x1b[31m.ipynb": it is empty
2 credentials in 2 files (1 notebook, 1.2 MB); 1 could not be read
`
	if got := events(t, "text", report.Options{}, sample(), plain()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := events(t, "text", report.Options{Color: true}, sample()); !strings.Contains(got, "\x1b[31mhigh  \x1b[0m") {
		t.Errorf("no colour: %q", got)
	}
}

func TestJSONLines(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(events(t, "jsonl", report.Options{}, sample(), plain()), "\n"), "\n")
	want := `{"type":"finding","rule":"r","title":"Some key","severity":"high","path":"dir/a.ipynb","cell":4,"cell_id":"c4","where":"output","output":1,"mime":"text/plain","name":"api_key","line":3,"column":12,"end_line":3,"end_column":32,"file_line":210,"file_column":18,"offset":5120,"length":20,"preview":"sk-…","fingerprint":"0123"}`
	if len(lines) != 4 || lines[0] != want {
		t.Errorf("got\n%s\nwant\n%s", lines[0], want)
	}
	for i, kind := range []string{"finding", "finding", "unread", "summary"} {
		var v map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &v); err != nil || v["type"] != kind {
			t.Errorf("line %d: %v %v", i, v["type"], err)
		}
		if _, has := v["cell"]; has != (i == 0) {
			t.Errorf("line %d: cell is there: %v", i, has)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, list := range [][]finding.Finding{nil, {sample()}, {sample(), plain()}} {
		var doc struct {
			Findings []map[string]any
			Unread   []map[string]any
			Summary  map[string]any
		}
		out := events(t, "json", report.Options{}, list...)
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		if len(doc.Findings) != len(list) || len(doc.Unread) != 1 || doc.Summary["complete"] != false {
			t.Errorf("got %s", out)
		}
	}
}

func TestSecretsAreShownOnRequestOnly(t *testing.T) {
	for _, format := range report.Formats {
		if got := events(t, format, report.Options{}, sample()); strings.Contains(got, canary) {
			t.Errorf("%s shows the secret", format)
		}
		if got := events(t, format, report.Options{ShowSecrets: true}, sample()); !strings.Contains(got, canary) {
			t.Errorf("%s does not show the secret", format)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	if _, err := report.New("yaml", nil, report.Options{}); err == nil {
		t.Error("no error")
	}
}
