package pysource

import (
	"strings"

	"github.com/nbseal/nbseal/internal/secret"
)

// magic plans what becomes of a credential in a line that IPython takes.
func (p *plan) magic(i int, t *Token) {
	if t.Escape.Symbol == "%" && !t.Escape.Assigned && (t.Escape.Name == "env" || t.Escape.Name == "set_env") {
		p.env(i, t)
		return
	}
	p.refuse(i, magicReason(t.Escape))
}

// env replaces %env NAME=value and its like by a call. See the magics env and
// set_env in IPython/core/magics/osm.py: what follows the sign is the value to
// the last byte but white space, quotes and all, after $name and {expression}
// were expanded.
func (p *plan) env(i int, t *Token) {
	c := p.creds[i]
	line := p.cell.Source[t.Escape.Args:t.End]
	sep := " "
	if strings.Contains(line, "=") {
		sep = "="
	}
	args := strings.TrimSpace(line)
	name, value, ok := strings.Cut(args, sep)
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	last := c.Ranges[len(c.Ranges)-1]
	end := t.Escape.Args + len(strings.TrimRight(line, " \t\f"))
	start := end - len(value)
	switch {
	case p.rebound:
		p.refuse(i, "the cell uses the name nbseal for something else")
	case !ok || value == "" || strings.ContainsAny(name, " \t\f"):
		p.refuse(i, "the line sets no variable: IPython wants %env NAME=value")
	case strings.ContainsAny(line, "\r\n"):
		p.refuse(i, "the line goes on after a backslash")
	case strings.ContainsAny(args, "${}"):
		p.refuse(i, "IPython expands $ and braces in the line, so that its value is not known")
	case !isIdentifier(name):
		p.refuse(i, "the variable's name cannot stand in a line of Python")
	case c.Ranges[0].Start < start || last.End > end || !quotesOnly(p.cell.Source[start:c.Ranges[0].Start], p.cell.Source[last.End:end]) || len(c.Ranges) > 1:
		p.refuse(i, "it is only a part of what the variable is set to: build the value in Python and set os.environ")
	default:
		call := `nbseal.env("` + c.Name + `")`
		if name != c.Name {
			call = "nbseal.env(" + name + `="` + c.Name + `")`
		}
		p.out[i].Edits = []Edit{{t.Start, end, call}}
		p.out[i].Value = secret.New([]byte(value))
		p.out[i].Calls = true
	}
}

// quotesOnly reports whether nothing, or one pair of quotes, is around a value.
func quotesOnly(before, after string) bool {
	return before == after && (before == "" || before == `"` || before == "'")
}

// isIdentifier reports whether s can be the name of a keyword argument.
func isIdentifier(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || !isNameByte(s[i]) || i == 0 && isDigit(s[i]) {
			return false
		}
	}
	switch s {
	case "", "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
		"elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
		"not", "or", "pass", "raise", "return", "try", "while", "with", "yield", "__debug__":
		return false
	}
	return true
}

// magicReason says what is wrong with a credential in such a line, and what to
// do instead.
func magicReason(e *Escape) string {
	switch e.Symbol {
	case "!", "!!":
		return "it is in the arguments of a command, which every user of the host can see: set a variable with nbseal.env and write $NAME in the command"
	case "%%":
		return "it is in the arguments of %%" + shown(e.Name) + ": put it into a variable in a cell before"
	case "%":
		switch e.Name {
		case "time", "timeit", "prun", "memit", "debug":
			return "it is in code that %" + e.Name + " runs: move that code to a line of its own, or to a cell with %%" + e.Name
		case "sx", "system", "sc":
			return magicReason(&Escape{Symbol: "!"})
		case "env", "set_env":
			return "the line gives the variable's value away: set it on a line of its own"
		}
		return "it is in the arguments of %" + shown(e.Name) + ": put it into a variable with nbseal.get and pass that"
	}
	return "it is in a line of IPython's own syntax: write it as a call in Python"
}

// foreignReason is magicReason for the body of a cell magic.
func foreignReason(toks []Token) string {
	name := ""
	for _, t := range toks {
		if t.Escape != nil {
			name = t.Escape.Name
		}
	}
	switch name {
	case "bash", "sh", "script", "system", "sx", "!", "cmd":
		return "it is in a script for another program: set a variable with nbseal.env in a cell before and write $NAME in the script"
	case "writefile", "file":
		return "it is in text that %%" + name + " writes to a file: let the program that reads the file take it from its environment"
	case "python", "python2", "python3", "pypy":
		return "it is in code that another process runs: set a variable with nbseal.env in a cell before and read os.environ there"
	}
	return "it is in the body of %%" + shown(name) + ", which is not Python in this kernel"
}

// shown is a magic's name for people, as long as it looks like one: anything
// else may be content.
func shown(name string) string {
	if len(name) > 30 || !isIdentifier(name) {
		return "a magic"
	}
	return name
}
