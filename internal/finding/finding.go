// Package finding has the words in which a scan answers: a Finding and where it
// is, a Risk, what was Unread, and the Summary.
//
// A Finding carries its plaintext only as a [secret.Value], which no printer,
// encoder or logger shows. The JSON form is specified in docs/spec/findings.md
// and written by package report.
package finding

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/nbseal/nbseal/internal/secret"
)

// Severity says how much harm a leaked credential can do.
type Severity uint8

// The severities, least first.
const (
	Low Severity = iota + 1
	Medium
	High
)

// String returns "low", "medium" or "high".
func (s Severity) String() string {
	switch s {
	case Low:
		return "low"
	case Medium:
		return "medium"
	case High:
		return "high"
	}
	return fmt.Sprintf("severity(%d)", uint8(s))
}

// Where names the part of a notebook that a text is in.
type Where string

// The parts of a notebook.
const (
	Source     Where = "source"
	Output     Where = "output"
	Metadata   Where = "metadata"
	Attachment Where = "attachment"
)

// Place is a text inside a notebook.
type Place struct {
	Cell   int    // from 1 in the order of the file; 0 is the notebook's own metadata
	CellID string // the cell's id (nbformat 4.5), or ""
	Where  Where
	Output int    // from 1 within the cell; 0 when Where is not Output
	MIME   string // "text/plain", "stream/stdout", "error/traceback"…; "" for sources
	Key    string // for a value in metadata or JSON: its keys joined by "."; otherwise ""
}

// Location is a range of text and the bytes of the file that hold it.
type Location struct {
	Path  string
	Place *Place // nil for a plain file

	// Lines and columns count from 1, columns in Unicode code points, in the
	// text as a person sees it: the cell's source, or that output, decoded and
	// without ANSI codes. The end is exclusive.
	Line, Column       int
	EndLine, EndColumn int

	// FileLine and FileColumn count from 1, the column in bytes. Offset and
	// Length are in bytes and span from the first byte of the range to the
	// last, including whatever JSON syntax stands between.
	FileLine, FileColumn int
	Offset, Length       int
}

// Compare orders locations by path, then as a person reads: cell by cell, the
// source before the outputs, from the first line to the last.
func (l Location) Compare(m Location) int {
	p, q := place(l), place(m)
	return cmp.Or(
		strings.Compare(l.Path, m.Path),
		cmp.Compare(p.Cell, q.Cell), cmp.Compare(p.Where.order(), q.Where.order()), cmp.Compare(p.Output, q.Output),
		cmp.Compare(l.Offset, m.Offset), cmp.Compare(l.Length, m.Length),
	)
}

func place(l Location) Place {
	if l.Place == nil {
		return Place{}
	}
	return *l.Place
}

func (w Where) order() int {
	return slices.Index([]Where{Source, Attachment, Metadata, Output}, w)
}

// Finding is one credential in one place.
type Finding struct {
	Rule     string // the rule's id
	Title    string // what kind of credential it is, for people
	Severity Severity
	Name     string // the variable, key or header it was given to, as written; "" when there is none
	Location Location
	Preview  string // public letters only: the kind's prefix and an ellipsis
	Revoke   string // URL where its holder revokes it, or ""
	Secret   secret.Value
	Excerpt  *Excerpt // the lines around it, if they were asked for; otherwise nil
	Commit   *Commit  // what brought it in, if it was found in history; otherwise nil
}

// Fingerprint identifies a finding across scans of one tree. It is made of the
// rule, the place, the name and in history the commit, and of nth, the number of earlier findings with
// the same of these; it says nothing about the value, so nothing can be guessed
// from it.
func (f Finding) Fingerprint(nth int) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %d", f.Rule, f.Location.Path, f.Name, nth)
	if f.Commit != nil {
		fmt.Fprintf(h, " commit %s", f.Commit.ID)
	}
	if p := f.Location.Place; p != nil {
		id := p.CellID
		if id == "" {
			id = fmt.Sprint(p.Cell)
		}
		fmt.Fprintf(h, " %q %q %d %q %q", id, p.Where, p.Output, p.MIME, p.Key)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Unread is something that was to be scanned and was not, or not as what it
// claims to be.
type Unread struct {
	Path   string
	Reason string // for people, lower case, never quotes content
}

// Summary closes a scan.
type Summary struct {
	Files     int   // regular files read whole
	Notebooks int   // of these, notebooks that were read as notebooks
	Bytes     int64 // of the files read
	Findings  int
	ByRule    map[string]int // rule id to number of findings
	Risks     int            // of code that will leak when it runs, if they were asked for
	// Suppressed counts the credentials and risks that were found and not reported,
	// because a comment, a list or a baseline says so. They are not among Findings
	// and Risks.
	Suppressed int
	Unread     int
	Skipped    int  // binary files, stepped over by design
	Commits    int  // whose files were looked at, of a scan of history
	Complete   bool // everything that was asked for was read
}
