// Package report writes the events of a scan: as text for people, as JSON for
// programs, as SARIF and as annotations for code hosts, and as an HTML page; and
// it reads and merges what it wrote as JSON lines.
//
// Every format is a [Handler] fed with the same stream of events. No format
// shows a credential unless the Options ask for exactly that. Titles, names and
// paths may come from hostile files: each format quotes them by its own rules,
// so that they are shown and never obeyed.
//
// It does not promise that positions of the file are right after the file has
// changed, nor that a merged stream tells the truth about what it was made of.
package report

import (
	"fmt"
	"io"
	"time"

	"github.com/nbseal/nbseal/internal/finding"
)

// Handler receives the events of a scan, in order. After Summary nothing may
// follow. Errors are those of the writer.
type Handler interface {
	Finding(f finding.Finding, fingerprint string) error
	Risk(r finding.Risk) error
	Unread(u finding.Unread) error
	Summary(s finding.Summary) error
}

// Options say what a report shows.
type Options struct {
	ShowSecrets bool      // plaintext instead of masks
	Color       bool      // ANSI colours, in text only
	Version     string    // nbseal's own, in sarif and html; "" is left out
	Time        time.Time // of the scan, in html; zero is left out
}

// Formats are the names that New knows.
var Formats = []string{"text", "json", "jsonl", "sarif", "github", "html"}

// New returns the handler of a format. All but html write as events come; html
// keeps the findings until the summary.
func New(format string, w io.Writer, opt Options) (Handler, error) {
	switch format {
	case "text":
		return newText(w, opt), nil
	case "json":
		return &document{enc: encoder{w: w, opt: opt}}, nil
	case "jsonl":
		return &lines{encoder{w: w, opt: opt}}, nil
	case "sarif":
		return newSARIF(w, opt), nil
	case "github":
		return &github{w: w, opt: opt}, nil
	case "html":
		return newPage(w, opt), nil
	}
	return nil, fmt.Errorf("unknown format %q; there are %v", format, Formats)
}
