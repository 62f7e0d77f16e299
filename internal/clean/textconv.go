package clean

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/notebook"
	"github.com/nbseal/nbseal/internal/scan"
)

// Text renders a file for git diff, with every credential masked, also those
// that were accepted: cells with a header each, sources, outputs as text. What
// is no text, or has a plain form beside it, is a line with its size and the
// first 32 bits of its SHA-256; so is metadata. Execution counts and ids are not
// shown. UTF-16 becomes UTF-8. A file that is no notebook in JSON, or none that can be read, comes out
// as it is but for the masks.
func (c *Cleaner) Text(path string, src []byte) ([]byte, error) {
	if wide, ok := notebook.DecodeUTF16(src); ok {
		src = wide.Text
	}
	v := &renderer{}
	if scan.IsNotebook(path, src) {
		if nb, err := notebook.Parse(src); err == nil {
			v.payloads, v.wanted = nb.Payloads(), true
		}
	}
	blob := c.blobs.Read(path, src, v)
	if v.wanted && len(blob.Unread) == 0 {
		v.flush(finding.Place{})
		v.rest(finding.Place{Cell: -1})
		return v.out.Bytes(), nil
	}
	if n := len(blob.Unread); n > 1 || n == 1 && !blob.Salvaged {
		return nil, &Unreadable{Path: path, Reason: blob.Unread[0].Reason}
	}
	return maskBytes(src, blob.Findings), nil
}

// maskBytes puts markers where the findings are in the file.
func maskBytes(src []byte, findings []scan.Found) []byte {
	var list []mask
	for _, f := range findings {
		if l := f.Location; l.Length > 0 {
			list = append(list, mask{l.Offset, l.Offset + l.Length, f.Rule})
		}
	}
	return applyMasks(src, list)
}

// mask is a range of text that is not to be shown.
type mask struct {
	start, end int
	rule       string
}

func applyMasks(text []byte, list []mask) []byte {
	slices.SortFunc(list, func(a, b mask) int { return cmp.Or(a.start-b.start, a.end-b.end) })
	var out []byte
	at := 0
	for _, m := range list {
		if m.start >= at {
			out = append(append(out, text[at:m.start]...), Marker(m.rule)...)
		}
		at = max(at, m.end)
	}
	return append(out, text[at:]...)
}

// renderer writes a notebook as text while it is scanned.
type renderer struct {
	out      bytes.Buffer
	wanted   bool
	payloads []notebook.Payload // that are still to come
	cell     int                // whose header was written last
	now      finding.Place      // what the texts belong to
	texts    []rendered
}

// rendered is one text of a source, of an output or of metadata.
type rendered struct {
	mime, kind string
	text       []byte
	masks      []mask
}

// Wants begins a unit; the one before is complete.
func (v *renderer) Wants(u *notebook.Unit) bool {
	if !v.wanted {
		return true
	}
	at := finding.Place{Cell: u.Place.Cell, Where: u.Place.Where, Output: u.Place.Output}
	if at != v.now {
		v.flush(at)
	}
	v.texts = append(v.texts, rendered{mime: u.Place.MIME, kind: u.CellType, text: bytes.Clone(u.Text)})
	return true
}

// Found masks what was found in the unit that began last.
func (v *renderer) Found(_ *notebook.Unit, m detect.Match, _ finding.Finding, _ bool) {
	if v.wanted {
		t := &v.texts[len(v.texts)-1]
		t.masks = append(t.masks, mask{m.Parts[0].Start, m.Parts[len(m.Parts)-1].End, m.Rule.ID})
	}
}

// flush writes the texts that were collected, which belong together; what comes
// next is at another place.
func (v *renderer) flush(next finding.Place) {
	for i := range v.texts {
		v.texts[i].text = applyMasks(v.texts[i].text, v.texts[i].masks)
	}
	if len(v.texts) > 0 {
		v.rest(v.now)
		v.write()
	}
	v.texts, v.now = v.texts[:0], next
}

func (v *renderer) write() {
	switch p := v.now; p.Where {
	case finding.Source:
		v.header(p.Cell, v.texts[0].kind)
		for _, t := range v.texts {
			v.lines(t.text)
		}
	case finding.Output:
		v.header(p.Cell, "")
		plain := slices.ContainsFunc(v.texts, func(t rendered) bool { return t.mime == "text/plain" })
		for _, t := range v.texts {
			switch {
			case t.mime == "" || t.mime == "metadata":
			case plain && t.mime != "text/plain" && strings.Contains(t.mime, "/") && !strings.HasPrefix(t.mime, "error/"):
				v.line("--- output %d %s, %d bytes, %s", p.Output, t.mime, len(t.text), sum(t.text))
			default:
				v.line("--- output %d %s", p.Output, t.mime)
				v.lines(t.text)
			}
		}
	default:
		var all []byte
		for _, t := range v.texts {
			all = append(append(all, t.text...), 0)
		}
		if p.Cell > 0 {
			v.header(p.Cell, "")
		}
		v.line("--- %s, %d strings, %s", p.Where, len(v.texts), sum(all))
	}
}

// rest writes the payloads of outputs up to a place; a cell of -1 stands for the
// end.
func (v *renderer) rest(at finding.Place) {
	for len(v.payloads) > 0 {
		p := v.payloads[0]
		if at.Cell > 0 && (p.Cell > at.Cell || p.Cell == at.Cell && (at.Where != finding.Output || p.Output > at.Output)) {
			return
		}
		v.header(p.Cell, "")
		v.line("--- output %d %s, %d bytes, %s", p.Output, p.MIME, len(p.Text), sum(p.Text))
		v.payloads = v.payloads[1:]
	}
}

// header begins a cell, once.
func (v *renderer) header(cell int, kind string) {
	if cell != v.cell {
		v.cell = cell
		v.line("%s", strings.TrimRight(fmt.Sprintf("=== cell %d %s", cell, kind), " "))
	}
}

func (v *renderer) line(format string, args ...any) { fmt.Fprintf(&v.out, format+"\n", args...) }

func (v *renderer) lines(text []byte) {
	v.out.Write(text)
	if len(text) > 0 && text[len(text)-1] != '\n' {
		v.out.WriteByte('\n')
	}
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return fmt.Sprintf("%x", h[:4])
}
