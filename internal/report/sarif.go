package report

import (
	"bytes"
	"cmp"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/nbseal/nbseal/internal/finding"
)

// sarif writes a SARIF 2.1.0 log with one run, for code scanning and editors:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. The numbers
// in its comments are that document's sections.
//
// Results stream. What they refer to follows them, since members of an object
// have no order: memory is bounded by the number of rules, of files with
// findings, of the places with risks, and of what was not read.
type sarif struct {
	enc       encoder
	n         int // results written
	rules     []sarifRule
	ruleAt    map[string]int // index in rules by id
	artifacts []sarifArtifact
	fileAt    map[string]int // index in artifacts by path
	risksAt   map[string]int // number of risks by their first fingerprint
	notes     []sarifNotification
}

func newSARIF(w io.Writer, opt Options) *sarif {
	return &sarif{enc: encoder{w: w, opt: opt}, ruleAt: map[string]int{}, fileAt: map[string]int{}, risksAt: map[string]int{}}
}

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// sarifHead begins the document and the list of results. Columns are given for
// plain files only, where they are known in code points (3.14.27).
const sarifHead = `{"$schema": "` + sarifSchema + `", "version": "2.1.0", "runs": [{
 "columnKind": "unicodeCodePoints",
 "originalUriBaseIds": {"` + srcRoot + `": {"description": {"text": "the folder that nbseal was started in"}}},
 "results": [`

// srcRoot is the name that consumers know for the root of a source tree.
const srcRoot = "%SRCROOT%"

func (s *sarif) Finding(f finding.Finding, fingerprint string) error {
	return s.write(s.result(f, fingerprint))
}

func (s *sarif) write(r sarifResult) error {
	before := ",\n  "
	if s.n == 0 {
		before = sarifHead + "\n  "
	}
	s.n++
	return s.enc.line(r, before, "")
}

// Risk writes a note. What identifies it is made as for a finding.
func (s *sarif) Risk(r finding.Risk) error {
	f := finding.Finding{Rule: r.Rule, Title: r.Title, Name: r.Name, Location: r.Location}
	first := f.Fingerprint(0)
	fingerprint := f.Fingerprint(s.risksAt[first])
	s.risksAt[first]++
	message := Printable(r.Title) + " in " + Where(r.Location)
	if r.Name != "" {
		message += ": " + Printable(r.Name)
	}
	return s.write(sarifResult{
		RuleID: r.Rule, RuleIndex: s.rule(f, r.Advice), Level: "note",
		Message:      sarifMessage{sarifText(message + ". " + Printable(r.Advice))},
		Locations:    []sarifLocation{s.location(r.Location)},
		Fingerprints: sarifFingerprints{fingerprint, fingerprint + ":1"},
	})
}

func (s *sarif) Unread(u finding.Unread) error {
	s.notes = append(s.notes, sarifNotification{
		Level:     "error",
		Message:   sarifMessage{sarifText("not read: " + Printable(u.Reason))},
		Locations: []sarifLocation{{Physical: sarifPhysical{Artifact: s.artifact(u.Path, "")}}},
	})
	return nil
}

func (s *sarif) Summary(sum finding.Summary) error {
	before := "\n ],\n "
	if s.n == 0 {
		before = sarifHead + "],\n "
	}
	for i := range s.rules {
		s.rules[i].finish()
	}
	tail, err := encode(sarifTail{
		Artifacts:   s.artifacts,
		Invocations: []sarifInvocation{{Successful: sum.Complete, Notifications: s.notes}},
		Tool: sarifTool{sarifDriver{
			Name: "nbseal", Version: s.enc.opt.Version, InformationURI: "https://github.com/nbseal/nbseal",
			Rules: append([]sarifRule{}, s.rules...), // a list even when there are none
		}},
		Properties: sarifCounts{sum.Files, sum.Notebooks, sum.Bytes, sum.Skipped, sum.Suppressed, sum.Risks, sum.Commits},
	})
	if err != nil {
		return err
	}
	// The run is open: its brace is in the head.
	_, err = io.WriteString(s.enc.w, before+string(tail[1:])+"]}\n")
	return err
}

// location is where something is. The region of a plain file is exact; of a
// notebook it is the line of its JSON, because the column there is known in
// bytes only, and regions in bytes and in lines must cover the same (3.30.4).
func (s *sarif) location(l finding.Location) sarifLocation {
	loc := sarifLocation{Physical: sarifPhysical{Artifact: s.artifact(l.Path, mimeType(l))}}
	offset := sarifOffset{l.Offset, l.Length}
	if l.Place == nil {
		loc.Physical.Region = &sarifRegion{
			StartLine: l.Line, StartColumn: l.Column, EndLine: l.EndLine, EndColumn: l.EndColumn, Properties: &offset,
		}
	} else {
		loc.Physical.Region = &sarifRegion{StartLine: max(l.FileLine, 1), Properties: &offset}
		loc.Logical = []sarifLogical{logical(l)}
	}
	return loc
}

// result describes one finding.
func (s *sarif) result(f finding.Finding, fingerprint string) sarifResult {
	return sarifResult{
		RuleID: f.Rule, RuleIndex: s.rule(f, ""), Level: sarifLevel(f.Severity),
		Message:   sarifMessage{sarifText(s.message(f))},
		Locations: []sarifLocation{s.location(f.Location)},
		// GitHub reads no other name than its own, and takes what is after the
		// colon for a count.
		Fingerprints: sarifFingerprints{fingerprint, fingerprint + ":1"},
		Properties:   sarifHistory(f.Commit),
	}
}

func sarifHistory(c *finding.Commit) *sarifResultProperties {
	if c == nil {
		return nil
	}
	return &sarifResultProperties{newWireCommit(c)}
}

func (s *sarif) message(f finding.Finding) string {
	b := Printable(f.Title) + " " + s.enc.opt.shown(f) + " in " + Where(f.Location)
	if f.Name != "" {
		b += ", given to " + Printable(f.Name)
	}
	if f.Commit != nil {
		b += "; " + Commit(f.Commit)
	}
	return b
}

// rule returns the index of the finding's rule. The rule is as severe as the
// worst of its findings: one of them may be masked in part, and so less severe.
// A rule for risks has advice.
func (s *sarif) rule(f finding.Finding, advice string) int {
	i, ok := s.ruleAt[f.Rule]
	if !ok {
		i = len(s.rules)
		s.ruleAt[f.Rule] = i
		s.rules = append(s.rules, sarifRule{
			ID: f.Rule, Name: pascal(f.Rule), Short: sarifMessage{sarifText(Printable(f.Title))}, HelpURI: webLink(f.Revoke), advice: advice,
		})
	}
	r := &s.rules[i]
	r.severity = max(r.severity, f.Severity)
	return i
}

// finish fills in what follows from the rest. GitHub shows the help; it asks
// for one of each rule.
func (r *sarifRule) finish() {
	r.Default.Level = sarifLevel(r.severity)
	if r.advice != "" {
		r.Full = sarifMessage{r.Short.Text + ": when the code runs, the secret is where others can read it."}
		r.Help = sarifMessage{sarifText(Printable(r.advice))}
		r.Properties.Tags = []string{"security"}
		return
	}
	r.Full = sarifMessage{r.Short.Text + ": whoever can read the file can use it."}
	at := "where it was issued"
	if r.HelpURI != "" {
		at = "at " + sarifText(r.HelpURI)
	}
	r.Help = sarifMessage{"Revoke it " + at + ". Hand the new one to the notebook without writing it down: nbseal fix moves it to the store."}
	// GitHub: 7.0 to 8.9 is high, 4.0 to 6.9 medium, 0.1 to 3.9 low.
	score := map[finding.Severity]string{finding.High: "8.0", finding.Medium: "5.5", finding.Low: "2.0"}
	r.Properties = sarifRuleProperties{Tags: []string{"security", "secret"}, Score: cmp.Or(score[r.severity], "2.0")}
}

func sarifLevel(s finding.Severity) string {
	switch s {
	case finding.High:
		return "error"
	case finding.Medium:
		return "warning"
	}
	return "note"
}

// artifact refers to a file, by its index too.
func (s *sarif) artifact(path, mime string) sarifArtifactLocation {
	i, ok := s.fileAt[path]
	if !ok {
		i = len(s.artifacts)
		s.fileAt[path] = i
		s.artifacts = append(s.artifacts, sarifArtifact{Location: fileLocation(path)})
	}
	if mime != "" {
		s.artifacts[i].MIME = mime
	}
	at := s.artifacts[i].Location
	at.Index, at.Description = &i, nil
	return at
}

func mimeType(l finding.Location) string {
	if l.Place != nil && strings.EqualFold(filepath.Ext(l.Path), ".ipynb") {
		return "application/x-ipynb+json"
	}
	return ""
}

// fileLocation is a path as SARIF writes it: relative to the base, or a URL of
// its own. Everything but letters, digits and "-._~" is percent-encoded, the
// path's bytes as they are, so that a colon cannot pass for a scheme.
func fileLocation(path string) sarifArtifactLocation {
	if path == "-" {
		return sarifArtifactLocation{URI: "-", Description: &sarifMessage{"standard input"}}
	}
	volume := filepath.VolumeName(path)
	slashed := filepath.ToSlash(path)
	if !filepath.IsAbs(path) {
		for strings.HasPrefix(slashed, "./") {
			slashed = strings.TrimLeft(slashed[2:], "/")
		}
		return sarifArtifactLocation{URI: cmp.Or(escapePath(slashed), "."), BaseID: srcRoot}
	}
	switch rest := slashed[len(volume):]; {
	case strings.HasSuffix(volume, ":"): // C:
		return sarifArtifactLocation{URI: "file:///" + volume + escapePath(rest)}
	case volume != "": // \\host\share
		return sarifArtifactLocation{URI: "file:" + escapePath(slashed)}
	default:
		return sarifArtifactLocation{URI: "file://" + escapePath(rest)}
	}
}

func escapePath(path string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// logical names the cell (3.33), and has its position in the notebook's own
// terms beside.
func logical(l finding.Location) sarifLogical {
	p := l.Place
	name := cellName(*p)
	return sarifLogical{
		Name: name, Full: name, Kind: "cell",
		Properties: sarifPlace{
			Cell: p.Cell, CellID: p.CellID, Where: string(p.Where), Output: p.Output, MIME: p.MIME, Key: p.Key,
			Line: l.Line, Column: l.Column, EndLine: l.EndLine, EndColumn: l.EndColumn,
		},
	}
}

// sarifText quotes what a message's text would take for a placeholder (3.11.5)
// or a link (3.11.6); a bracket that is no link stands for itself.
func sarifText(s string) string { return sarifEscapes.Replace(s) }

var sarifEscapes = strings.NewReplacer("](", "] (", "{", "{{", "}", "}}")

// webLink is the address if it is one of the web, else "": a stream or a user's
// rule might hold one that runs a program.
func webLink(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || !slices.Contains([]string{"https", "http"}, u.Scheme) || strings.ContainsFunc(address, func(r rune) bool {
		return r > unicode.MaxASCII || r <= ' ' || r == '"' || r == '<' || r == '>' || r == 0x7f
	}) {
		return ""
	}
	return address
}

// pascal is a rule's id as SARIF wants names: "aws-key" is "AwsKey".
func pascal(id string) string {
	var b bytes.Buffer
	up := true
	for _, r := range id {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			up = true
			continue
		}
		if up {
			r = unicode.ToUpper(r)
		}
		b.WriteRune(r)
		up = false
	}
	return b.String()
}
