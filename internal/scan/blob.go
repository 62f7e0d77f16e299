package scan

import (
	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/notebook"
)

// Blobs reads files that are in memory, one after the other, each exactly as
// [Paths] reads one of that name from disk. It uses its memory again and is not
// safe for concurrent use; several may share a process, and then share tables.
type Blobs struct{ r reader }

// NewBlobs returns a reader of blobs. Of the options Jobs, Stdin, Progress and
// Known mean nothing here. It costs nothing until the first blob.
func NewBlobs(opt Options) *Blobs {
	opt.Stdin, opt.Progress = nil, nil
	return &Blobs{newReader(detect.New(), opt)}
}

// Blob is what one file gave. Neither it nor what is below it refers to the
// file's bytes.
type Blob struct {
	Findings []Found          // by position, each once
	Unread   []finding.Unread // why it was not read, or not as what it should be
	Notebook bool             // it was read as a notebook
	Salvaged bool             // of a damaged notebook, all text that there is was searched
	Binary   bool             // it is no text, and was stepped over by design
}

// Found is a finding and whether a comment beside it says to leave it alone.
// Lists and baselines are not asked: see [Lists].
type Found struct {
	finding.Finding
	Ignored bool
}

// Visitor follows the reading of a file unit by unit. A unit and a match are
// good only until the method returns.
type Visitor interface {
	// Wants tells whether the unit is to be searched.
	Wants(u *notebook.Unit) bool
	// Found is called for each credential in a unit, in order of position.
	Found(u *notebook.Unit, m detect.Match, f finding.Finding, ignored bool)
}

// Read reads the file src of that name; the visitor may be nil.
func (b *Blobs) Read(path string, src []byte, visitor Visitor) Blob {
	b.r.visitor = visitor
	defer func() { b.r.visitor = nil }()
	res := b.r.blob(path, src)
	out := Blob{Unread: res.unread, Notebook: res.notebook, Salvaged: res.salvaged, Binary: res.skipped > 0}
	for _, f := range res.findings {
		out.Findings = append(out.Findings, Found{f.Finding, f.ignored})
	}
	return out
}

// Lists are the files named .gitleaksignore that hold for a tree.
type Lists struct{ lists []ignoreList }

// ReadLists reads those in the current directory and in dirs. One that cannot be
// read is reported, and silences nothing.
func ReadLists(dirs ...string) (Lists, []finding.Unread) {
	lists, unread := ignoreLists(dirs)
	return Lists{lists}, unread
}

// Has reports whether a list names the finding, whose path is relative to the
// current directory or absolute.
func (l Lists) Has(f finding.Finding) bool {
	for _, list := range l.lists {
		if list.has(f) {
			return true
		}
	}
	return false
}
