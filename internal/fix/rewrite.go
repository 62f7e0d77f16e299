package fix

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/notebook"
	"github.com/nbseal/nbseal/internal/pysource"
)

// minAgain is the length, in bytes, from which a stored value is looked for in
// all other texts: shorter ones occur by chance.
const minAgain = 8

// findAgain looks for the stored values where the detector saw nothing: a
// printed value, a second use in a comment.
func (p *planner) findAgain(ctx context.Context) error {
	known := p.known()
	for _, u := range p.units {
		for _, k := range known {
			p.findValue(u, k)
		}
		// Names for what the detector saw in outputs and the vault knows.
		for _, m := range u.marks {
			if m.store {
				continue
			}
			v := secretOf(u.unit, m.parts)
			for _, k := range known {
				if k.value.Equal(v) {
					m.name = k.name
				}
			}
		}
		slices.SortStableFunc(u.marks, func(a, b *mark) int { return a.parts[0].Start - b.parts[0].Start })
		// A value found again in source may not be rewritable there.
		if isPython(u.unit, p.nb) {
			for i, o := range p.python(u).Outcomes {
				u.marks[i].reason = o.Reason
			}
		}
	}
	return ctx.Err()
}

// known are the values that go to the vault, as they stand in the notebook too.
func (p *planner) known() []named {
	var out []named
	for _, u := range p.units {
		for _, m := range u.marks {
			if m.name == "" || !m.store {
				continue
			}
			v := secretOf(u.unit, m.parts)
			if v.Len() >= minAgain && !slices.ContainsFunc(out, func(n named) bool { return n.value.Equal(v) }) {
				out = append(out, named{m.name, v})
			}
		}
	}
	// The longest first: one value may be part of another.
	slices.SortStableFunc(out, func(a, b named) int { return b.value.Len() - a.value.Len() })
	return out
}

// findValue adds a mark wherever the value stands in the unit unmarked.
func (p *planner) findValue(u *unitPlan, k named) {
	for at := 0; ; {
		i := bytes.Index(u.unit.Text[at:], k.value.Reveal())
		if i < 0 {
			return
		}
		s := detect.Span{Start: at + i, End: at + i + k.value.Len()}
		at = s.End
		if slices.ContainsFunc(u.marks, func(m *mark) bool {
			return m.parts[0].Start < s.End && s.Start < m.parts[len(m.parts)-1].End
		}) {
			continue
		}
		m := &mark{parts: []detect.Span{s}, name: k.name, store: isKept(u.unit)}
		m.f = p.finding(u.unit, m.parts, nil)
		m.f.Secret = k.value
		switch {
		case u.unit.Place.Where == finding.Attachment:
			m.reason = "it is in an attached file; remove the attachment"
		case u.unit.Place.Where == finding.Source && u.unit.CellType == "code" && !isPython(u.unit, p.nb):
			m.reason = "source in another language than Python is not rewritten"
		}
		u.marks = append(u.marks, m)
	}
}

// rewrite turns the marks of a unit into changes of its text.
func (p *planner) rewrite(u *unitPlan) error {
	if isPython(u.unit, p.nb) {
		return p.rewritePython(u)
	}
	for _, m := range u.marks {
		if m.reason != "" {
			continue
		}
		with := m.marker()
		for _, s := range m.parts {
			u.changes = append(u.changes, notebook.Change{Start: s.Start, End: s.End, With: with})
			with = ""
		}
	}
	return nil
}

// marker stands where a credential was.
func (m *mark) marker() string {
	if m.name != "" {
		return "[nbseal:" + m.name + "]"
	}
	return "[nbseal:" + m.f.Rule + "]"
}

func (p *planner) rewritePython(u *unitPlan) error {
	text := string(u.unit.Text)
	at, line, missing := pysource.ImportEdit(text)
	p.imported = p.imported || importsNbseal(u, text, missing)
	if len(u.marks) > 0 {
		res := p.python(u)
		for i, o := range res.Outcomes {
			u.marks[i].reason, u.marks[i].code = o.Reason, o.Calls
		}
		for _, e := range res.Edits() {
			u.changes = append(u.changes, notebook.Change{Start: e.Start, End: e.End, With: e.Text})
		}
		if res.NeedsImport() && missing && !p.imported {
			u.changes = slices.Insert(u.changes, 0, notebook.Change{Start: at, End: at, With: line})
			p.imported = true
		}
	}
	if err := checkOrder(u.changes); err != nil {
		return fmt.Errorf("cell %d: %w", u.unit.Place.Cell, err)
	}
	return nil
}

// importsNbseal reports whether the cell itself binds the name for all cells
// below. That no import is missing can also mean that no Python runs in it.
func importsNbseal(u *unitPlan, text string, missing bool) bool {
	if missing || !isPythonName(u.unit.Language) || !strings.Contains(text, "nbseal") {
		return false
	}
	_, err := pysource.Parse(text)
	return err == nil
}

// checkOrder sorts the changes and makes sure that they do not overlap.
func checkOrder(changes []notebook.Change) error {
	slices.SortStableFunc(changes, func(a, b notebook.Change) int { return a.Start - b.Start })
	for i := 1; i < len(changes); i++ {
		if changes[i].Start < changes[i-1].End {
			return fmt.Errorf("two rewrites overlap at bytes %d and %d of the source", changes[i-1].Start, changes[i].Start)
		}
	}
	return nil
}
