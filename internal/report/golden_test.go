package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/report"
	"github.com/nbseal/nbseal/internal/secret"
)

var update = flag.Bool("update", false, "write the golden files anew")

// stream is a scan with something of everything, and what a hostile file can
// put into it.
func stream() (findings []finding.Finding, unread []finding.Unread, sum finding.Summary) {
	at := func(path string, place *finding.Place, line int) finding.Location {
		return finding.Location{
			Path: path, Place: place, Line: line, Column: 12, EndLine: line, EndColumn: 32,
			FileLine: 200 + line, FileColumn: 18, Offset: 5120 + line, Length: 20,
		}
	}
	value := func(s string) secret.Value { return secret.New([]byte(s)) }
	plain := at("conf/app settings.env", nil, 3)
	plain.FileLine = plain.Line
	block := plain
	block.Line, block.FileLine, block.EndLine = 9, 9, 14
	findings = []finding.Finding{
		{Rule: "aws-key", Title: "AWS key", Severity: finding.High, Name: "AWS_KEY", Preview: "AKIA…", Revoke: "https://console.example/keys?a=1&b=2", Secret: value(canary), Location: at("a.ipynb", &finding.Place{Cell: 4, CellID: "c4", Where: finding.Source}, 2)},
		{Rule: "aws-key", Title: "AWS key", Severity: finding.High, Name: "AWS_KEY", Preview: "AKIA…", Revoke: "https://console.example/keys?a=1&b=2", Secret: value(canary), Location: at("a.ipynb", &finding.Place{Cell: 4, CellID: "c4", Where: finding.Output, Output: 1, MIME: "text/html"}, 7)},
		{Rule: "password", Title: "Password", Severity: finding.Medium, Name: "db.password", Preview: "…", Secret: value("another " + canary), Location: at("a.ipynb", &finding.Place{Cell: 0, Where: finding.Metadata, Key: "papermill.parameters.password"}, 1)},
		{Rule: "aws-key", Title: "AWS key", Severity: finding.Low, Preview: "AKIA…", Secret: value("masked " + canary), Location: plain},
		{Rule: "private-key", Title: "Private key", Severity: finding.High, Preview: "-----BEGIN…", Secret: value("block\n" + canary), Location: block},
		{Rule: "hostile", Title: "<b>::error::[x](https://evil.example) {0} %0A", Severity: finding.Medium, Name: "<script>alert(1)</script>\x1b[31m", Preview: "</code>…", Revoke: "javascript:alert(1)", Secret: value("<i>" + canary), Location: at("hostile/<img src=x onerror=alert(1)>,line=1::x\r\n::set-output name=a::b%41\xff\u202e.ipynb", &finding.Place{Cell: 1, CellID: "</script>", Where: finding.Attachment, MIME: "\"><script>"}, 1)},
	}
	for i := range findings {
		if p := findings[i].Location.Place; p == nil || p.Where != finding.Metadata {
			findings[i].Excerpt = excerpt(findings[i])
		}
	}
	unread = []finding.Unread{
		{Path: "broken:one,two.ipynb", Reason: "it is empty"},
		{Path: "odd/\x1b]0;title\a\n::error::x", Reason: "<b>permission denied</b> [a](b) {1}"},
	}
	sum = finding.Summary{
		Files: 12, Notebooks: 9, Bytes: 734003, Findings: len(findings), Unread: len(unread), Suppressed: 2, Skipped: 4,
		ByRule: map[string]int{"aws-key": 3, "password": 1, "private-key": 1, "hostile": 1},
	}
	return findings, unread, sum
}

// risks are what the code of stream's notebooks will leak.
func risks() []finding.Risk {
	at := func(path string, place *finding.Place, line int) finding.Location {
		return finding.Location{
			Path: path, Place: place, Line: line, Column: 7, EndLine: line, EndColumn: 10,
			FileLine: 300 + line, FileColumn: 9, Offset: 6000 + line, Length: 3,
		}
	}
	const advice = "Log its name, not its value."
	return []finding.Risk{
		{Rule: "risk-log-secret", Title: "A secret is logged", Advice: advice, Name: "key", Location: at("a.ipynb", &finding.Place{Cell: 5, CellID: "c5", Where: finding.Source}, 2)},
		{Rule: "risk-log-secret", Title: "A secret is logged", Advice: advice, Name: "key", Location: at("a.ipynb", &finding.Place{Cell: 5, CellID: "c5", Where: finding.Source}, 3)},
		{Rule: "risk-show-environment", Title: "The environment is shown", Advice: "Show single variables.", Location: at("nb.py", nil, 4)},
		{Rule: "hostile-risk", Title: "<i>::error::[x](https://evil.example) {0}", Advice: "<script>alert(2)</script>\n::error::%0A", Name: "</code>\x1b[31m", Location: at("hostile/<img>\n.ipynb", &finding.Place{Cell: 1, Where: finding.Source}, 1)},
	}
}

func options() report.Options {
	return report.Options{Version: "1.2.3", Time: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)}
}

// write is stream in a format.
func write(t testing.TB, format string, opt report.Options) string {
	t.Helper()
	var b bytes.Buffer
	h, err := report.New(format, &b, opt)
	if err != nil {
		t.Fatal(err)
	}
	findings, unread, sum := stream()
	for i, f := range findings {
		if err := h.Finding(f, strings.Repeat(string("0123456789abcdef"[i]), 32)); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range risks() {
		if err := h.Risk(r); err != nil {
			t.Fatal(err)
		}
	}
	for _, u := range unread {
		if err := h.Unread(u); err != nil {
			t.Fatal(err)
		}
	}
	sum.Risks = len(risks())
	if err := h.Summary(sum); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for _, format := range report.Formats {
		got := write(t, format, options())
		path := filepath.Join("testdata", "report."+format)
		if strings.Contains(got, canary) {
			t.Errorf("%s shows a secret", format)
		}
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
			t.Errorf("%s is not what %s holds; after a look at the change, go test -update\n%s", format, path, got)
		}
	}
}

// excerpt shows a line before and one after, and forgets to mask.
func excerpt(f finding.Finding) *finding.Excerpt {
	lines := []string{"import boto3 # <b>"}
	lines = append(lines, strings.Split("key = \""+string(f.Secret.Reveal())+"\"\t# \u202e\x1b[0m", "\n")...)
	return &finding.Excerpt{Line: f.Location.Line - 1, Lines: append(lines, strings.Repeat("x", 1000))}
}

// TestEmpty has every format close what it did not open.
func TestEmpty(t *testing.T) {
	for _, format := range report.Formats {
		var b bytes.Buffer
		h, err := report.New(format, &b, options())
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Summary(finding.Summary{Files: 1, ByRule: map[string]int{}, Complete: true}); err != nil {
			t.Fatal(err)
		}
		if format == "sarif" {
			validate(t, b.String())
		}
		if format == "html" && !strings.Contains(b.String(), "No credentials<") {
			t.Errorf("html: %s", &b)
		}
	}
}
