// Package report writes the events of a scan: as text for people, as one JSON
// document or as JSON lines for programs.
//
// Every format is a [Handler] fed with the same stream of events. No format
// shows a credential unless the Options ask for exactly that.
package report

import (
	"fmt"
	"io"

	"github.com/nbseal/nbseal/internal/finding"
)

// Handler receives the events of a scan, in order. After Summary nothing may
// follow. Errors are those of the writer.
type Handler interface {
	Finding(f finding.Finding, fingerprint string) error
	Unread(u finding.Unread) error
	Summary(s finding.Summary) error
}

// Options say what a report shows.
type Options struct {
	ShowSecrets bool // plaintext instead of masks
	Color       bool // ANSI colours, in text only
}

// Formats are the names that New knows.
var Formats = []string{"text", "json", "jsonl"}

// New returns the handler of a format.
func New(format string, w io.Writer, opt Options) (Handler, error) {
	switch format {
	case "text":
		return newText(w, opt), nil
	case "json":
		return &document{enc: encoder{w: w, opt: opt}}, nil
	case "jsonl":
		return &lines{encoder{w: w, opt: opt}}, nil
	}
	return nil, fmt.Errorf("unknown format %q; there are %v", format, Formats)
}
