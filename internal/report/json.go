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
	Type        string  `json:"type"`
	Rule        string  `json:"rule"`
	Title       string  `json:"title"`
	Severity    string  `json:"severity"`
	Path        string  `json:"path"`
	Cell        *int    `json:"cell,omitempty"`
	CellID      string  `json:"cell_id,omitempty"`
	Where       string  `json:"where,omitempty"`
	Output      int     `json:"output,omitempty"`
	MIME        string  `json:"mime,omitempty"`
	Key         string  `json:"key,omitempty"`
	Name        string  `json:"name,omitempty"`
	Line        int     `json:"line"`
	Column      int     `json:"column"`
	EndLine     int     `json:"end_line"`
	EndColumn   int     `json:"end_column"`
	FileLine    int     `json:"file_line"`
	FileColumn  int     `json:"file_column"`
	Offset      int     `json:"offset"`
	Length      int     `json:"length"`
	Preview     string  `json:"preview"`
	Fingerprint string  `json:"fingerprint"`
	Revoke      string  `json:"revoke,omitempty"`
	Secret      *string `json:"secret,omitempty"`
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
	Suppressed int            `json:"suppressed"`
	Unread     int            `json:"unread"`
	Skipped    int            `json:"skipped"`
	Complete   bool           `json:"complete"`
}

// encoder turns events into JSON and writes whole lines.
type encoder struct {
	w   io.Writer
	opt Options
}

func (e *encoder) finding(f finding.Finding, fingerprint string) wireFinding {
	l := f.Location
	out := wireFinding{
		Type: "finding", Rule: f.Rule, Title: f.Title, Severity: f.Severity.String(), Path: l.Path, Name: f.Name,
		Line: l.Line, Column: l.Column, EndLine: l.EndLine, EndColumn: l.EndColumn,
		FileLine: l.FileLine, FileColumn: l.FileColumn, Offset: l.Offset, Length: l.Length,
		Preview: f.Preview, Fingerprint: fingerprint, Revoke: f.Revoke,
	}
	if p := l.Place; p != nil {
		out.Cell, out.CellID, out.Where, out.Output, out.MIME, out.Key = &p.Cell, p.CellID, string(p.Where), p.Output, p.MIME, p.Key
	}
	if e.opt.ShowSecrets && f.Secret.Len() > 0 {
		s := string(f.Secret.Reveal())
		out.Secret = &s
	}
	return out
}

func unread(u finding.Unread) wireUnread { return wireUnread{"unread", u.Path, u.Reason} }

func summary(s finding.Summary) wireSummary {
	return wireSummary{"summary", s.Files, s.Notebooks, s.Bytes, s.Findings, s.ByRule, s.Suppressed, s.Unread, s.Skipped, s.Complete}
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
func (l *lines) Unread(u finding.Unread) error   { return l.line(unread(u), "", "\n") }
func (l *lines) Summary(s finding.Summary) error { return l.line(summary(s), "", "\n") }

// document writes one object with a list of findings. Unread entries are kept
// until the end, everything else streams.
type document struct {
	enc    encoder
	n      int
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

func (d *document) Unread(u finding.Unread) error {
	d.unread = append(d.unread, unread(u))
	return nil
}

func (d *document) Summary(s finding.Summary) error {
	before := "\n ],\n \"unread\": "
	if d.n == 0 {
		before = "{\"findings\": [],\n \"unread\": "
	}
	if d.unread == nil {
		d.unread = []wireUnread{}
	}
	if err := d.enc.line(d.unread, before, ",\n"); err != nil {
		return err
	}
	return d.enc.line(summary(s), " \"summary\": ", "\n}\n")
}
