package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/report"
	"github.com/nbseal/nbseal/internal/secret"
)

// record keeps the events it is given.
type record struct {
	events []any
	sums   []finding.Summary
}

type found struct {
	finding.Finding
	fingerprint string
}

func (r *record) Finding(f finding.Finding, fp string) error {
	r.events = append(r.events, found{f, fp})
	return nil
}

func (r *record) Risk(f finding.Risk) error {
	r.events = append(r.events, f)
	return nil
}

func (r *record) Unread(u finding.Unread) error {
	r.events = append(r.events, u)
	return nil
}

func (r *record) Summary(s finding.Summary) error {
	r.sums = append(r.sums, s)
	return nil
}

func TestReadReversesJSONLines(t *testing.T) {
	for _, show := range []bool{false, true} {
		text := write(t, "jsonl", report.Options{ShowSecrets: show})
		var got record
		if err := report.Read(strings.NewReader(text), &got); err != nil {
			t.Fatal(err)
		}
		findings, unread, sum := stream()
		sum.Risks = len(risks())
		if len(got.events) != len(findings)+len(risks())+len(unread) || !reflect.DeepEqual(got.sums, []finding.Summary{sum}) {
			t.Fatalf("got %v", got)
		}
		for i, want := range findings {
			f := got.events[i].(found)
			if f.Secret.Len() > 0 {
				t.Errorf("finding %d has plaintext", i)
			}
			want.Secret, want.Excerpt = secret.Value{}, nil
			want.Location.Path = strings.ToValidUTF8(want.Location.Path, "\ufffd") // all that JSON can carry
			if !reflect.DeepEqual(f.Finding, want) {
				t.Errorf("got %+v\nwant %+v", f.Finding, want)
			}
		}
		for i, want := range risks() {
			if r := got.events[len(findings)+i]; !reflect.DeepEqual(r, want) {
				t.Errorf("got %+v\nwant %+v", r, want)
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	good := strings.Split(strings.TrimSpace(write(t, "jsonl", report.Options{})), "\n")
	first := good[0]
	edit := func(from, to string) string {
		if !strings.Contains(first, from) {
			t.Fatalf("no %s in %s", from, first)
		}
		return strings.Replace(first, from, to, 1)
	}
	for _, line := range []string{
		canary, `{"type":"finding"`, first + first, `[]`, `null`, `{}`, `{"type":"` + canary + `"}`, `{"type":7}`,
		edit(`{"type":"finding",`, `{"type":"finding","type":"summary",`),
		edit(`"severity":"high"`, `"severity":"`+canary+`"`), edit(`"line":2`, `"line":0`), edit(`"line":2`, `"line":"`+canary+`"`),
		edit(`"line":2`, `"line":99999999999999999999`), edit(`"offset":5122`, `"offset":-1`), edit(`"where":"source"`, `"where":"`+canary+`"`),
		edit(`"cell":4`, `"cell":-4`), edit(`"path":"a.ipynb"`, `"path":""`), edit(`"rule":"aws-key"`, `"rule":""`),
		`{"type":"summary","files":-1}`, `{"type":"summary","by_rule":{"` + canary + `":"` + canary + `"}}`, `{"type":"unread","path":["` + canary + `"]}`,
		good[len(good)-1] + "\n" + first,
	} {
		in := good[1] + "\n\n" + line + "\n"
		_, err := report.Merge([]report.Stream{{Name: "s.jsonl", Reader: strings.NewReader(in)}}, new(record))
		want := "s.jsonl:" + fmt.Sprint(3+strings.Count(line, "\n")) + ": "
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), canary) {
			t.Errorf("%.80s: %v, want %s…", line, err, want)
		}
	}
}

func TestReadTakesLongLinesAndMissingEnds(t *testing.T) {
	long := `{"type":"unread","path":"` + strings.Repeat("p", 300_000) + `","reason":"r","later":{"key":[1]}}`
	var got record
	if err := report.Read(strings.NewReader(long+"\r\n\n"+`{"type":"summary"}`), &got); err != nil || len(got.events) != 1 || len(got.sums) != 1 {
		t.Errorf("%v %d", err, len(got.events))
	}
	broken := errors.New("broken")
	if err := report.Read(io.MultiReader(strings.NewReader(long[:70_000]), failing{broken}), &got); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	endless := report.Read(endless{}, &got)
	if endless == nil || !strings.Contains(endless.Error(), "line 1: it is longer") {
		t.Errorf("an endless line: %v", endless)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

// merge merges the texts of streams.
func merge(t *testing.T, streams ...string) (record, finding.Summary) {
	t.Helper()
	var list []report.Stream
	for i, s := range streams {
		list = append(list, report.Stream{Name: fmt.Sprintf("%d.jsonl", i), Reader: strings.NewReader(s)})
	}
	var got record
	sum, err := report.Merge(list, &got)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.sums) != 1 || !reflect.DeepEqual(got.sums[0], sum) {
		t.Fatalf("summaries %v, returned %v", got.sums, sum)
	}
	return got, sum
}

// part is a stream with a finding at each path, and its summary.
func part(t *testing.T, paths ...string) string {
	t.Helper()
	var b bytes.Buffer
	h, err := report.New("jsonl", &b, report.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		f := sample()
		f.Location.Path = p
		if err := h.Finding(f, f.Fingerprint(0)); err != nil {
			t.Fatal(err)
		}
	}
	s := finding.Summary{Files: 3, Notebooks: 2, Bytes: 100, Suppressed: 4, Skipped: 1, Findings: len(paths), ByRule: map[string]int{"r": len(paths)}, Complete: true}
	if err := h.Summary(s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMerge(t *testing.T) {
	got, sum := merge(t, part(t, "a-b/x", "b"), part(t, "a/z", "b"), part(t))
	var paths []string
	for _, e := range got.events {
		paths = append(paths, e.(found).Location.Path)
	}
	if want := []string{"a/z", "a-b/x", "b"}; !reflect.DeepEqual(paths, want) {
		t.Errorf("got %q, want %q", paths, want)
	}
	want := finding.Summary{Files: 9, Notebooks: 6, Bytes: 300, Suppressed: 12, Skipped: 3, Findings: 3, ByRule: map[string]int{"r": 3}, Complete: true}
	if !reflect.DeepEqual(sum, want) {
		t.Errorf("got %+v", sum)
	}
}

func TestMergeKeepsOneStreamAsItIs(t *testing.T) {
	once := part(t, "a/b", "a.b", "c")
	var b bytes.Buffer
	h, err := report.New("jsonl", &b, report.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := report.Merge([]report.Stream{{Name: "s", Reader: strings.NewReader(once)}, {Name: "t", Reader: strings.NewReader(once)}}, h); err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(`"files":3`, `"files":6`, `"notebooks":2`, `"notebooks":4`, `"bytes":100`, `"bytes":200`, `"suppressed":4`, `"suppressed":8`, `"skipped":1`, `"skipped":2`).Replace(once)
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
}

func TestMergeTellsWhatIsNotWhole(t *testing.T) {
	whole := part(t, "a", "b")
	lines := strings.SplitAfter(whole, "\n")
	for name, in := range map[string]string{
		"no summary":        lines[0] + lines[1],
		"nothing":           "",
		"a line taken away": lines[0] + lines[2],
		"says so itself":    strings.Replace(whole, `"complete":true`, `"complete":false`, 1),
		"unread":            `{"type":"unread","path":"x","reason":"r"}` + "\n" + strings.Replace(whole, `"unread":0`, `"unread":1`, 1),
	} {
		got, sum := merge(t, whole, in)
		told := name == "says so itself"
		for _, e := range got.events {
			_, unread := e.(finding.Unread)
			told = told || unread
		}
		if sum.Complete || !told || sum.Findings != 2 {
			t.Errorf("%s: %+v", name, sum)
		}
	}
}

// TestMergeRisks: in the order of a scan among the findings, and once where
// streams overlap.
func TestMergeRisks(t *testing.T) {
	risk := func(line int) finding.Risk {
		l := sample().Location
		l.Path, l.Place = "a", &finding.Place{Cell: 4, Where: finding.Source}
		l.Line, l.Offset = line, 100+line
		return finding.Risk{Rule: "r", Title: "T", Advice: "A.", Name: "n", Location: l}
	}
	one := func(r ...finding.Risk) string {
		f := sample()
		f.Location.Path = "a"
		events := []any{found{f, f.Fingerprint(0)}}
		for _, r := range r {
			events = append(events, r)
		}
		return again(t, "jsonl", record{events, []finding.Summary{{Findings: 1, Risks: len(r), Complete: true}}})
	}
	got, sum := merge(t, one(risk(2), risk(1)), one(risk(2), risk(3)))
	if sum.Risks != 3 || sum.Findings != 1 || !sum.Complete || len(got.events) != 4 {
		t.Fatalf("%+v, %v", sum, got.events)
	}
	for i := range 3 { // the source is before the output
		if r, ok := got.events[i].(finding.Risk); !ok || !reflect.DeepEqual(r, risk(i+1)) {
			t.Errorf("event %d is %+v", i, got.events[i])
		}
	}
	if _, sum := merge(t, strings.Replace(one(risk(1)), `"risks":1`, `"risks":2`, 1)); sum.Complete || sum.Unread != 1 {
		t.Errorf("a risk taken away: %+v", sum)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(write(f, "jsonl", report.Options{}))
	f.Add(`{"type":"finding","rule":"r","severity":"low","path":"p","cell":0,"where":"metadata","line":1,"column":1,"end_line":1,"end_column":1,"file_line":1,"file_column":1}`)
	f.Add(`{"type":"summary","by_rule":null}`)
	f.Fuzz(func(t *testing.T, in string) {
		var first record
		if report.Read(strings.NewReader(in), &first) != nil {
			return
		}
		var second record
		if err := report.Read(strings.NewReader(again(t, "jsonl", first)), &second); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(first, second) {
			t.Errorf("read %+v\nthen %+v", first, second)
		}
		// Whatever a stream holds, every format can show it.
		for _, format := range report.Formats {
			again(t, format, first)
		}
	})
}

// FuzzWrite reads back what was written of any words.
func FuzzWrite(f *testing.F) {
	f.Add("rule", "Title", "name", "dir/a.ipynb", "c1", "text/plain", "key", "AKIA…", "https://x.example", "why", 1, 0, uint8(0))
	f.Add("r", "\u2028<&>", "\x00", "\n", "", "", "", "", "", "", 0, 7, uint8(7))
	f.Fuzz(func(t *testing.T, rule, title, name, path, id, mime, key, preview, revoke, reason string, cell, n int, bits uint8) {
		valid := func(s *string) { *s = strings.ToValidUTF8(*s, "?") }
		for _, s := range []*string{&rule, &title, &name, &path, &id, &mime, &key, &preview, &revoke, &reason} {
			valid(s)
		}
		if rule == "" || path == "" || cell < 0 || n < 0 || n > 1<<30 {
			return
		}
		fi := finding.Finding{
			Rule: rule, Title: title, Name: name, Preview: preview, Revoke: revoke, Severity: finding.Severity(1 + bits%3),
			Location: finding.Location{Path: path, Line: 1 + n, Column: 1, EndLine: 1 + n, EndColumn: 1 + n, FileLine: 1, FileColumn: 1 + n, Offset: n, Length: n},
		}
		if bits&4 == 0 {
			where := []finding.Where{finding.Source, finding.Output, finding.Metadata, finding.Attachment}[bits>>3&3]
			fi.Location.Place = &finding.Place{Cell: cell, CellID: id, Where: where, Output: n, MIME: mime, Key: key}
		}
		want := record{
			events: []any{found{fi, key}, finding.Risk{Rule: rule, Title: title, Advice: preview, Name: name, Location: fi.Location}, finding.Unread{Path: path, Reason: reason}},
			sums:   []finding.Summary{{Files: n, Findings: 1, ByRule: map[string]int{rule: 1}, Risks: 1, Unread: 1, Bytes: int64(cell), Complete: bits&1 == 0}},
		}
		var got record
		if err := report.Read(strings.NewReader(again(t, "jsonl", want)), &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
		oneLineEach(t, again(t, "github", want), 4)
	})
}

// oneLineEach checks that no word began a command of its own.
func oneLineEach(t *testing.T, commands string, n int) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(commands, "\n"), "\n")
	if len(lines) != n || strings.Contains(commands, "\r") {
		t.Fatalf("%d lines in %q", len(lines), commands)
	}
	for _, l := range lines {
		if strings.Count(l[:strings.Index(l[2:], "::")+2], "::") != 1 || !strings.HasPrefix(l, "::") {
			t.Errorf("bad command %q", l)
		}
	}
}

// again writes what was recorded.
func again(t *testing.T, format string, r record) string {
	t.Helper()
	var b bytes.Buffer
	h, err := report.New(format, &b, report.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range r.events {
		switch e := e.(type) {
		case found:
			err = h.Finding(e.Finding, e.fingerprint)
		case finding.Risk:
			err = h.Risk(e)
		case finding.Unread:
			err = h.Unread(e)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range r.sums {
		if err := h.Summary(s); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}
