package notebook

import (
	"bytes"
	"strings"
)

// dib reads a Polyglot notebook: cells begin at lines "#!csharp" that name a
// kernel (https://github.com/dotnet/interactive, CodeSubmission.Parse in
// Microsoft.DotNet.Interactive.Documents).
func (p *textParser) dib() {
	p.t.Flavour, p.t.Language = "dib", "csharp"
	start, kernel := p.at, ""
	for {
		line, at, ok := p.line()
		name := ""
		if ok {
			if name = p.dibKernel(line); name == "" {
				continue
			}
		} else {
			at = len(p.src)
		}
		p.dibCell(kernel, start, at)
		if !ok {
			return
		}
		start, kernel = p.at, name
		cell := p.t.Cells + 1
		if name == "meta" {
			cell = 0
		}
		p.meta(cell, "options", "", at+len("#!")+len(name), at+len(line), asIs)
	}
}

func (p *textParser) dibCell(kernel string, start, end int) {
	switch {
	case kernel == "meta":
		p.meta(0, "header", "", start, end, asIs)
	case kernel == "markdown":
		p.source(p.next(), kernel, kernel, start, end, asIs)
	case kernel != "" || !p.blank(start, end):
		lang := p.t.Language
		if kernel != "" {
			lang = dibLanguage(kernel)
		}
		p.source(p.next(), "code", lang, start, end, asIs)
	}
}

// dibKernel is the kernel that a line names; "" when it is none's, as a magic's.
func (p *textParser) dibKernel(line []byte) string {
	rest, ok := bytes.CutPrefix(line, []byte("#!"))
	if !ok {
		return ""
	}
	word, _, _ := bytes.Cut(rest, []byte(" "))
	name := string(bytes.TrimRight(word, "\t"))
	switch name {
	case "meta", "csharp", "c#", "fsharp", "f#", "pwsh", "powershell", "javascript", "js", "typescript", "html", "markdown", "mermaid", "sql", "kql", "http", "value", "python", "r":
		return name
	}
	if name != "" && isPlainWord(name) && bytes.Contains(p.head, []byte(`"name":"`+name+`"`)) { // of those that #!meta lists
		return name
	}
	return ""
}

func dibLanguage(kernel string) string {
	switch {
	case kernel == "c#":
		return "csharp"
	case kernel == "f#":
		return "fsharp"
	case kernel == "pwsh":
		return "powershell"
	case strings.HasPrefix(kernel, "sql-"):
		return "sql"
	}
	return chunkLanguage(kernel)
}
