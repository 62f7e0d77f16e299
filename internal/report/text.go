package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/nbseal/nbseal/internal/finding"
)

// text writes for people: findings grouped by file, a line each.
type text struct {
	w    io.Writer
	opt  Options
	path string
	open bool // a group has begun
}

func newText(w io.Writer, opt Options) *text { return &text{w: w, opt: opt} }

func (t *text) Finding(f finding.Finding, _ string) error {
	var b strings.Builder
	t.group(&b, f.Location.Path)
	fmt.Fprintf(&b, "  %-28s %s  %s  %s", Where(f.Location), t.paint(colorOf(f.Severity), fmt.Sprintf("%-6s", f.Severity)), Printable(f.Title), t.opt.shown(f))
	if f.Name != "" {
		fmt.Fprintf(&b, "  (%s)", Printable(f.Name))
	}
	b.WriteByte('\n')
	if f.Commit != nil {
		b.WriteString("    " + Commit(f.Commit) + "\n")
		if do := afterLeak(f); do != "" {
			b.WriteString("    " + do + "\n")
		}
	}
	_, err := io.WriteString(t.w, b.String())
	return err
}

func (t *text) Risk(r finding.Risk) error {
	var b strings.Builder
	t.group(&b, r.Location.Path)
	fmt.Fprintf(&b, "  %-28s %s  %s", Where(r.Location), t.paint(yellow, "risk  "), Printable(r.Title))
	if r.Name != "" {
		fmt.Fprintf(&b, "  (%s)", Printable(r.Name))
	}
	fmt.Fprintf(&b, "  %s\n", Printable(r.Advice))
	_, err := io.WriteString(t.w, b.String())
	return err
}

// group begins the lines of a file, unless they have begun.
func (t *text) group(b *strings.Builder, path string) {
	if t.open && path == t.path {
		return
	}
	if t.open {
		b.WriteByte('\n')
	}
	t.open, t.path = true, path
	b.WriteString(t.paint(bold, Printable(path)) + "\n")
}

func (t *text) Unread(u finding.Unread) error {
	before := ""
	if t.open {
		before = "\n"
	}
	t.open = false
	_, err := fmt.Fprintf(t.w, "%s%s: %s: %s\n", before, t.paint(red, "not read"), Printable(u.Path), Printable(u.Reason))
	return err
}

func (t *text) Summary(s finding.Summary) error {
	var b strings.Builder
	if t.open {
		b.WriteByte('\n')
	}
	switch {
	case s.Findings > 0:
		b.WriteString(t.paint(red, count(s.Findings, "credential", "credentials")))
	case s.Complete:
		b.WriteString(t.paint(green, "no credentials"))
	default:
		b.WriteString("no credentials")
	}
	if s.Risks > 0 {
		b.WriteString(" and " + t.paint(yellow, count(s.Risks, "risk", "risks")))
	}
	if s.Findings == 0 && !s.Complete {
		b.WriteString(" in what was read")
	}
	files := count(s.Files, "file", "files")
	if s.Commits > 0 {
		files = count(s.Files, "version", "versions") + " of files from " + count(s.Commits, "commit", "commits")
	}
	fmt.Fprintf(&b, " in %s (%s, %s)", files, count(s.Notebooks, "notebook", "notebooks"), size(s.Bytes))
	if s.Suppressed > 0 {
		fmt.Fprintf(&b, ", %d suppressed", s.Suppressed)
	}
	if s.Skipped > 0 {
		fmt.Fprintf(&b, ", %d stepped over", s.Skipped)
	}
	if s.Unread > 0 {
		fmt.Fprintf(&b, "; %s", t.paint(red, fmt.Sprintf("%d could not be read", s.Unread)))
	} else if !s.Complete {
		b.WriteString("; " + t.paint(red, "incomplete"))
	}
	b.WriteByte('\n')
	_, err := io.WriteString(t.w, b.String())
	return err
}

// shown is what stands for the credential, for people.
func (opt Options) shown(f finding.Finding) string {
	if opt.ShowSecrets && f.Secret.Len() > 0 {
		return Printable(string(f.Secret.Reveal()))
	}
	return Printable(f.Preview)
}

// Where names a place in few words: "cell 3, line 2:7".
func Where(l finding.Location) string {
	line := fmt.Sprintf("line %d:%d", l.Line, l.Column)
	switch p := l.Place; {
	case p == nil:
		return line
	case p.Where == finding.Metadata:
		return cellName(*p)
	default:
		return cellName(*p) + ", " + line
	}
}

// cellName names a text in a notebook: "cell 3, output 1".
func cellName(p finding.Place) string {
	cell := "notebook"
	if p.Cell > 0 {
		cell = fmt.Sprintf("cell %d", p.Cell)
	}
	switch p.Where {
	case finding.Output:
		return fmt.Sprintf("%s, output %d", cell, p.Output)
	case finding.Metadata:
		return fmt.Sprintf("%s, metadata %s", cell, Printable(p.Key))
	case finding.Attachment:
		return cell + ", attachment"
	}
	return cell
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// size is a number of bytes for people, in powers of 1,000.
func size(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	x := float64(n)
	for len(units) > 1 && x >= 999.95 {
		x, units = x/1000, units[1:]
	}
	if units[0] == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", x, units[0])
}

// Printable returns s with everything quoted that a terminal would not show as
// it is, so that a file's name or content cannot write escape sequences.
func Printable(s string) string {
	for _, r := range s {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return strconv.Quote(s)
		}
	}
	return s
}

type color string

const (
	bold   color = "1"
	red    color = "31"
	green  color = "32"
	yellow color = "33"
)

func colorOf(s finding.Severity) color {
	switch s {
	case finding.High:
		return red
	case finding.Medium:
		return yellow
	}
	return bold
}

func (t *text) paint(c color, s string) string {
	if !t.opt.Color {
		return s
	}
	return "\x1b[" + string(c) + "m" + s + "\x1b[0m"
}
