package scan

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/secret"
)

// Replacements collects, for a rewriting of history, the bytes that stand for
// credentials in files: of each place those that were found there, escaped or
// split over the lines of a notebook's JSON as they are.
//
// The zero Replacements are empty and ready. They are safe for concurrent use.
type Replacements struct {
	mu    sync.Mutex
	forms map[string]form // by the bytes, with what is before and behind
}

// form is one way in which a credential stands in files.
type form struct {
	raw           secret.Value
	before, after string // must stand beside it; "" if it is told by itself
	rule          string
}

// tellable is the length from which a credential is taken for the same one
// wherever it stands, in bytes. A shorter one could be a common word: it is
// replaced only between what it was found between.
const tellable = 12

// beside is how many bytes before and behind a short credential count.
const beside = 24

// add takes in the bytes of what was found in the file src.
func (r *Replacements) add(list []found, src []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range list {
		start, end := f.Location.Offset, f.Location.Offset+f.Location.Length
		if f.ignored || start < 0 || start >= end || end > len(src) {
			continue
		}
		n := form{raw: secret.New(bytes.Clone(src[start:end])), rule: f.Rule}
		if end-start < tellable {
			n.before, n.after = neighbours(list, src, start, end)
		}
		if r.forms == nil {
			r.forms = map[string]form{}
		}
		id := n.before + "\x00" + string(n.raw.Reveal()) + "\x00" + n.after
		if old, ok := r.forms[id]; !ok || n.rule < old.rule {
			r.forms[id] = n
		}
	}
}

// neighbours is what stands beside a range, on its line and without what will be
// replaced as well.
func neighbours(list []found, src []byte, start, end int) (before, after string) {
	from, to := max(0, start-beside), min(len(src), end+beside)
	for _, f := range list {
		if e := f.Location.Offset + f.Location.Length; e <= start {
			from = max(from, e)
		} else if f.Location.Offset >= end {
			to = min(to, f.Location.Offset)
		}
	}
	before = string(src[from:start])
	before = before[strings.LastIndexByte(before, '\n')+1:]
	after, _, _ = strings.Cut(string(src[end:to]), "\n")
	return before, after
}

// Len is the number of expressions.
func (r *Replacements) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.forms)
}

// Expressions is what "git filter-repo --replace-text" reads: a line for each way
// in which a credential stands in a file, which puts "[nbseal:RULE]" in its place
// (https://github.com/newren/git-filter-repo/blob/main/Documentation/git-filter-repo.txt).
// It is plaintext.
//
// The file's form cannot express a line break in a literal, and literals are
// replaced before regular expressions, each in the order of the file. So that no
// credential is torn by one that is a part of it, the longest come first, and all
// are regular expressions as soon as one must be.
func (r *Replacements) Expressions() secret.Value {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]form, 0, len(r.forms))
	plain := true
	for _, f := range r.forms {
		list = append(list, f)
		plain = plain && f.before == "" && f.after == "" && !bytes.ContainsAny(f.raw.Reveal(), "\r\n")
	}
	slices.SortFunc(list, func(a, b form) int {
		return cmp.Or(cmp.Compare(b.raw.Len(), a.raw.Len()), bytes.Compare(a.raw.Reveal(), b.raw.Reveal()),
			strings.Compare(a.before, b.before), strings.Compare(a.after, b.after))
	})
	var out bytes.Buffer
	for _, f := range list {
		if plain {
			fmt.Fprintf(&out, "literal:%s", f.raw.Reveal())
		} else {
			out.WriteString("regex:")
			if f.before != "" {
				fmt.Fprintf(&out, "(?<=%s)", quoteBytes([]byte(f.before)))
			}
			out.Write(quoteBytes(f.raw.Reveal()))
			if f.after != "" {
				fmt.Fprintf(&out, "(?=%s)", quoteBytes([]byte(f.after)))
			}
		}
		fmt.Fprintf(&out, "==>[nbseal:%s]\n", f.rule)
	}
	return secret.New(out.Bytes())
}

// quoteBytes is a regular expression of Python's for the bytes themselves, in one
// line of ASCII: https://docs.python.org/3/library/re.html#regular-expression-syntax.
func quoteBytes(b []byte) []byte {
	var out bytes.Buffer
	for _, c := range b {
		if isWord(c) {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, `\x%02x`, c)
		}
	}
	return out.Bytes()
}

// Write writes the expressions to a file that only its owner reads. It holds all
// credentials that were found.
func (r *Replacements) Write(path string) error {
	text := r.Expressions()
	defer text.Wipe()
	if err := atomicfile.Write(path, text.Reveal()); err != nil {
		return fmt.Errorf("writing the expressions: %w", err)
	}
	return nil
}
