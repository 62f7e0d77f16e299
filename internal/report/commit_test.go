package report_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/report"
)

// fromHistory is a finding of a scan of history.
func fromHistory() finding.Finding {
	f := finding.Finding{Rule: "r", Title: "A token", Severity: finding.High, Preview: "…"}
	f.Location = finding.Location{Path: "a.py", Line: 1, Column: 2, EndLine: 1, EndColumn: 3, FileLine: 1, FileColumn: 2, Offset: 1, Length: 1}
	f.Commit = &finding.Commit{
		ID: strings.Repeat("1a", 20), Author: "A\x1b[31mda\xff", Email: "ada@example.org", Date: time.Date(2023, 11, 15, 23, 0, 0, 0, time.FixedZone("", 3600)),
		Subject: "add {it}", Blob: strings.Repeat("2b", 20), Versions: 3, Pushed: true, Branches: []string{"main", "b", "c", "d", "e"}, Remotes: []string{"origin/main"}, Refs: 6,
	}
	return f
}

func TestHistory(t *testing.T) {
	for format, want := range map[string]string{
		"text":   `commit 1a1a1a1a1a1a by "A\x1b[31mda\xff" <ada@example.org>, 2023-11-15, add {it}; in 3 versions; no longer in HEAD; on main, b, c, d and 2 more; pushed` + "\n",
		"jsonl":  `"commit":{"id":"1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a","author":"A\u001b[31mda\ufffd","email":"ada@example.org","date":"2023-11-15T23:00:00+01:00","subject":"add {it}","blob":"2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b","versions":3,"in_head":false,"pushed":true,"branches":["main","b","c","d","e"],"remotes":["origin/main"],"refs":6}`,
		"json":   `"commits":7`,
		"sarif":  `2023-11-15, add {{it}}; in 3 versions`,
		"github": `; no longer in HEAD; on main, b, c, d and 2 more; pushed`,
		"html":   `commit 1a1a1a1a1a1a by`,
	} {
		var b strings.Builder
		h, err := report.New(format, &b, report.Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = errors.Join(h.Finding(fromHistory(), "00"), h.Summary(finding.Summary{Findings: 1, Files: 4, Commits: 7, Complete: true}))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s: %s\nis not in\n%s", format, want, b.String())
		}
		if strings.Contains(b.String(), "\x1b") {
			t.Errorf("%s hands an escape on", format)
		}
	}
}

// A leak comes with what to do about it: what is in HEAD can be fixed.
func TestAfterLeak(t *testing.T) {
	f := fromHistory()
	f.Revoke = "https://example.org/tokens"
	f.Location.Path = "a.ipynb"
	for inHead, want := range map[bool]string{
		false: "\n    revoke it at https://example.org/tokens\n",
		true:  "\n    revoke it at https://example.org/tokens; nbseal fix a.ipynb moves it to the store\n",
	} {
		f.Commit.InHead = inHead
		var b strings.Builder
		h, err := report.New("text", &b, report.Options{})
		if err := errors.Join(err, h.Finding(f, "00")); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(b.String(), want) {
			t.Errorf("%q does not end with %q", b.String(), want)
		}
	}
}

// What is read back is what was written, and merging keeps the order of commits.
func TestHistoryIsReadBack(t *testing.T) {
	older, newer := fromHistory(), fromHistory()
	older.Commit.Author = "Ada"
	newer.Commit.Author = "Ada"
	newer.Commit.Date = newer.Commit.Date.AddDate(1, 0, 0)
	newer.Location.Offset = 0
	var in strings.Builder
	h, err := report.New("jsonl", &in, report.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(h.Finding(newer, "01"), h.Finding(older, "02"), h.Summary(finding.Summary{Findings: 2, Commits: 5, Complete: true}))
	if err != nil {
		t.Fatal(err)
	}
	var out record
	sum, err := report.Merge([]report.Stream{{Name: "a", Reader: strings.NewReader(in.String())}}, &out)
	if err != nil || sum.Commits != 5 || len(out.events) != 2 {
		t.Fatalf("%v %+v", err, sum)
	}
	for i, want := range []finding.Finding{older, newer} {
		got := out.events[i].(found).Commit
		if !got.Date.Equal(want.Commit.Date) {
			t.Errorf("commit %d is of %v", i, got.Date)
		}
		got.Date = want.Commit.Date
		if !reflect.DeepEqual(got, want.Commit) {
			t.Errorf("got %+v, want %+v", got, want.Commit)
		}
	}
}
