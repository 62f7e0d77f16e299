package scan

import (
	"path/filepath"
	"slices"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/notebook"
	"github.com/nbseal/nbseal/internal/ruleset"
)

// withRules finds what the user's rules and the built-in ones find in a unit,
// less what the user's allow. Where both find the same bytes the user's counts.
func (f *Finder) withRules(u *notebook.Unit, in detect.Input, emit func(detect.Match)) {
	path := filepath.ToSlash(f.Path)
	var all []detect.Match
	whole := f.Rules.Find(path, u.Text, func(m ruleset.Match) {
		all = append(all, detect.Match{Rule: userRule(m.Rule), Parts: []detect.Span{{Start: m.Secret.Start, End: m.Secret.End}}, Preview: "…"})
	})
	f.Cut = f.Cut || !whole
	users := len(all)
	f.Detector.Find(in, func(m detect.Match) {
		start, end := bounds(m)
		if f.Rules.Disabled(m.Rule.ID) || f.Rules.Allowed(m.Rule.ID, path, u.Text, ruleset.Span{Start: start, End: end}) {
			return
		}
		for _, own := range all[:users] {
			if s, e := bounds(own); s == start && e == end {
				return
			}
		}
		all = append(all, m)
	})
	slices.SortStableFunc(all, func(a, b detect.Match) int { return a.Parts[0].Start - b.Parts[0].Start })
	for _, m := range all {
		emit(m)
	}
}

func userRule(r *ruleset.Rule) *detect.Rule {
	return &detect.Rule{ID: r.ID, Title: r.Title, Severity: r.Severity, Revoke: r.Revoke}
}

// byPath are the findings of the user's rules that look at a file's path alone.
func byPath(set *ruleset.Set, path string) []found {
	var out []found
	for _, r := range set.Files(filepath.ToSlash(path)) {
		f := finding.Finding{Rule: r.ID, Title: r.Title, Severity: r.Severity, Revoke: r.Revoke, Preview: "…"}
		f.Location = finding.Location{Path: path, Line: 1, Column: 1, EndLine: 1, EndColumn: 1, FileLine: 1, FileColumn: 1}
		out = append(out, found{f, false})
	}
	return out
}
