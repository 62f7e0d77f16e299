// Package notebook reads Jupyter notebooks as a person sees them and maps what
// is seen back to the bytes of the file.
//
// [Parse] indexes a notebook of nbformat 4, or 3 and 2 with worksheets.
// [Notebook.Units] then yields its texts one by one: the source of each cell,
// each output in each of its MIME types, and every string in metadata and
// attachments. A [Unit] holds decoded text (source lists joined, JSON escapes
// undone, ANSI codes and HTML entities mapped away) and answers where any range
// of it is, in lines of the cell and in bytes of the file. [Rewrite] changes
// ranges of that text and leaves all other bytes of the file alone.
//
// The reader accepts exactly what encoding/json.Valid accepts, after an optional
// byte order mark; [Salvage] gets what text it can out of anything else. Images
// and other binary payloads are stepped over once their content is seen to be
// base64. The package opens no files.
//
// [ParseText] does the same for notebooks that are kept as text: jupytext, MyST,
// Quarto, R Markdown, Databricks, marimo, Pluto, knitr, Polyglot.
// [Scratch.ParseZeppelin] is for Zeppelin's notes, [Scratch.Document] for all other
// JSON.
//
// Formats: https://nbformat.readthedocs.io/en/latest/format_description.html
// and, for version 3, the JSON schema nbformat.v3.schema.json in nbformat.
package notebook

import (
	"errors"
	"strings"

	"github.com/nbseal/nbseal/internal/finding"
)

// ErrNotNotebook is wrapped by the error of Parse for valid JSON that is no
// notebook.
var ErrNotNotebook = errors.New("not a notebook: it has no list of cells")

// Notebook is the index of one notebook file. It refers to the source, which
// must not change while it is in use.
type Notebook struct {
	src   []byte
	lines lineIndex

	// Language is the kernel's, in lower case, from the notebook's metadata;
	// "python" where that says nothing.
	Language string
	// Cells is the number of cells in the file.
	Cells int

	cells   []cell
	rest    []member // everything at the top that is not a cell
	kernel  []member // what the metadata says of the kernel
	strings []quoted // the strings of all lists of strings, in the file's order

	zeppelin bool // a note of Apache Zeppelin

	scratch *Scratch
	paths   strings.Builder // every path so far, one after the other
}

// cell is one cell as it stands in the file; a repeated key is kept each time.
type cell struct {
	kind    string // "code", "markdown", "raw", "heading"…
	id      string
	lang    string // nbformat 3 names the language in the cell
	sources []text
	outputs []output
	attach  []member
	rest    []member
}

// output is one output of a code cell.
type output struct {
	kind   string      // "stream", "error", "display_data", "execute_result"; 3: "pyout", "pyerr"
	stream string      // "stdout" or "stderr"
	texts  []rendering // key: MIME type, or "text", "ename", "evalue", "traceback"
	rest   []member
}

// member is a key of an object with its value.
type member struct {
	key string
	val value
}

// rendering is a key of an output with its text.
type rendering struct {
	key string
	text
}

// Parse indexes src. The error of a file that is not JSON is a *SyntaxError, or
// ErrUTF16.
func Parse(src []byte) (*Notebook, error) { return new(Scratch).Parse(src) }

func (nb *Notebook) parse() error {
	src := nb.src
	c := &cursor{src: src, i: bomLen(src)}
	c.space()
	if c.peek() != '{' {
		if byteOrder(src) != nil {
			return ErrUTF16
		}
		if err := Valid(src); err != nil {
			return err
		}
		return ErrNotNotebook
	}
	found := false
	err := c.object(func(key string) error {
		switch key {
		case "cells":
			if c.peek() == '[' {
				found = true
				return nb.parseCells(c)
			}
		case "worksheets":
			if c.peek() == '[' {
				found = true
				return c.array(func(int) error { return nb.parseWorksheet(c) })
			}
		}
		return nb.keepTop(c, key)
	})
	if err == nil {
		err = c.end()
	}
	if err != nil {
		return err
	}
	if !found {
		return ErrNotNotebook
	}
	nb.Cells = len(nb.cells)
	nb.Language = nb.kernelLanguage()
	return nil
}

func (nb *Notebook) parseWorksheet(c *cursor) error {
	if c.peek() != '{' {
		return keep(c, &nb.rest, "worksheets")
	}
	return c.object(func(key string) error {
		if key == "cells" && c.peek() == '[' {
			return nb.parseCells(c)
		}
		return nb.keepTop(c, key)
	})
}

// keepTop keeps a member of the notebook or of a worksheet and notes what its
// metadata says of the kernel.
func (nb *Notebook) keepTop(c *cursor, key string) error {
	if key != "metadata" || c.peek() != '{' {
		return keep(c, &nb.rest, key)
	}
	start := c.i
	err := c.object(func(key string) error {
		if key == "kernelspec" || key == "language_info" {
			return keep(c, &nb.kernel, key)
		}
		return c.skip()
	})
	nb.rest = append(nb.rest, member{"metadata", value{start, c.i}})
	return err
}

func (nb *Notebook) parseCells(c *cursor) error {
	return c.array(func(int) error {
		cl := nb.addCell()
		if c.peek() != '{' {
			return keep(c, &cl.rest, "cell")
		}
		return c.object(func(key string) error { return nb.parseMember(c, cl, key) })
	})
}

func (nb *Notebook) parseMember(c *cursor, cl *cell, key string) error {
	first := c.peek()
	switch key {
	case "cell_type":
		return c.text(&cl.kind, &cl.rest, key)
	case "id":
		return c.text(&cl.id, &cl.rest, key)
	case "language":
		return c.text(&cl.lang, &cl.rest, key)
	case "source", "input":
		t, err := nb.parseText(c, false)
		if first == '"' || first == '[' {
			cl.sources = append(cl.sources, t)
		} else {
			cl.rest = append(cl.rest, member{key, t.val})
		}
		return err
	case "attachments":
		return keep(c, &cl.attach, key)
	case "outputs":
		if first == '[' {
			return c.array(func(int) error {
				o := cl.addOutput()
				if c.peek() != '{' {
					return keep(c, &o.rest, "output")
				}
				return c.object(func(key string) error { return nb.parseOutput(c, o, key) })
			})
		}
	}
	return keep(c, &cl.rest, key)
}

func (nb *Notebook) parseOutput(c *cursor, o *output, key string) error {
	switch key {
	case "output_type":
		return c.text(&o.kind, &o.rest, key)
	case "name", "stream": // "stream" is nbformat 3's name for it
		return c.text(&o.stream, &o.rest, key)
	case "text", "ename", "evalue", "traceback":
		return nb.parseRendering(c, o, key)
	case "data":
		if c.peek() == '{' {
			return c.object(func(mime string) error { return nb.parseRendering(c, o, mime) })
		}
	}
	if mime, ok := v3MIME[key]; ok {
		return nb.parseRendering(c, o, mime)
	}
	return keep(c, &o.rest, key)
}

func (nb *Notebook) parseRendering(c *cursor, o *output, key string) error {
	t, err := nb.parseText(c, isBinary(key))
	o.texts = append(o.texts, rendering{key, t})
	return err
}

// v3MIME gives the MIME type for the short names of nbformat 3 (nbformat
// v4/convert.py, from_mime_key).
var v3MIME = map[string]string{
	"html": "text/html", "svg": "image/svg+xml", "png": "image/png", "jpeg": "image/jpeg",
	"latex": "text/latex", "json": "application/json", "javascript": "application/javascript",
	"pdf": "application/pdf", "markdown": "text/markdown",
}

// keep reads the value under the cursor and appends it with its key.
func keep(c *cursor, to *[]member, key string) error {
	v, err := c.value()
	*to = append(*to, member{key, v})
	return err
}

// kernelLanguage reads metadata.kernelspec.language and, better, what the
// kernel said of itself in metadata.language_info.name.
func (nb *Notebook) kernelLanguage() string {
	lang := ""
	for _, m := range nb.kernel {
		nb.leaves(m.val, m.key, m.key, leafFunc(func(path, _ string, v quoted) bool {
			switch path {
			case "kernelspec.language":
				if lang == "" {
					lang = keyString(nb.src, v.value)
				}
			case "language_info.name":
				lang = keyString(nb.src, v.value)
			}
			return true
		}))
	}
	if lang == "" {
		for _, cl := range nb.cells {
			if cl.lang != "" {
				lang = cl.lang
				break
			}
		}
	}
	if lang == "" {
		lang = "python"
	}
	return strings.ToLower(lang)
}

// Units yields the notebook's texts in the order of the file's cells.
func (nb *Notebook) Units(yield func(*Unit) bool) {
	for n := range nb.cells {
		if !nb.cellUnits(&nb.cells[n], n+1, yield) {
			return
		}
	}
	for _, m := range nb.rest {
		path := m.key
		if path == "metadata" {
			path = ""
		}
		if !nb.leafUnits(m.val, path, m.key, finding.Place{Where: finding.Metadata}, yield) {
			return
		}
	}
}

func (nb *Notebook) cellUnits(cl *cell, n int, yield func(*Unit) bool) bool {
	place := finding.Place{Cell: n, CellID: cl.id, Where: finding.Source}
	for _, v := range cl.sources {
		u := nb.textUnit(v, place, false)
		u.CellType, u.Language = cl.kind, cl.sourceLanguage(nb.Language, u.Text)
		if nb.zeppelin {
			u.CellType, u.Language = zeppelinCell(u.Text)
		}
		if !yield(u) {
			return false
		}
	}
	place.Where = finding.Attachment
	for _, m := range cl.attach {
		if !nb.attachmentUnits(m.val, place, yield) {
			return false
		}
	}
	place.Where = finding.Metadata
	for _, m := range cl.rest {
		path := m.key
		if path == "metadata" {
			path = ""
		}
		if !nb.leafUnits(m.val, path, m.key, place, yield) {
			return false
		}
	}
	return nb.outputUnits(cl, n, yield)
}

func (nb *Notebook) leafUnits(v value, path, name string, place finding.Place, yield func(*Unit) bool) bool {
	if b := nb.src[v.start]; b != '"' && v.end-v.start == len("{}") || b != '"' && b != '{' && b != '[' {
		return true
	}
	s := nb.scratch
	if s == nil {
		s = new(Scratch)
	}
	s.leaf = leafUnits{nb, place, yield}
	return nb.leaves(v, path, name, &s.leaf)
}

func (nb *Notebook) outputUnits(cl *cell, n int, yield func(*Unit) bool) bool {
	for k := 0; k < len(cl.outputs); {
		place := finding.Place{Cell: n, CellID: cl.id, Where: finding.Output, Output: k + 1}
		if cl.outputs[k].kind == "stream" {
			// The front end shows consecutive writes to one stream as one text.
			last := k
			for last+1 < len(cl.outputs) && cl.outputs[last+1].kind == "stream" && cl.outputs[last+1].stream == cl.outputs[k].stream {
				last++
			}
			if !nb.streamUnits(cl.outputs[k:last+1], place, yield) {
				return false
			}
			k = last + 1
			continue
		}
		o := &cl.outputs[k]
		k++
		for _, m := range o.texts {
			if !nb.mimeUnits(m, place, yield) {
				return false
			}
		}
		if !nb.restUnits(o, place, yield) {
			return false
		}
	}
	return true
}

func (nb *Notebook) restUnits(o *output, place finding.Place, yield func(*Unit) bool) bool {
	for _, m := range o.rest {
		place.MIME = ""
		if m.key == "metadata" {
			place.MIME = "metadata"
		}
		if !nb.leafUnits(m.val, m.key, m.key, place, yield) {
			return false
		}
	}
	return true
}

func (nb *Notebook) streamUnits(outputs []output, place finding.Place, yield func(*Unit) bool) bool {
	place.MIME = "stream/" + outputs[0].stream
	joined := nb.newUnit(place)
	for k := range outputs {
		for _, m := range outputs[k].texts {
			if nb.isStream(&m) {
				joined.add(m.text, place.Output+k)
			}
		}
	}
	joined.build()
	if !yield(joined) {
		return false
	}
	for k := range outputs {
		p := place
		p.Output += k
		for _, m := range outputs[k].texts {
			if !nb.isStream(&m) && !nb.mimeUnits(m, p, yield) {
				return false
			}
		}
		if !nb.restUnits(&outputs[k], p, yield) {
			return false
		}
	}
	return true
}

// isStream reports whether m is what was written to a stream.
func (nb *Notebook) isStream(m *rendering) bool {
	return m.key == "text" && (m.only || nb.src[m.val.start] == '"')
}

// mimeUnits yields the units of one representation of an output.
func (nb *Notebook) mimeUnits(m rendering, place finding.Place, yield func(*Unit) bool) bool {
	place.MIME = m.key
	switch m.key {
	case "text": // nbformat 3
		place.MIME = "text/plain"
	case "ename", "evalue", "traceback":
		place.MIME = "error/" + m.key
	}
	first := nb.src[m.val.start]
	switch {
	case m.payload:
		return true
	case first == '"', m.only && !isJSON(place.MIME):
		return yield(nb.textUnit(m.text, place, m.key == "traceback"))
	}
	return nb.leafUnits(m.val, "", "", place, yield)
}

// attachmentUnits walks {file name: {MIME type: base64}}. A value may be JSON
// instead, whose strings have the names that JSON gives them.
func (nb *Notebook) attachmentUnits(v value, place finding.Place, yield func(*Unit) bool) bool {
	return nb.leaves(v, "", "", leafFunc(func(path, mime string, v quoted) bool {
		p := place
		p.Key, p.MIME = path, mime
		if isJSON(mimeOf(path, mime)) {
			p.MIME = "application/json"
			u := nb.stringUnit(v, p)
			u.Name = mime
			return yield(u)
		}
		if isBinary(mime) && payloadEnd(nb.src, v.start+1) == v.end-1 {
			return true
		}
		return yield(nb.attachmentUnit(v, p))
	}))
}

func isJSON(mime string) bool {
	return mime == "application/json" || strings.HasSuffix(mime, "+json")
}

// isBinary reports whether values of the MIME type are base64 in a notebook.
func isBinary(mime string) bool {
	if mime == "image/svg+xml" {
		return false
	}
	for _, p := range [...]string{"image/", "audio/", "video/", "font/", "application/pdf", "application/octet-stream", "application/zip"} {
		if strings.HasPrefix(mime, p) {
			return true
		}
	}
	return false
}

// sourceLanguage is the language a cell's source is written in: the kernel's,
// unless a cell magic or the cell's type says otherwise.
func (cl *cell) sourceLanguage(kernel string, text []byte) string {
	switch cl.kind {
	case "code", "":
		if lang, ok := magicLanguage(text); ok {
			return lang
		}
		return kernel
	case "markdown", "heading":
		return "markdown"
	}
	return ""
}

// mimeOf is the MIME type below which an attachment's value stands whose path and
// last key are given.
func mimeOf(path, last string) string {
	if i := strings.Index(path, ".application/"); i >= 0 && last != path[i+1:] {
		rest := path[i+1:]
		if end := strings.IndexByte(rest, '.'); end >= 0 {
			return rest[:end]
		}
	}
	return ""
}
