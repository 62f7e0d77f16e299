package report

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/nbseal/nbseal/internal/finding"
)

// The wire types follow docs/spec/findings.md; the order of their fields is the
// order in the output.

type wireFinding struct {
	Type     string `json:"type"`
	Rule     string `json:"rule"`
	Title    string `json:"title"`
	Severity string `json:"severity"`
	wirePlace
	Preview     string      `json:"preview"`
	Fingerprint string      `json:"fingerprint"`
	Revoke      string      `json:"revoke,omitempty"`
	Secret      *string     `json:"secret,omitempty"`
	Commit      *wireCommit `json:"commit,omitempty"`
}

type wireRisk struct {
	Type   string `json:"type"`
	Rule   string `json:"rule"`
	Title  string `json:"title"`
	Advice string `json:"advice"`
	wirePlace
}

// wirePlace is what findings and risks say of where they are.
type wirePlace struct {
	Path       string `json:"path"`
	Cell       *int   `json:"cell,omitempty"`
	CellID     string `json:"cell_id,omitempty"`
	Where      string `json:"where,omitempty"`
	Output     int    `json:"output,omitempty"`
	MIME       string `json:"mime,omitempty"`
	Key        string `json:"key,omitempty"`
	Name       string `json:"name,omitempty"`
	Line       int    `json:"line"`
	Column     int    `json:"column"`
	EndLine    int    `json:"end_line"`
	EndColumn  int    `json:"end_column"`
	FileLine   int    `json:"file_line"`
	FileColumn int    `json:"file_column"`
	Offset     int    `json:"offset"`
	Length     int    `json:"length"`
}

type wireUnread struct {
	Type   string `json:"type"`
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

type wireSummary struct {
	Type       string         `json:"type"`
	Files      int            `json:"files"`
	Notebooks  int            `json:"notebooks"`
	Bytes      int64          `json:"bytes"`
	Findings   int            `json:"findings"`
	ByRule     map[string]int `json:"by_rule"`
	Risks      int            `json:"risks"`
	Suppressed int            `json:"suppressed"`
	Unread     int            `json:"unread"`
	Skipped    int            `json:"skipped"`
	Commits    int            `json:"commits,omitempty"`
	Complete   bool           `json:"complete"`
}

// encoder turns events into JSON and writes whole lines.
type encoder struct {
	w   io.Writer
	opt Options
}

func (e *encoder) finding(f finding.Finding, fingerprint string) wireFinding {
	out := wireFinding{
		Type: "finding", Rule: f.Rule, Title: f.Title, Severity: f.Severity.String(), wirePlace: newWirePlace(f.Name, f.Location),
		Preview: f.Preview, Fingerprint: fingerprint, Revoke: f.Revoke, Commit: newWireCommit(f.Commit),
	}
	if e.opt.ShowSecrets && f.Secret.Len() > 0 {
		s := string(f.Secret.Reveal())
		out.Secret = &s
	}
	return out
}

func newWirePlace(name string, l finding.Location) wirePlace {
	out := wirePlace{
		Path: l.Path, Name: name,
		Line: l.Line, Column: l.Column, EndLine: l.EndLine, EndColumn: l.EndColumn,
		FileLine: l.FileLine, FileColumn: l.FileColumn, Offset: l.Offset, Length: l.Length,
	}
	if p := l.Place; p != nil {
		out.Cell, out.CellID, out.Where, out.Output, out.MIME, out.Key = &p.Cell, p.CellID, string(p.Where), p.Output, p.MIME, p.Key
	}
	return out
}

func risk(r finding.Risk) wireRisk {
	return wireRisk{"risk", r.Rule, r.Title, r.Advice, newWirePlace(r.Name, r.Location)}
}

func unread(u finding.Unread) wireUnread { return wireUnread{"unread", u.Path, u.Reason} }

func summary(s finding.Summary) wireSummary {
	return wireSummary{"summary", s.Files, s.Notebooks, s.Bytes, s.Findings, s.ByRule, s.Risks, s.Suppressed, s.Unread, s.Skipped, s.Commits, s.Complete}
}

func (e *encoder) line(v any, before, after string) error {
	b, err := encode(v)
	if err != nil {
		return err
	}
	_, err = io.WriteString(e.w, before+string(b)+after)
	return err
}

// encode is v as JSON on one line, with < and & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes()[:b.Len()-1], nil
}

// lines writes one JSON object a line.
type lines struct{ encoder }

func (l *lines) Finding(f finding.Finding, fp string) error {
	return l.line(l.finding(f, fp), "", "\n")
}
func (l *lines) Risk(r finding.Risk) error       { return l.line(risk(r), "", "\n") }
func (l *lines) Unread(u finding.Unread) error   { return l.line(unread(u), "", "\n") }
func (l *lines) Summary(s finding.Summary) error { return l.line(summary(s), "", "\n") }

// document writes one object with a list of findings. Risks and unread entries
// are kept until the end, everything else streams.
type document struct {
	enc    encoder
	n      int
	risks  []wireRisk
	unread []wireUnread
}

func (d *document) Finding(f finding.Finding, fp string) error {
	before := ",\n  "
	if d.n == 0 {
		before = "{\"findings\": [\n  "
	}
	d.n++
	return d.enc.line(d.enc.finding(f, fp), before, "")
}

func (d *document) Risk(r finding.Risk) error {
	d.risks = append(d.risks, risk(r))
	return nil
}

func (d *document) Unread(u finding.Unread) error {
	d.unread = append(d.unread, unread(u))
	return nil
}

func (d *document) Summary(s finding.Summary) error {
	before := "\n ],\n"
	if d.n == 0 {
		before = "{\"findings\": [],\n"
	}
	for i, r := range d.risks {
		if i == 0 {
			before += " \"risks\": [\n  "
		}
		if err := d.enc.line(r, before, ""); err != nil {
			return err
		}
		before = ",\n  "
	}
	if len(d.risks) > 0 {
		before = "\n ],\n"
	}
	if d.unread == nil {
		d.unread = []wireUnread{}
	}
	if err := d.enc.line(d.unread, before+" \"unread\": ", ",\n"); err != nil {
		return err
	}
	return d.enc.line(summary(s), " \"summary\": ", "\n}\n")
}
