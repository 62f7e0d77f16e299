package clean

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/nbseal/nbseal/internal/finding"
)

// Blocked says that a file holds credentials that are not redacted.
type Blocked struct {
	Path     string
	Notebook bool              // it was read as a notebook, of which Findings name cells
	Findings []finding.Finding // by position, without their plaintext
}

// Error names the places in one line.
func (e *Blocked) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s holds %d credentials that cannot go into git: ", e.Path, len(e.Findings))
	if len(e.Findings) == 1 {
		b.Reset()
		fmt.Fprintf(&b, "%s holds a credential that cannot go into git: ", e.Path)
	}
	for i, f := range e.Findings {
		if i > 0 {
			b.WriteString("; ")
		}
		if i == maxListed {
			fmt.Fprintf(&b, "and %d more", len(e.Findings)-i)
			break
		}
		fmt.Fprintf(&b, "%s, %s", Place(f.Location), f.Rule)
	}
	return b.String()
}

// maxListed bounds how many places an error names.
const maxListed = 20

// Hint says what to do, for people.
func (e *Blocked) Hint() string {
	const leave = `; a comment "nbseal:ignore" on its line leaves it alone`
	for _, f := range e.Findings {
		if p := f.Location.Place; p != nil && p.Where == finding.Attachment {
			return "remove the attachment"
		}
	}
	if e.Notebook && strings.HasSuffix(strings.ToLower(e.Path), ".ipynb") {
		return "nbseal fix " + e.Path + " moves it to the store" + leave
	}
	return "read it from the environment or with nbseal.get" + leave
}

// Place says where a finding is, for people: "cell 3, line 2", "cell 4, output 1",
// "line 12".
func Place(l finding.Location) string {
	p := l.Place
	switch {
	case p == nil:
		return fmt.Sprintf("line %d", l.FileLine)
	case p.Where == finding.Source:
		return fmt.Sprintf("cell %d, line %d", p.Cell, l.Line)
	case p.Where == finding.Output:
		return fmt.Sprintf("cell %d, output %d, line %d", p.Cell, p.Output, l.Line)
	case p.Cell == 0:
		return fmt.Sprintf("the notebook's metadata, line %d of the file", l.FileLine)
	}
	return fmt.Sprintf("cell %d, %s, line %d of the file", p.Cell, p.Where, l.FileLine)
}

// Unreadable says that a file was not read as what it should be.
type Unreadable struct {
	Path   string
	Reason string // lower case, with the place; it quotes nothing
}

func (e *Unreadable) Error() string { return e.Path + ": " + e.Reason }

// Hint says what to do, for people.
func (e *Unreadable) Hint() string {
	return `repair the file, or keep the filter from it with a line "` + e.Path + ` -filter" in .gitattributes`
}

// conflict returns the line, from 1, of the first of git's conflict markers, 0
// for a file without a whole conflict.
// https://git-scm.com/docs/git-merge#_how_conflicts_are_presented
func conflict(src []byte) int {
	first, stage := 0, 0
	marks := []string{"<<<<<<<", "=======", ">>>>>>>"}
	n := 0
	for line := range bytes.Lines(src) {
		n++
		rest, ok := bytes.CutPrefix(line, []byte(marks[stage]))
		if !ok || len(rest) > 0 && !bytes.ContainsAny(rest[:1], " \r\n") {
			continue
		}
		if stage == 0 {
			first = n
		}
		if stage++; stage == len(marks) {
			return first
		}
	}
	return 0
}
