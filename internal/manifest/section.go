package manifest

import (
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// foldCase is true where one file usually has its name in capital and in small
// letters, and a section must hold for both.
const foldCase = runtime.GOOS == "windows" || runtime.GOOS == "darwin"

// section is [notebooks."PATTERN"].
type section struct {
	pattern string
	allow   []string
}

// Denied reports whether a notebook may not have the secret of that name, and
// the pattern of the first section that says so. Of the sections whose pattern
// matches the notebook, every one must allow the name; a notebook that none
// matches may have all secrets or, where [Manifest.DeniesByDefault], none, and
// the pattern is "" then. The notebook is a clean path relative to the
// manifest's directory, with slashes. Patterns are of the form that
// https://github.com/bmatcuk/doublestar describes, where "**" stands for any
// number of directories; on Windows and macOS they take capital and small
// letters for the same.
func (m *Manifest) Denied(notebook, name string) (pattern string, denied bool) {
	matched := false
	for _, s := range m.sections {
		if !matches(s.pattern, notebook, foldCase) {
			continue
		}
		matched = true
		if !slices.Contains(s.allow, name) {
			return s.pattern, true
		}
	}
	return "", m.deny && !matched
}

// DeniesByDefault reports whether a notebook may have nothing unless a section
// says so, which [policy] default = "deny" asks for.
func (m *Manifest) DeniesByDefault() bool { return m.deny }

func matches(pattern, notebook string, fold bool) bool {
	return doublestar.MatchUnvalidated(pattern, notebook) ||
		fold && doublestar.MatchUnvalidated(strings.ToLower(pattern), strings.ToLower(notebook))
}

// Trying all alternatives of braces takes time exponential in their number.
const maxBraces, maxCommas = 4, 16

// validPattern refuses also patterns that can match no clean relative path: a
// section that never holds protects nothing.
func validPattern(p string) bool {
	return doublestar.ValidatePattern(p) && !path.IsAbs(p) && path.Clean(p) == p && p != "." && p != ".." && !strings.HasPrefix(p, "../") &&
		strings.Count(p, "{") <= maxBraces && strings.Count(p, ",") <= maxCommas
}
