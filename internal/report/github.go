package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nbseal/nbseal/internal/finding"
)

// github writes workflow commands, which GitHub Actions shows as annotations.
//
// The syntax and its escapes are those of the runner and its toolkit:
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
// Of each kind, GitHub shows ten in a step; all are in its log.
type github struct {
	w   io.Writer
	opt Options
}

func (g *github) Finding(f finding.Finding, _ string) error {
	c := command{name: githubLevel(f.Severity), message: g.message(f)}
	c.place(f.Location)
	c.add("title", Printable(f.Title))
	return c.write(g.w)
}

// place adds the properties of where something is.
func (c *command) place(l finding.Location) {
	c.add("file", githubPath(l.Path))
	if l.Place == nil {
		c.add("line", strconv.Itoa(l.Line))
		c.add("endLine", strconv.Itoa(l.EndLine))
		if l.Line == l.EndLine { // GitHub takes columns of one line only
			c.add("col", strconv.Itoa(l.Column))
			c.add("endColumn", strconv.Itoa(l.EndColumn))
		}
	} else {
		// The column in a notebook's JSON is known in bytes, not in characters.
		c.add("line", strconv.Itoa(l.FileLine))
	}
}

func (g *github) Risk(r finding.Risk) error {
	name := ""
	if r.Name != "" {
		name = " (" + Printable(r.Name) + ")"
	}
	c := command{name: "warning", message: fmt.Sprintf("%s: risk%s. %s", Where(r.Location), name, Printable(r.Advice))}
	c.place(r.Location)
	c.add("title", Printable(r.Title))
	return c.write(g.w)
}

func (g *github) message(f finding.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", Where(f.Location), g.opt.shown(f))
	if f.Name != "" {
		fmt.Fprintf(&b, " (%s)", Printable(f.Name))
	}
	if link := webLink(f.Revoke); link != "" {
		b.WriteString("; revoke it at " + link)
	}
	if f.Commit != nil {
		b.WriteString("; " + Commit(f.Commit))
	}
	return b.String()
}

func (g *github) Unread(u finding.Unread) error {
	c := command{name: "error", message: Printable(u.Path) + ": " + Printable(u.Reason)}
	c.add("file", githubPath(u.Path))
	c.add("title", "Not read")
	return c.write(g.w)
}

func (g *github) Summary(s finding.Summary) error {
	var b strings.Builder
	if err := newText(&b, Options{}).Summary(s); err != nil {
		return err
	}
	c := command{name: "notice", message: strings.TrimSpace(b.String())}
	c.add("title", "nbseal")
	return c.write(g.w)
}

func githubLevel(s finding.Severity) string {
	switch s {
	case finding.High:
		return "error"
	case finding.Medium:
		return "warning"
	}
	return "notice"
}

// githubPath is a path as GitHub matches it with the files of a change. One that
// a terminal would not show as it is matches none, and is quoted.
func githubPath(path string) string {
	path = filepath.ToSlash(path)
	for strings.HasPrefix(path, "./") {
		path = strings.TrimLeft(path[2:], "/")
	}
	return Printable(path)
}

// What a command's properties and its message are escaped with.
var (
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	messageEscapes  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
)

// command is one workflow command.
type command struct {
	name, message string
	properties    []string
}

func (c *command) add(key, value string) {
	c.properties = append(c.properties, key+"="+propertyEscapes.Replace(value))
}

func (c *command) write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "::%s %s::%s\n", c.name, strings.Join(c.properties, ","), messageEscapes.Replace(c.message))
	return err
}
