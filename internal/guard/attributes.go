package guard

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
)

// notebooks is the pattern that is always guarded.
const notebooks = "*.ipynb"

// FilterName is the name of the filter driver and of the diff driver.
const FilterName = "nbseal"

// rule is one line of an attributes file:
// https://git-scm.com/docs/gitattributes#_description
type rule struct {
	number     int // from 1
	start, end int // with its line break
	pattern    string
	filter     string // of "filter=X", or "-filter", "!filter", "filter"; empty: not set
	filterAt   [2]int // where that stands in the file
	diff       bool   // it sets diff
	drives     bool   // sets something that a notebook's driver may depend on
	comment    bool
}

// rules reads an attributes file. What git does not understand is a rule without
// a pattern.
func rules(text []byte) []rule {
	var all []rule
	for start, number := 0, 1; start < len(text); number++ {
		end := len(text)
		if i := bytes.IndexByte(text[start:], '\n'); i >= 0 {
			end = start + i + 1
		}
		r := rule{number: number, start: start, end: end}
		if number == 1 && bytes.HasPrefix(text, bom) {
			r.start = len(bom)
		}
		r.parse(text)
		all = append(all, r)
		start = end
	}
	return all
}

const blank = " \t\r\n"

func (r *rule) parse(text []byte) {
	line := string(text[r.start:r.end])
	at := r.start
	next := func(n int) string {
		word := line[:n]
		line = line[n:]
		rest := strings.TrimLeft(line, blank)
		at += n + len(line) - len(rest)
		line = rest
		return word
	}
	next(0)
	switch {
	case line == "":
		return
	case line[0] == '#':
		r.comment = true
		return
	case strings.HasPrefix(line, "[attr]"), line[0] == '!': // a macro; a pattern that git ignores
		return
	}
	if line[0] == '"' {
		n := quotedLen(line)
		if n == 0 {
			return
		}
		r.pattern = next(n)
	} else {
		r.pattern = next(wordLen(line))
	}
	for line != "" {
		from, n := at, wordLen(line)
		token := next(n)
		name, value, has := strings.Cut(token, "=")
		bare := strings.TrimLeft(name, "-!")
		r.diff = r.diff || bare == "diff"
		switch {
		case bare == "filter":
			r.filter, r.filterAt, r.drives = token, [2]int{from, from + n}, true
			if has {
				r.filter = value
			}
		case !slices.Contains(unrelated, bare) && !strings.HasPrefix(bare, "linguist-"):
			r.drives = true
		}
	}
}

// unrelated attributes say nothing of filters and diffs. Others may be macros.
var unrelated = []string{"text", "eol", "crlf", "whitespace", "working-tree-encoding", "ident", "merge",
	"conflict-marker-size", "export-ignore", "export-subst", "delta", "encoding"}

func wordLen(s string) int {
	if i := strings.IndexAny(s, blank); i >= 0 {
		return i
	}
	return len(s)
}

// quotedLen is the length of a pattern in quotes, and 0 if they do not end.
func quotedLen(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// named is the name of the filter driver that a rule sets, if it sets one.
func (r rule) named() bool {
	return r.filter != "" && r.filter != "filter" && r.filter != "-filter" && r.filter != "!filter"
}

// covers reports whether the rule is for all files that the pattern is for.
func (r rule) covers(pattern string) bool {
	return r.pattern == pattern || r.pattern == "**/"+pattern || r.pattern == "*" || r.pattern == "**"
}

// mayMatch reports whether one file can match both the rule and the pattern. It
// errs by saying yes.
func (r rule) mayMatch(pattern string) bool {
	if r.pattern == "" || strings.HasSuffix(r.pattern, "/") {
		return false
	}
	mine, other := extension(strings.Trim(r.pattern, `"`)), extension(pattern)
	return mine == "" || other == "" || strings.EqualFold(mine, other)
}

// extension is what all names that match a pattern end in, behind the last
// point, or empty if that cannot be said.
func extension(pattern string) string {
	ext := path.Ext(pattern)
	for _, c := range strings.TrimPrefix(ext, ".") {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return ""
		}
	}
	return strings.TrimPrefix(ext, ".")
}

// clash is a rule of an attributes file that gives notebooks another filter.
type clash struct {
	rule
	all bool // all notebooks, so that ours would never be run
}

// guardAttributes adds the filter for the patterns. It puts the new lines before
// all lines that may say something else of a notebook, since in these files the
// last line has the last word, and that stays the user's. With replace it puts
// our name for the names of other filters, LFS excepted.
func guardAttributes(text []byte, patterns []string, replace bool) (after []byte, hunks []hunk, clashes []clash) {
	after = text
	if replace {
		after, hunks = renameFilters(text, patterns)
	}
	for _, pattern := range patterns {
		all := rules(after)
		present, hidden, at := false, false, len(after)
		for i, r := range all {
			if !r.mayMatch(pattern) {
				continue
			}
			if r.filter == FilterName && r.covers(pattern) {
				present, hidden = true, false
			} else if r.filter != "" && r.filter != FilterName {
				clashes = append(clashes, clash{r, r.covers(pattern)})
				hidden = hidden || r.covers(pattern)
			}
			if r.drives && at == len(after) {
				for i > 0 && all[i-1].comment {
					i--
				}
				at = all[i].start
			}
		}
		if hidden || present {
			continue
		}
		var h hunk
		after, h = insert(after, at, pattern+" filter="+FilterName+" diff="+FilterName+"\n")
		hunks = append(hunks, h)
	}
	return after, hunks, clashes
}

// renameFilters does what replace asks for.
func renameFilters(text []byte, patterns []string) (after []byte, hunks []hunk) {
	last := 0
	for _, r := range rules(text) {
		if !r.named() || r.filter == FilterName || r.filter == "lfs" ||
			!slices.ContainsFunc(patterns, func(p string) bool { return extension(strings.Trim(r.pattern, `"`)) == extension(p) }) {
			continue
		}
		after = append(after, text[last:r.start]...)
		h := hunk{At: len(after), Old: string(text[r.start:r.end])}
		name := "filter=" + FilterName
		if !r.diff {
			name += " diff=" + FilterName
		}
		h.New = string(text[r.start:r.filterAt[0]]) + name + string(text[r.filterAt[1]:r.end])
		after = append(after, h.New...)
		hunks = append(hunks, h)
		last = r.end
	}
	return append(after, text[last:]...), hunks
}

// checkPattern refuses what would be something else than a pattern in an
// attributes file.
func checkPattern(p string) error {
	if p == "" || strings.ContainsAny(p, blank+`"\`) || strings.ContainsAny(p[:1], "#!") || strings.HasPrefix(p, "[attr]") ||
		strings.HasSuffix(p, "/") || strings.ContainsFunc(p, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return fmt.Errorf("pattern %q cannot be put into gitattributes: it needs one word, without quotes and backslashes, as *.qmd", p)
	}
	return nil
}

const lfsAdvice = "a file can have one filter only, so notebooks in LFS are guarded by hooks and scans alone; nbseal fix cleans them in place"
