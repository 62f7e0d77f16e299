package cli

import (
	"encoding/json"
	"io"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/fix"
)

// fixReport is what fix --format json answers: docs/spec/fix.md.
type fixReport struct {
	Notebooks []fixedNotebook `json:"notebooks"`
	Failed    []fixFailure    `json:"failed"`
}

type fixedNotebook struct {
	Path     string     `json:"path"`
	Changed  bool       `json:"changed"`
	Moved    []fixPlace `json:"moved"`
	Redacted []fixPlace `json:"redacted"`
	Left     []fixPlace `json:"left"`
}

type fixPlace struct {
	Title  string `json:"title"`
	Cell   int    `json:"cell"`
	Where  string `json:"where"`
	Output int    `json:"output,omitempty"`
	Key    string `json:"key,omitempty"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Name   string `json:"name,omitempty"`
	New    bool   `json:"new,omitempty"`
	With   string `json:"with,omitempty"`
	Reason string `json:"reason,omitempty"`
}

type fixFailure struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

func newFixReport() *fixReport {
	return &fixReport{Notebooks: []fixedNotebook{}, Failed: []fixFailure{}}
}

func (r *fixReport) add(path string, p *fix.Plan) {
	n := fixedNotebook{Path: path, Changed: p.Changed(), Moved: []fixPlace{}, Redacted: []fixPlace{}, Left: []fixPlace{}}
	for _, m := range p.Moved {
		at := placeOf(m.Finding.Title, m.Finding.Location)
		at.Name, at.New, at.With = m.Name, m.New, with(m)
		n.Moved = append(n.Moved, at)
	}
	for _, g := range p.Gone {
		at := placeOf(g.Title, g.Location)
		at.With = g.Marker
		n.Redacted = append(n.Redacted, at)
	}
	for _, l := range p.Left {
		at := placeOf(l.Finding.Title, l.Finding.Location)
		at.Reason = l.Reason
		n.Left = append(n.Left, at)
	}
	r.Notebooks = append(r.Notebooks, n)
}

func placeOf(title string, l finding.Location) fixPlace {
	at := fixPlace{Title: title, Line: l.Line, Column: l.Column}
	if p := l.Place; p != nil {
		at.Cell, at.Where, at.Output, at.Key = p.Cell, string(p.Where), p.Output, p.Key
	}
	return at
}

// with is what stands where a credential was.
func with(m fix.Moved) string {
	if m.Code {
		return "nbseal.get(\"" + m.Name + "\")"
	}
	return "[nbseal:" + m.Name + "]"
}

func (r *fixReport) write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(r)
}
