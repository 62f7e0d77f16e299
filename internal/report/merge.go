package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbseal/nbseal/internal/finding"
)

// Stream is a JSONL stream to be merged.
type Stream struct {
	Name string // for errors, as the user gave it
	io.Reader
}

// Merge hands the events of several streams to h as if one scan had made them:
// in the order of a scan, and once where streams overlap, going by path and
// fingerprint, for risks by rule, name and place. Findings, risks and what was not
// read are counted anew, the other counts added up. It returns the summary it gave.
//
// A stream that has no summary, or holds other numbers of events than its
// summary says, is no whole scan: it is reported as unread, and the merged scan
// is incomplete. Memory is bounded by the findings and risks of all streams.
//
// Errors about a line begin with the stream's name and the line's number, and
// never quote it; h is then given nothing.
func Merge(streams []Stream, h Handler) (finding.Summary, error) {
	m := merger{seen: map[[2]string]bool{}, seenRisks: map[riskID]bool{}, lost: map[finding.Unread]bool{}, sum: finding.Summary{ByRule: map[string]int{}, Complete: true}}
	for _, s := range streams {
		part := &part{merger: &m}
		if err := Read(s, part); err != nil {
			var at *lineError
			if errors.As(err, &at) {
				return m.sum, fmt.Errorf("%s:%d: %w", Printable(s.Name), at.line, at.err)
			}
			return m.sum, fmt.Errorf("reading %s: %w", Printable(s.Name), err)
		}
		part.close(s.Name)
	}
	return m.sum, m.emit(h)
}

// merger collects what the streams hold.
type merger struct {
	events    []event
	seen      map[[2]string]bool // path and fingerprint of the findings
	seenRisks map[riskID]bool
	lost      map[finding.Unread]bool
	sum       finding.Summary
}

// riskID is what makes two risks the same.
type riskID struct {
	rule, name string
	place      finding.Place
	location   finding.Location // without the place
}

// part is one stream on its way into the merger.
type part struct {
	*merger
	findings, risks, unreads int
	summary                  *finding.Summary
}

func (p *part) Finding(f finding.Finding, fingerprint string) error {
	p.findings++
	id := [2]string{f.Location.Path, fingerprint}
	if fingerprint != "" && p.seen[id] {
		return nil
	}
	p.seen[id] = true
	p.sum.Findings++
	p.sum.ByRule[f.Rule]++
	p.events = append(p.events, event{finding: &f, fingerprint: fingerprint})
	return nil
}

func (p *part) Risk(r finding.Risk) error {
	p.risks++
	id := riskID{rule: r.Rule, name: r.Name, location: r.Location}
	if id.location.Place != nil {
		id.place, id.location.Place = *id.location.Place, nil
	}
	if p.seenRisks[id] {
		return nil
	}
	p.seenRisks[id] = true
	p.sum.Risks++
	p.events = append(p.events, event{risk: &r})
	return nil
}

func (p *part) Unread(u finding.Unread) error {
	p.unreads++
	p.miss(u)
	return nil
}

func (m *merger) miss(u finding.Unread) {
	m.sum.Complete = false
	if m.lost[u] {
		return
	}
	m.lost[u] = true
	m.sum.Unread++
	m.events = append(m.events, event{unread: &u})
}

func (p *part) Summary(s finding.Summary) error {
	p.summary = &s
	return nil
}

// close counts a stream that has ended.
func (p *part) close(name string) {
	s := p.summary
	switch {
	case s == nil:
		p.miss(finding.Unread{Path: name, Reason: "the stream ends without a summary: it is not a whole scan"})
		return
	case s.Findings != p.findings || s.Unread != p.unreads:
		p.miss(finding.Unread{Path: name, Reason: fmt.Sprintf(
			"the stream holds %d findings and %d unread, its summary counts %d and %d: it is not a whole scan",
			p.findings, p.unreads, s.Findings, s.Unread)})
	case s.Risks != p.risks:
		p.miss(finding.Unread{Path: name, Reason: fmt.Sprintf(
			"the stream holds %d risks, its summary counts %d: it is not a whole scan", p.risks, s.Risks)})
	}
	p.sum.Files += s.Files
	p.sum.Notebooks += s.Notebooks
	p.sum.Bytes += s.Bytes
	p.sum.Skipped += s.Skipped
	p.sum.Commits += s.Commits
	p.sum.Suppressed += s.Suppressed
	p.sum.Complete = p.sum.Complete && s.Complete
}

func (m *merger) emit(h Handler) error {
	slices.SortStableFunc(m.events, compareEvents)
	for _, e := range m.events {
		if err := e.to(h); err != nil {
			return err
		}
	}
	return h.Summary(m.sum)
}

// compareEvents orders as a scan does: by path, the findings and risks in a file
// before the word that it could not be read.
func compareEvents(a, b event) int {
	if c := comparePaths(a.path(), b.path()); c != 0 {
		return c
	}
	switch {
	case a.unread != nil && b.unread != nil:
		return strings.Compare(a.unread.Reason, b.unread.Reason)
	case a.unread != nil:
		return 1
	case b.unread != nil:
		return -1
	}
	at, rule, name := a.found()
	otherAt, otherRule, otherName := b.found()
	if c := a.commit().Compare(b.commit()); c != 0 {
		return c
	}
	if c := at.Compare(otherAt); c != 0 {
		return c
	}
	switch {
	case a.risk == nil && b.risk != nil:
		return -1
	case a.risk != nil && b.risk == nil:
		return 1
	}
	return cmp.Or(strings.Compare(rule, otherRule), strings.Compare(name, otherName), strings.Compare(a.fingerprint, b.fingerprint))
}

// found says what a finding or a risk has in common.
func (e event) found() (at finding.Location, rule, name string) {
	if e.risk != nil {
		return e.risk.Location, e.risk.Rule, e.risk.Name
	}
	return e.finding.Location, e.finding.Rule, e.finding.Name
}

// commit is that of a finding in history, else nil.
func (e event) commit() *finding.Commit {
	if e.finding == nil {
		return nil
	}
	return e.finding.Commit
}

func (e event) path() string {
	if e.unread != nil {
		return e.unread.Path
	}
	at, _, _ := e.found()
	return at.Path
}

// comparePaths compares name by name, so that what is in a folder stays
// together.
func comparePaths(a, b string) int {
	a, b = filepath.ToSlash(a), filepath.ToSlash(b)
	for i := range min(len(a), len(b)) {
		switch x, y := a[i], b[i]; {
		case x == y:
		case x == '/':
			return -1
		case y == '/':
			return 1
		default:
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(len(a), len(b))
}
