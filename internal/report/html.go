package report

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	_ "embed" // the page's parts
	"encoding/base64"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/nbseal/nbseal/internal/finding"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// page writes one HTML file that needs nothing else: no network, and no script
// but to filter. Findings of one value stand together; the values are told
// apart by a hash whose key is drawn for the one report and never written.
type page struct {
	w      io.Writer
	opt    Options
	key    [32]byte
	groups map[string]*group
	order  []*group
	risks  []riskFile
	unread []finding.Unread
}

func newPage(w io.Writer, opt Options) *page {
	p := &page{w: w, opt: opt, groups: map[string]*group{}}
	_, _ = rand.Read(p.key[:]) // never fails: it ends the program instead
	return p
}

// group is one credential with all its places.
type group struct {
	Titles   []string
	Severity finding.Severity
	Shown    string
	Names    []string
	Revoke   []string // addresses of the web
	Unknown  bool     // whether its places hold the same value
	Count    int
	Files    []*groupFile
}

type groupFile struct {
	Path   string
	Places []place
}

// place is a finding as the page shows it.
type place struct {
	Where, Kind  string
	Commit       string // "" unless it was found in history
	FileLine     int    // 0 for a plain file, whose line is in Where
	Line, Column int
	Excerpt      []excerptLine
}

type excerptLine struct {
	Number int
	Text   string
	Hit    bool
}

func (p *page) Finding(f finding.Finding, _ string) error {
	g := p.group(f)
	g.Count++
	g.Severity = max(g.Severity, f.Severity)
	g.Titles = appendNew(g.Titles, Printable(f.Title))
	if f.Name != "" {
		g.Names = appendNew(g.Names, Printable(f.Name))
	}
	if link := webLink(f.Revoke); link != "" {
		g.Revoke = appendNew(g.Revoke, link)
	}
	path := Printable(f.Location.Path)
	if n := len(g.Files); n == 0 || g.Files[n-1].Path != path {
		g.Files = append(g.Files, &groupFile{Path: path})
	}
	file := g.Files[len(g.Files)-1]
	file.Places = append(file.Places, p.place(f))
	return nil
}

// group is the one that f belongs to. Without its value, f is put with what has
// the same rule, name and preview.
func (p *page) group(f finding.Finding) *group {
	mac := hmac.New(sha256.New, p.key[:])
	unknown := f.Secret.Len() == 0
	if unknown {
		mac.Write([]byte(f.Rule + "\x00" + f.Name + "\x00" + f.Preview))
	} else {
		mac.Write([]byte{1})
		mac.Write(f.Secret.Reveal())
	}
	id := string(mac.Sum([]byte{boolByte(unknown)}))
	g := p.groups[id]
	if g == nil {
		g = &group{Shown: p.opt.shown(f), Unknown: unknown}
		p.groups[id] = g
		p.order = append(p.order, g)
	}
	return g
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func (p *page) place(f finding.Finding) place {
	l := f.Location
	out := place{Where: Where(l), Line: l.Line, Column: l.Column, Commit: Commit(f.Commit)}
	if l.Place != nil {
		out.FileLine, out.Kind = l.FileLine, l.Place.MIME
	}
	if f.Excerpt == nil {
		return out
	}
	for i, text := range f.Excerpt.Lines {
		// The lines are masked already; this holds whatever gave them to that.
		for part := range strings.Lines(string(f.Secret.Reveal())) {
			if part = strings.TrimSpace(part); part != "" {
				text = strings.ReplaceAll(text, part, f.Preview)
			}
		}
		n := f.Excerpt.Line + i
		out.Excerpt = append(out.Excerpt, excerptLine{n, visible(text), l.Line <= n && n <= l.EndLine})
	}
	return out
}

// visible replaces what does not show as it is, or turns the direction of what
// follows, and cuts what is too long to read.
func visible(s string) string {
	const most = 400
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > most {
			b.WriteString(" …")
			break
		}
		switch {
		case r == '\t':
			b.WriteString("    ")
		case Printable(string(r)) != string(r):
			b.WriteRune('\u00b7')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// riskFile is a file with its risks.
type riskFile struct {
	Path  string
	Risks []riskPlace
}

type riskPlace struct {
	Where, Title, Name, Advice string
	FileLine                   int // 0 for a plain file
}

func (p *page) Risk(r finding.Risk) error {
	path := Printable(r.Location.Path)
	if n := len(p.risks); n == 0 || p.risks[n-1].Path != path {
		p.risks = append(p.risks, riskFile{Path: path})
	}
	file := &p.risks[len(p.risks)-1]
	out := riskPlace{Where: Where(r.Location), Title: Printable(r.Title), Advice: Printable(r.Advice)}
	if r.Name != "" {
		out.Name = Printable(r.Name)
	}
	if r.Location.Place != nil {
		out.FileLine = r.Location.FileLine
	}
	file.Risks = append(file.Risks, out)
	return nil
}

func (p *page) Unread(u finding.Unread) error {
	p.unread = append(p.unread, finding.Unread{Path: Printable(u.Path), Reason: Printable(u.Reason)})
	return nil
}

// Summary writes the page. The worst credentials come first.
func (p *page) Summary(s finding.Summary) error {
	slices.SortStableFunc(p.order, func(a, b *group) int { return cmp.Compare(b.Severity, a.Severity) })
	counts := map[finding.Severity]int{}
	for _, g := range p.order {
		counts[g.Severity]++
	}
	t, err := template.New("page").Funcs(template.FuncMap{"count": count}).Parse(pageHTML)
	if err != nil {
		return err
	}
	when := ""
	if !p.opt.Time.IsZero() {
		when = p.opt.Time.UTC().Format("2 January 2006, 15:04 UTC")
	}
	return t.Execute(p.w, map[string]any{
		"CSS": template.CSS(pageCSS), "JS": template.JS(pageJS), // both are ours, not data
		"CSSHash": csp(pageCSS), "JSHash": csp(pageJS),
		"Groups": p.order, "Risks": p.risks, "Unread": p.unread, "Sum": s, "Size": size(s.Bytes),
		"High": counts[finding.High], "Medium": counts[finding.Medium], "Low": counts[finding.Low],
		"Version": p.opt.Version, "When": when, "Stamp": stamp(p.opt.Time), "Revealed": p.opt.ShowSecrets,
	})
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// csp is what a content security policy names an inline text by.
func csp(s string) string {
	h := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(h[:]) + "'"
}
