package risk

import (
	"strings"

	"github.com/nbseal/nbseal/internal/pysource"
)

// escape reads what IPython takes before Python does.
func (f *finder) escape(c *code, t pysource.Token) {
	text := c.src[t.Start:t.End]
	e := t.Escape
	if t.Kind == pysource.Foreign {
		if magic := c.src[:t.Start]; strings.Contains(magic, "%%bash") || strings.Contains(magic, "%%sh") {
			f.script(text, t.Start)
		}
		return
	}
	if e == nil || e.Assigned {
		return
	}
	args := strings.TrimSpace(c.src[min(e.Args, t.End):t.End])
	switch {
	case e.Symbol == "%" && e.Name == "env":
		switch {
		case args == "":
			f.show(t.Start, t.End, environment, "")
		case !strings.ContainsAny(args, "= ") && secretVariable(args):
			f.show(t.Start, t.End, printed, args)
		}
	case e.Symbol == "!" || e.Symbol == "!!":
		f.command(args, t.Start, t.End, true)
	}
}

func (f *finder) show(start, end int, rule *Rule, name string) {
	f.events = append(f.events, Event{Cell: f.index, Start: start, End: end, Rule: rule, Name: name})
}

// script reads the lines of a shell cell.
func (f *finder) script(text string, at int) {
	for line := range strings.SplitAfterSeq(text, "\n") {
		trimmed := strings.TrimSpace(line)
		start := at + strings.Index(line, trimmed)
		if trimmed != "" {
			f.command(trimmed, start, start+len(trimmed), false)
		}
		at += len(line)
	}
}

// command reads one shell command. With python, names of Python are expanded in
// it, as $name and {name}.
func (f *finder) command(text string, start, end int, python bool) {
	if strings.ContainsAny(text, "><") || len(text) > 10_000 {
		return // it goes to a file, or is a document
	}
	first, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	piped, filter, _ := strings.Cut(rest, "|")
	if filter = strings.TrimSpace(filter); strings.HasPrefix(filter, "wc") || strings.HasPrefix(filter, "cut") || strings.Contains(filter, "grep -c") || strings.Contains(filter, "grep -q") {
		return
	}
	piped = strings.TrimSpace(piped)
	switch first {
	case "env", "printenv", "set", "export":
		switch {
		case piped == "" || first == "export" && piped == "-p":
			if grepsHarmless(filter) {
				return
			}
			f.show(start, end, environment, "")
		case first == "printenv" && !strings.Contains(piped, " ") && secretVariable(piped):
			f.show(start, end, shell, piped)
		}
	case "echo", "printf":
		if name := f.expanded(piped, python); name != "" {
			f.show(start, end, shell, name)
		}
	}
}

// grepsHarmless reports whether a filter leaves only lines with a word that is
// in no name of a secret.
func grepsHarmless(filter string) bool {
	rest, ok := strings.CutPrefix(filter, "grep ")
	if !ok {
		return false
	}
	word := strings.Trim(rest[strings.LastIndexByte(rest, ' ')+1:], `'"^`)
	for _, s := range []string{"key", "token", "secret", "pass", "api", "aws", "azure", "pwd", "auth", "cred"} {
		if strings.Contains(strings.ToLower(word), s) {
			return false
		}
	}
	return word != ""
}

// expanded returns the name of the first secret that an echo shows.
func (f *finder) expanded(text string, python bool) string {
	for i := 0; i < len(text); i++ {
		brace := text[i] == '{'
		if text[i] != '$' && !(brace && python) {
			continue
		}
		start := i + 1
		if text[i] == '$' && start < len(text) && text[start] == '{' {
			start++
			brace = true
		}
		end := start
		for end < len(text) && (text[end] == '_' || '0' <= text[end] && text[end] <= '9' || 'a' <= text[end]|0x20 && text[end]|0x20 <= 'z') {
			end++
		}
		if brace && end < len(text) && text[end] != '}' {
			continue // ${KEY:+set}, ${KEY:0:4}
		}
		if name := text[start:end]; name != "" {
			known := f.names[name]
			if python && (known == secret || known == sealed) || known != harmless && (secretName(name) || secretVariable(name)) {
				return name
			}
		}
		i = max(i, end-1)
	}
	return ""
}
