// Package clean is what happens to a notebook on its way into git.
//
// [Cleaner.Clean] replaces each credential in outputs and metadata by the marker
// [nbseal:RULE], refuses a notebook with a credential in a source, which a marker
// would break, and takes out what the settings say: outputs, execution counts,
// ids, metadata, cells. All other bytes stay as they are; with nothing to do the
// result is the very slice that was given. What comes out goes in again
// unchanged, so that git sees no difference after a checkout, and a scan finds
// nothing in it that was not accepted.
//
// A file that was not read as what it should be is refused: nothing unread is
// ever called clean. A notebook that git left with conflict markers passes with a
// warning if its text holds no credential, because git itself reads such files
// through the filter while it shows the conflict.
//
// The package knows nothing of git and opens no file but nbseal.toml. It does not
// make sure that a person has looked at an image, and cannot see a credential
// that nothing around it calls one. What is done is specified in
// docs/spec/clean.md.
package clean

import (
	"errors"
	"fmt"
	"slices"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/edit"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/notebook"
	"github.com/nbseal/nbseal/internal/ruleset"
	"github.com/nbseal/nbseal/internal/scan"
	"github.com/nbseal/nbseal/internal/secret"
)

// Options say how to clean.
type Options struct {
	// Settings returns the settings for a file; nil: the zero Settings hold for
	// all. See [Policy.For].
	Settings func(path string) (Settings, error)
	// Rules are the user's own, as for a scan.
	Rules *ruleset.Set
	// Known says of a finding that it was accepted before, by a list or a
	// baseline; it is left alone. Nil: none was.
	Known func(finding.Finding) bool
}

// Cleaner cleans files one after the other. It uses its memory again and is not
// safe for concurrent use.
type Cleaner struct {
	opt   Options
	blobs *scan.Blobs
}

// New returns a Cleaner. It costs nothing until the first file.
func New(opt Options) *Cleaner {
	if opt.Settings == nil {
		opt.Settings = func(string) (Settings, error) { return Settings{}, nil }
	}
	return &Cleaner{opt: opt, blobs: scan.NewBlobs(scan.Options{Rules: opt.Rules})}
}

// Result is what became of a file.
type Result struct {
	// Bytes is what git is to keep: the source itself if nothing had to be done.
	Bytes []byte
	// Redacted are the credentials that became markers, where they were in the
	// source, without their plaintext.
	Redacted []finding.Finding
	// Stripped says that something was taken out besides.
	Stripped bool
	// Warning is for a person to read, "" if there is none.
	Warning string
}

// maxRounds bounds how often a result is cleaned again until it stays as it is.
// Every round but the last makes the notebook poorer by a credential or an output.
const maxRounds = 8

// Clean cleans the file src of that path, which decides how it is read and which
// settings hold. The error is a *Blocked for credentials that are not redacted,
// an *Unreadable for a file that was not read, or that of the settings.
func (c *Cleaner) Clean(path string, src []byte) (Result, error) {
	settings, err := c.opt.Settings(path)
	if err != nil {
		return Result{}, err
	}
	res := Result{Bytes: src}
	var again []finding.Finding
	for range maxRounds {
		r := round{cleaner: c, settings: &settings, path: path, src: res.Bytes, result: &res, again: &again}
		out, err := r.run()
		if err != nil {
			return Result{}, err
		}
		if out == nil {
			return res, nil
		}
		res.Bytes = out
	}
	return Result{}, &Unreadable{Path: path, Reason: "it does not become clean: a rule finds what stands in place of a credential"}
}

// round cleans a file once.
type round struct {
	cleaner  *Cleaner
	settings *Settings
	path     string
	src      []byte
	result   *Result

	buf      *edit.Buffer
	stripped *notebook.Stripped // nil: nothing is taken out
	fixed    bool               // nothing can be changed in it: it is UTF-16
	handled  map[site]bool      // what is redacted or left alone
	redacted []finding.Finding
	again    *[]finding.Finding // redacted in the rounds before; their values are looked for
	failure  error
}

// site is where a finding is.
type site struct {
	rule           string
	offset, length int
}

func siteOf(f finding.Finding) site { return site{f.Rule, f.Location.Offset, f.Location.Length} }

// run returns the file as it is afterwards, nil if it stays as it is.
func (r *round) run() ([]byte, error) {
	if isBlank(r.src) {
		return nil, nil // a new notebook that nothing was written to
	}
	if _, wide := notebook.DecodeUTF16(r.src); wide {
		if scan.IsNotebook(r.path, nil) {
			return nil, &Unreadable{Path: r.path, Reason: notebook.ErrUTF16.Error()}
		}
		r.fixed = true
	}
	r.buf = edit.New(r.src)
	if err := r.plan(); err != nil {
		return nil, err
	}
	blob := r.cleaner.blobs.Read(r.path, r.src, r)
	if r.failure != nil {
		return nil, r.failure
	}
	if err := r.blocked(blob); err != nil {
		return nil, err
	}
	if err := r.unread(blob); err != nil {
		return nil, err
	}
	return r.splice()
}

// plan plans what is taken out. A file that is no notebook, or none that can be
// read, has nothing to take out.
func (r *round) plan() error {
	strip := r.settings.strip()
	if !strip.Concerns(r.src) || !scan.IsNotebook(r.path, r.src) {
		return nil
	}
	plan, err := strip.Plan(r.src)
	var syntax *notebook.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil // reading it says so as well
	case err != nil:
		return &Unreadable{Path: r.path, Reason: err.Error()}
	}
	r.stripped = plan
	return nil
}

// Wants says that a unit which goes needs not be searched, nor one in which a
// known value was found.
func (r *round) Wants(u *notebook.Unit) bool {
	if r.stripped != nil && u.Place != nil &&
		(r.stripped.Dropped(u.Place.Cell) || u.Place.Where == finding.Output && r.stripped.Bare(u.Place.Cell)) {
		return false
	}
	return !r.redactAgain(u) // or else in the next round
}

// Found redacts what is to be redacted.
func (r *round) Found(u *notebook.Unit, m detect.Match, f finding.Finding, ignored bool) {
	at := siteOf(f)
	if ignored || r.handled[at] {
		return
	}
	gone := r.stripped != nil && r.stripped.Covers(f.Location.Offset, f.Location.Offset+f.Location.Length)
	switch {
	case gone:
	case r.cleaner.opt.Known != nil && r.cleaner.opt.Known(f):
	case !r.isRedacted(u):
		return
	default:
		if !r.redact(u, m.Parts, m.Rule.ID) {
			return
		}
		if isTelling(f) && len(*r.again) < maxAgain {
			*r.again = append(*r.again, f)
		}
		f.Secret = secret.Value{}
		r.redacted = append(r.redacted, f)
	}
	if r.handled == nil {
		r.handled = map[site]bool{}
	}
	r.handled[at] = true
}

// isRedacted reports whether credentials in the unit become markers.
func (r *round) isRedacted(u *notebook.Unit) bool {
	switch {
	case r.fixed:
		return false
	case u.Place == nil || u.InText():
		return r.settings.Source == RedactSource
	case u.Place.Where == finding.Source:
		return r.settings.Source == RedactSource
	case u.Place.Where == finding.Output:
		return r.settings.Outputs != Keep
	}
	return true
}

// redact queues the marker. It reports false for text that has no room for one:
// an attached file is base64.
func (r *round) redact(u *notebook.Unit, parts []detect.Span, rule string) bool {
	changes := make([]notebook.Change, len(parts))
	for i, p := range parts {
		changes[i] = notebook.Change{Start: p.Start, End: p.End}
	}
	changes[0].With = Marker(rule)
	err := u.Rewrite(r.buf, changes)
	if err != nil && !errors.Is(err, notebook.ErrEncoded) && r.failure == nil {
		r.failure = fmt.Errorf("cleaning %q: %w", r.path, err)
	}
	return err == nil
}

// Marker stands where a credential of that rule was.
func Marker(rule string) string { return "[nbseal:" + rule + "]" }

// blocked is the error for the findings that nothing was done about.
func (r *round) blocked(blob scan.Blob) error {
	var list []finding.Finding
	for _, f := range blob.Findings {
		if f.Ignored || r.handled[siteOf(f.Finding)] {
			continue
		}
		// What was found without a unit was not asked for yet.
		if f.Location.Length == 0 && r.cleaner.opt.Known != nil && r.cleaner.opt.Known(f.Finding) {
			continue
		}
		f.Secret = secret.Value{}
		list = append(list, f.Finding)
	}
	if len(list) == 0 {
		return nil
	}
	return &Blocked{Path: r.path, Findings: list, Notebook: blob.Notebook}
}

// unread is the error for a file that was not read, or nil and a warning.
func (r *round) unread(blob scan.Blob) error {
	if len(blob.Unread) == 0 {
		return nil
	}
	line := conflict(r.src)
	if line == 0 || !blob.Salvaged || len(blob.Unread) > 1 {
		return &Unreadable{Path: r.path, Reason: blob.Unread[0].Reason}
	}
	r.result.Warning = fmt.Sprintf("it has conflict markers from line %d on and passes as it is; no credential was found in its text", line)
	return nil
}

// splice applies what was queued.
func (r *round) splice() ([]byte, error) {
	if r.stripped != nil && len(r.stripped.Splices) > 0 {
		r.buf.Filter(func(start, end int) bool { return !r.stripped.Covers(start, end) })
		for _, s := range r.stripped.Splices {
			r.buf.Replace(s.Start, s.End, s.With)
		}
		r.result.Stripped = true
	}
	r.result.Redacted = append(r.result.Redacted, r.redacted...)
	if r.buf.Len() == 0 {
		return nil, nil
	}
	out, err := r.buf.Bytes()
	if err != nil {
		return nil, fmt.Errorf("cleaning %q: %w", r.path, err)
	}
	return out, nil
}

func isBlank(src []byte) bool {
	return !slices.ContainsFunc(src[:min(len(src), 1<<16)], func(b byte) bool { return b != ' ' && b != '\t' && b != '\r' && b != '\n' }) && len(src) <= 1<<16
}
