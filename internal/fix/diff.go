package fix

import (
	"fmt"
	"io"
	"slices"
	"strings"

	udiff "github.com/aymanbagabas/go-udiff"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/notebook"
)

// mask stands for a credential in a diff. It is of one length for all.
const mask = "••••••••"

// Diff writes what would change as a unified diff for each text of the
// notebook, with every credential masked.
func (p *Plan) Diff(w io.Writer) error {
	for _, u := range p.units {
		if len(u.changes) == 0 {
			continue
		}
		before, after := u.masked()
		if !strings.HasSuffix(before, "\n") || !strings.HasSuffix(after, "\n") {
			before, after = before+"\n", after+"\n" // a cell's last line has no line end
		}
		label := fmt.Sprintf("%s %s", p.Path, title(u.unit.Place))
		if _, err := io.WriteString(w, udiff.Unified(label, label, before, after)); err != nil {
			return err
		}
	}
	return nil
}

func title(p *finding.Place) string {
	where := fmt.Sprintf("cell %d", p.Cell)
	if p.Cell == 0 {
		where = "notebook"
	}
	switch p.Where {
	case finding.Output:
		return fmt.Sprintf("(%s, output %d, %s)", where, p.Output, p.MIME)
	case finding.Metadata:
		return fmt.Sprintf("(%s, metadata %s)", where, p.Key)
	}
	return fmt.Sprintf("(%s)", where)
}

// masked is the unit's text before and after, without the credentials in it.
func (u *unitPlan) masked() (before, after string) {
	var hidden, changed []notebook.Change
	for _, m := range u.marks {
		with := mask
		for _, s := range m.parts {
			c := notebook.Change{Start: s.Start, End: s.End, With: with}
			hidden = append(hidden, c)
			if m.reason != "" {
				changed = append(changed, c)
			}
			with = ""
		}
	}
	return apply(u.unit.Text, hidden), apply(u.unit.Text, append(changed, u.changes...))
}

// apply makes changes to a text. Where two overlap the first one counts.
func apply(text []byte, changes []notebook.Change) string {
	slices.SortStableFunc(changes, func(a, b notebook.Change) int { return a.Start - b.Start })
	var b strings.Builder
	at := 0
	for _, c := range changes {
		if c.Start < at {
			continue
		}
		b.Write(text[at:c.Start])
		b.WriteString(c.With)
		at = c.End
	}
	b.Write(text[at:])
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}
