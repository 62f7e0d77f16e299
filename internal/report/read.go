package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/nbseal/nbseal/internal/finding"
)

// maxLine is the longest line that Read takes, in bytes.
const maxLine = 64 << 20

// lineError is what is wrong with a line of a stream, from 1. It never quotes
// the line.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

// Read hands the events of a JSONL stream on, in its order. It returns when the
// stream ends, whether or not a summary came: a handler that got none knows that
// the stream is not whole. Keys that it does not know are passed over, as a
// later version may have added them. Findings hold no plaintext, even if the
// stream does.
//
// Errors name the line and never quote it. Errors of h and of r are returned as
// they are.
func Read(r io.Reader, h Handler) error {
	in := bufio.NewReaderSize(r, 64<<10)
	over := false // the summary has come
	for n := 1; ; n++ {
		line, err := readLine(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if errors.Is(err, errLongLine) {
			return &lineError{n, err}
		}
		if err != nil {
			return err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if over {
			return &lineError{n, errors.New("something follows the summary")}
		}
		e, err := decode(line)
		if err != nil {
			return &lineError{n, err}
		}
		over = e.summary != nil
		if err := e.to(h); err != nil {
			return err
		}
	}
}

var errLongLine = fmt.Errorf("it is longer than %d MiB", maxLine>>20)

// readLine returns a line, valid until the next one; io.EOF after the last.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if err == nil || len(line) > 0 && errors.Is(err, io.EOF) {
		return line, nil
	}
	if !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	long := bytes.Clone(line)
	for {
		line, err = in.ReadSlice('\n')
		long = append(long, line...)
		switch {
		case len(long) > maxLine:
			return nil, errLongLine
		case err == nil, errors.Is(err, io.EOF):
			return long, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// event is one of the four.
type event struct {
	finding     *finding.Finding
	fingerprint string
	risk        *finding.Risk
	unread      *finding.Unread
	summary     *finding.Summary
}

func (e event) to(h Handler) error {
	switch {
	case e.finding != nil:
		return h.Finding(*e.finding, e.fingerprint)
	case e.risk != nil:
		return h.Risk(*e.risk)
	case e.unread != nil:
		return h.Unread(*e.unread)
	}
	return h.Summary(*e.summary)
}

func decode(line []byte) (event, error) {
	// Most lines are findings, which need not be looked at twice.
	if bytes.HasPrefix(line, []byte(`{"type":"finding",`)) {
		return decodeFinding(line)
	}
	var kind struct {
		Type string `json:"type"`
	}
	if err := unmarshal(line, &kind); err != nil {
		return event{}, err
	}
	switch kind.Type {
	case "finding":
		return decodeFinding(line)
	case "risk":
		return decodeRisk(line)
	case "unread":
		var w wireUnread
		if err := unmarshal(line, &w); err != nil {
			return event{}, err
		}
		return event{unread: &finding.Unread{Path: w.Path, Reason: w.Reason}}, nil
	case "summary":
		var w wireSummary
		if err := unmarshal(line, &w); err != nil {
			return event{}, err
		}
		s, err := w.summary()
		return event{summary: &s}, err
	case "":
		return event{}, errors.New(`it has no "type"`)
	}
	return event{}, errors.New(`its "type" is none of finding, risk, unread and summary`)
}

func decodeFinding(line []byte) (event, error) {
	var w wireFinding
	if err := unmarshal(line, &w); err != nil {
		return event{}, err
	}
	if w.Type != "finding" { // the key is there twice
		return event{}, errors.New(`it has more than one "type"`)
	}
	f, err := w.finding()
	return event{finding: &f, fingerprint: w.Fingerprint}, err
}

func decodeRisk(line []byte) (event, error) {
	var w wireRisk
	if err := unmarshal(line, &w); err != nil {
		return event{}, err
	}
	if w.Rule == "" || w.Path == "" {
		return event{}, errors.New(`a risk needs a "rule" and a "path"`)
	}
	l, err := w.location()
	return event{risk: &finding.Risk{Rule: w.Rule, Title: w.Title, Advice: w.Advice, Name: w.Name, Location: l}}, err
}

// unmarshal is json.Unmarshal with errors that quote nothing of the line.
func unmarshal(line []byte, v any) error {
	err := json.Unmarshal(line, v)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON, at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("a value at byte %d is of the wrong type or size", kind.Offset)
	}
	return errors.New("it is not JSON of a scan")
}

// finding is the reverse of [encoder.finding].
func (w wireFinding) finding() (finding.Finding, error) {
	f := finding.Finding{
		Rule: w.Rule, Title: w.Title, Name: w.Name, Preview: w.Preview, Revoke: w.Revoke,
	}
	switch w.Severity {
	case "low":
		f.Severity = finding.Low
	case "medium":
		f.Severity = finding.Medium
	case "high":
		f.Severity = finding.High
	default:
		return f, errors.New(`its "severity" is none of low, medium and high`)
	}
	if w.Rule == "" || w.Path == "" {
		return f, errors.New(`a finding needs a "rule" and a "path"`)
	}
	l, err := w.location()
	if err != nil {
		return f, err
	}
	f.Location = l
	f.Commit, err = w.Commit.commit()
	return f, err
}

// location is the reverse of [newWirePlace].
func (w wirePlace) location() (finding.Location, error) {
	l := finding.Location{
		Path: w.Path, Line: w.Line, Column: w.Column, EndLine: w.EndLine, EndColumn: w.EndColumn,
		FileLine: w.FileLine, FileColumn: w.FileColumn, Offset: w.Offset, Length: w.Length,
	}
	for _, n := range []int{w.Line, w.Column, w.EndLine, w.EndColumn, w.FileLine, w.FileColumn} {
		if n < 1 || n > math.MaxInt32 {
			return l, errors.New("a line or column is not a number from 1")
		}
	}
	if w.Offset < 0 || w.Length < 0 {
		return l, errors.New("an offset or length is below 0")
	}
	if w.Cell == nil {
		return l, nil
	}
	p := finding.Place{Cell: *w.Cell, CellID: w.CellID, Where: finding.Where(w.Where), Output: w.Output, MIME: w.MIME, Key: w.Key}
	switch p.Where {
	case finding.Source, finding.Output, finding.Metadata, finding.Attachment:
	default:
		return l, errors.New(`its "where" is none of source, output, metadata and attachment`)
	}
	if p.Cell < 0 || p.Output < 0 {
		return l, errors.New("a cell or output is below 0")
	}
	l.Place = &p
	return l, nil
}

func (w wireSummary) summary() (finding.Summary, error) {
	s := finding.Summary{
		Files: w.Files, Notebooks: w.Notebooks, Bytes: w.Bytes, Findings: w.Findings, ByRule: w.ByRule,
		Risks: w.Risks, Suppressed: w.Suppressed, Unread: w.Unread, Skipped: w.Skipped, Commits: w.Commits, Complete: w.Complete,
	}
	if min(s.Files, s.Notebooks, s.Findings, s.Risks, s.Suppressed, s.Unread, s.Skipped, s.Commits) < 0 || s.Bytes < 0 {
		return s, errors.New("a count is below 0")
	}
	if s.ByRule == nil {
		s.ByRule = map[string]int{}
	}
	return s, nil
}
