// Package pysource reads the source of a notebook cell written in Python and
// says how the credentials in it can be replaced by calls of nbseal.
//
// [Parse] splits a cell into tokens without losing a byte: Python 3.6 to 3.14
// together with what IPython adds to it (magics, shell lines, help lines).
// [Token.Decode] gives the value of a string literal with a map back to the
// source. [Rewrite] plans the edits that put nbseal.get("NAME") where a
// credential stands, such that every expression keeps its value, and gives a
// reason for people where that cannot be promised. [ImportEdit] says where the
// import belongs.
//
// The package does not parse Python: it knows literals, brackets and logical
// lines, not the grammar. A cell that Python refuses may well be read here. It
// does not follow names either: that nbseal means the module is taken for
// granted once the cell itself does not bind the name to something else.
//
// Prompts (">>>", "In [1]:") in front of pasted lines are read as Python
// operators and names. Automagic (a magic without its percent sign) is not
// recognised.
package pysource

import (
	"fmt"
	"unicode/utf8"
)

// Kind says what a token is.
type Kind uint8

// The kinds of tokens. Together they cover every byte of the source.
const (
	Space        Kind = iota + 1 // blanks, tabs, form feeds, a byte order mark at the start
	Newline                      // the line end that ends a statement
	NL                           // any other line end: within brackets, after a comment, of an empty line
	Continuation                 // a backslash and the line end after it
	Comment                      // from # up to the line end, without it
	Name                         // identifiers and keywords
	Number                       // without a sign
	Op                           // operators and delimiters, the longest that fits
	String                       // a literal of any prefix, with it
	Magic                        // a line that IPython takes before Python does, without the line end
	Foreign                      // the rest of a cell whose magic does not run it as Python here
	Other                        // one character that Python has no use for
)

var kindNames = [...]string{"", "space", "newline", "nl", "continuation", "comment", "name", "number", "op", "string", "magic", "foreign", "other"}

// String returns the kind's name in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) && k != 0 {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Token is a piece of a cell's source: the bytes [Start, End).
type Token struct {
	Kind       Kind
	Start, End int
	Literal    *Literal // of a String, else nil
	Escape     *Escape  // of a Magic, else nil
}

// Escape says how IPython reads a Magic token. See IPython's reference,
// "IPython's special syntax", and IPython/core/inputtransformer2.py.
type Escape struct {
	Symbol   string // "%", "%%", "!", "!!", "?", "??", "/", "," or ";"; "?" also for obj?
	Name     string // the magic's name for "%" and "%%", else ""
	Args     int    // offset in the source of what follows symbol and name
	Assigned bool   // in x = %magic and x = !command
}

// Range is the bytes [Start, End) of a cell's source.
type Range struct{ Start, End int }

// Cell is a cell's source with its tokens.
type Cell struct {
	Source string
	Tokens []Token
}

// SyntaxError says where and why a source could not be read. It never quotes
// the source.
type SyntaxError struct {
	Offset       int    // in bytes from the start of the source
	Line, Column int    // from 1; the column in code points
	What         string // lower case, for people
}

// Error returns "line L, column C: what".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.What)
}

// syntaxError builds the error for the byte at offset. A lone carriage return
// ends a line, as it does for Python; a byte that is not UTF-8 counts as one
// column.
func syntaxError(src string, offset int, what string) *SyntaxError {
	line, start := 1, 0
	for i := 0; i < offset; i++ {
		if src[i] == '\n' || src[i] == '\r' && (i+1 >= len(src) || src[i+1] != '\n') {
			line, start = line+1, i+1
		}
	}
	return &SyntaxError{Offset: offset, Line: line, Column: utf8.RuneCountInString(src[start:offset]) + 1, What: what}
}

// UnsupportedError is returned for a literal that Python accepts and whose
// value this package does not work out.
type UnsupportedError struct {
	Offset int    // in bytes from the start of the source
	What   string // lower case, for people
}

// Error returns what is not supported.
func (e *UnsupportedError) Error() string { return e.What }
