package report

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/nbseal/nbseal/internal/finding"
)

// wireCommit is a [finding.Commit] in JSON.
type wireCommit struct {
	ID       string   `json:"id"`
	Author   string   `json:"author"`
	Email    string   `json:"email"`
	Date     string   `json:"date"` // RFC 3339, or "" if the commit has none
	Subject  string   `json:"subject"`
	Blob     string   `json:"blob"`
	Versions int      `json:"versions"`
	InHead   bool     `json:"in_head"`
	Pushed   bool     `json:"pushed"`
	Branches []string `json:"branches,omitempty"`
	Remotes  []string `json:"remotes,omitempty"`
	Tags     []string `json:"tags,omitempty"`
	Others   []string `json:"others,omitempty"`
	Refs     int      `json:"refs"`
}

func newWireCommit(c *finding.Commit) *wireCommit {
	if c == nil {
		return nil
	}
	w := &wireCommit{
		ID: c.ID, Author: c.Author, Email: c.Email, Subject: c.Subject, Blob: c.Blob, Versions: c.Versions, InHead: c.InHead,
		Pushed: c.Pushed, Branches: c.Branches, Remotes: c.Remotes, Tags: c.Tags, Others: c.Others, Refs: c.Refs,
	}
	if !c.Date.IsZero() {
		w.Date = c.Date.Format(time.RFC3339)
	}
	return w
}

// commit is the reverse of [newWireCommit].
func (w *wireCommit) commit() (*finding.Commit, error) {
	if w == nil {
		return nil, nil
	}
	c := &finding.Commit{
		ID: w.ID, Author: w.Author, Email: w.Email, Subject: w.Subject, Blob: w.Blob, Versions: w.Versions, InHead: w.InHead,
		Pushed: w.Pushed, Branches: w.Branches, Remotes: w.Remotes, Tags: w.Tags, Others: w.Others, Refs: w.Refs,
	}
	if w.ID == "" || strings.Trim(w.ID, "0123456789abcdef") != "" {
		return nil, errors.New("the id of its commit is none")
	}
	if w.Date != "" {
		when, err := time.Parse(time.RFC3339, w.Date)
		if err != nil {
			return nil, errors.New("the date of its commit is none")
		}
		c.Date = when
	}
	return c, nil
}

// shortID is what people call a commit.
func shortID(id string) string { return id[:min(len(id), 12)] }

// Commit tells in words how a credential came in and where it got to; "" for nil.
// "Pushed" is as far as the clone knows in which it was found.
func Commit(c *finding.Commit) string {
	if c == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("commit " + shortID(c.ID))
	if who := cmp.Or(c.Author, c.Email); who != "" {
		b.WriteString(" by " + Printable(who))
		if c.Author != "" && c.Email != "" {
			b.WriteString(" <" + Printable(c.Email) + ">")
		}
	}
	if !c.Date.IsZero() {
		b.WriteString(", " + c.Date.Format(time.DateOnly))
	}
	if c.Subject != "" {
		b.WriteString(", " + Printable(shorten(c.Subject, 60)))
	}
	if c.Versions > 1 {
		b.WriteString("; in " + count(c.Versions, "version", "versions"))
	}
	if c.InHead {
		b.WriteString("; still in HEAD")
	} else {
		b.WriteString("; no longer in HEAD")
	}
	if names := refNames(c); names != "" {
		b.WriteString("; on " + names)
	}
	if c.Pushed {
		b.WriteString("; pushed")
	} else {
		b.WriteString("; not known to be pushed")
	}
	return b.String()
}

// afterLeak says what to do about a credential in history, "" if there is nothing
// that can be said: where to revoke it, and what takes it out of the present.
func afterLeak(f finding.Finding) string {
	var b strings.Builder
	if link := webLink(f.Revoke); link != "" {
		b.WriteString("revoke it at " + link)
	}
	if f.Commit.InHead && strings.HasSuffix(f.Location.Path, ".ipynb") {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString("nbseal fix " + Printable(f.Location.Path) + " moves it to the store")
	}
	return b.String()
}

// refNames names some of what reaches a commit, branches first.
func refNames(c *finding.Commit) string {
	const most = 4
	var names []string
	for _, list := range [][]string{c.Branches, c.Remotes, c.Tags, c.Others} {
		for _, name := range list {
			if len(names) < most {
				names = append(names, Printable(name))
			}
		}
	}
	text := strings.Join(names, ", ")
	if more := c.Refs - len(names); more > 0 && len(names) > 0 {
		text += " and " + count(more, "more", "more")
	}
	return text
}

// shorten cuts a text to a number of characters.
func shorten(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
