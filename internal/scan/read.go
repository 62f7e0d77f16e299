package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/notebook"
	"github.com/nbseal/nbseal/internal/ruleset"
	"github.com/nbseal/nbseal/internal/secret"
)

// MaxSize is the largest file that is read, in bytes.
const MaxSize = 2 << 30

// reader reads one target after the other; its buffer is used again.
type reader struct {
	detector *detect.Detector
	stdin    io.Reader
	progress *Progress
	rules    *ruleset.Set
	excerpts bool
	risks    bool
	buf      []byte
	scratch  notebook.Scratch
	seen     *seen   // nil: every text is searched
	visitor  Visitor // of the file that is being read; nil: none
}

func newReader(detector *detect.Detector, opt Options) reader {
	return reader{detector: detector, stdin: opt.Stdin, progress: opt.Progress, rules: opt.Rules, excerpts: opt.Excerpts, risks: opt.Risks}
}

func (r *reader) read(t target) (res result) {
	if t.skipped {
		return result{skipped: 1}
	}
	src, err := r.load(t)
	if err != nil {
		return result{unread: []finding.Unread{{Path: t.path, Reason: reason(err)}}}
	}
	if r.progress != nil {
		r.progress.Files.Add(1)
		r.progress.Bytes.Add(int64(len(src)))
	}
	return r.blob(t.path, src)
}

// blob reads what a file holds.
func (r *reader) blob(path string, src []byte) (res result) {
	defer func() {
		if v := recover(); v != nil {
			if _, ok := v.(runtime.Error); !ok {
				panic(v)
			}
			// The value is not shown: it might quote the file.
			res.findings, res.risks, res.salvaged = nil, nil, false
			res.unread = []finding.Unread{{Path: path, Reason: "internal error while scanning it; please report this file's form"}}
		}
	}()
	res.bytes = int64(len(src))
	if notebook.IsUTF32(src) {
		res.unread = []finding.Unread{{Path: path, Reason: "it is UTF-32 text, which is not read; convert it to UTF-8"}}
		return res
	}
	wide, _ := notebook.DecodeUTF16(src)
	if wide != nil {
		src = wide.Text
	}
	named := isNamed(path)
	if !named && isBinary(src) {
		res.skipped = 1
		return res
	}
	res.read = true
	r.scan(&res, path, src, wide, named)
	for i := range res.risks {
		if wide != nil {
			wide.Locate(&res.risks[i].Location)
		}
	}
	res.findings = sortFindings(res.findings)
	return res
}

// scan reads src as a notebook if it is one or should be, in JSON or as text,
// else as JSON or plain text. Of a file in UTF-16, wide, it is the text.
func (r *reader) scan(res *result, path string, src []byte, wide *notebook.UTF16, named bool) {
	find := Finder{Detector: r.detector, Rules: r.rules, Path: path, seen: r.seen}
	if r.rules != nil {
		res.findings = byPath(r.rules, path)
		defer func() {
			if find.Cut {
				res.unread = append(res.unread, finding.Unread{Path: path, Reason: "a rule of yours matches too often in it; not all matches were looked at"})
			}
		}()
	}
	var matches []detect.Match // of the unit, for excerpts and risks
	keep := r.excerpts || r.risks
	var code riskCells
	each := func(u *notebook.Unit) bool {
		if r.visitor != nil && !r.visitor.Wants(u) {
			return true
		}
		first := len(res.findings)
		matches = matches[:0]
		find.In(u, func(m detect.Match) {
			f := found{Finding(path, u, m), find.Ignored(m)}
			if wide != nil {
				wide.Locate(&f.Location)
			}
			res.findings = append(res.findings, f)
			if r.visitor != nil {
				r.visitor.Found(u, m, f.Finding, f.ignored)
			}
			if keep {
				matches = append(matches, m)
			}
		})
		if r.risks {
			code.add(u, matches)
		}
		for i := 0; r.excerpts && i < len(matches); i++ {
			f := &res.findings[first+i].Finding
			f.Excerpt = excerpt(u, matches, i, f.Location.Line)
		}
		return true
	}
	if named || looksLikeNotebook(src) {
		nb, err := r.scratch.Parse(src)
		if err == nil {
			res.notebook = true
			nb.Each(&r.scratch, each)
			if r.risks {
				res.risks = code.find(path, nb.Language, func(again func(*notebook.Unit) bool) { nb.Each(&r.scratch, again) })
			}
			return
		}
		res.unread = []finding.Unread{{Path: path, Reason: err.Error() + " (its text was scanned as far as it goes)"}}
		notebook.Salvage(src, each)
		res.salvaged = true
		return
	}
	if notebook.IsZeppelin(src) {
		if nb, err := r.scratch.ParseZeppelin(src); err == nil {
			res.notebook = true
			nb.Each(&r.scratch, each)
			return
		}
	}
	if text, ok := notebook.ParseText(path, src); ok {
		res.notebook = true
		text.Units(each)
		if r.risks {
			res.risks = code.find(path, text.Language, text.Units)
		}
		return
	}
	find.Plain = true
	if r.scratch.Document(src, each) {
		return
	}
	u := notebook.PlainText(src)
	u.Language = notebook.FileLanguage(path)
	each(u)
}

// isNamed reports whether a file of that name should be a notebook.
func isNamed(path string) bool { return strings.EqualFold(filepath.Ext(path), ".ipynb") }

// IsNotebook reports whether a file is read as a notebook in JSON.
func IsNotebook(path string, src []byte) bool { return isNamed(path) || looksLikeNotebook(src) }

// looksLikeNotebook recognises a notebook whatever it is called.
func looksLikeNotebook(src []byte) bool {
	head := bytes.TrimLeft(src[:min(len(src), 64)], "\xef\xbb\xbf \t\r\n")
	return bytes.HasPrefix(head, []byte("{")) && bytes.Contains(src, []byte(`"nbformat"`)) &&
		(bytes.Contains(src, []byte(`"cells"`)) || bytes.Contains(src, []byte(`"worksheets"`)))
}

// binaryHead is how much of a file tells whether it is binary, in bytes.
const binaryHead = 8000

// isBinary goes by a zero byte at the beginning, as git does, and by the
// beginning of a PDF, whose compressed streams may come later.
func isBinary(src []byte) bool {
	return bytes.HasPrefix(src, []byte("%PDF-")) || bytes.IndexByte(src[:min(len(src), binaryHead)], 0) >= 0
}

// load reads the target into the reader's buffer.
func (r *reader) load(t target) ([]byte, error) {
	if t.err != nil {
		return nil, t.err
	}
	if t.path == Stdin {
		if r.stdin == nil {
			return nil, errors.New("there is no standard input")
		}
		return r.fill(r.stdin, 0)
	}
	f, err := os.Open(t.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := int64(0)
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	return r.fill(f, size)
}

// fill reads in to its end; size is a guess.
func (r *reader) fill(in io.Reader, size int64) ([]byte, error) {
	if size > MaxSize {
		return nil, errTooLarge
	}
	if int64(cap(r.buf)) <= size {
		r.buf = make([]byte, 0, size+512)
	}
	buf := r.buf[:0]
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		r.buf = buf
		switch {
		case errors.Is(err, io.EOF):
			return buf, nil
		case err != nil:
			return nil, err
		case len(buf) > MaxSize:
			return nil, errTooLarge
		}
	}
}

var errTooLarge = fmt.Errorf("it is larger than %d GiB", MaxSize>>30)

// reason says why in words, without repeating the path.
func reason(err error) string {
	var pathErr *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file or directory"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	case errors.As(err, &pathErr):
		return pathErr.Err.Error()
	}
	return err.Error()
}

// Finder finds the credentials in the units of one file, which it must be given
// in their order: what a cell's source shows tells what its outputs are.
type Finder struct {
	Detector *detect.Detector
	// Plain says that units without a place are a file that is no notebook, not
	// what could be read of a damaged one.
	Plain bool
	// Rules are the user's, nil without any, and Path is of the file, for them.
	Rules *ruleset.Set
	Path  string
	// Cut is set when a user's rule was not followed to its end.
	Cut bool

	seen  *seen // nil: every text is searched
	cell  int
	shown string // the name whose value the cell displays

	unit     *notebook.Unit // the last one, if its comments count
	searched bool
	comments []ignore
}

// In calls emit for each credential in the unit, in order of position.
func (f *Finder) In(u *notebook.Unit, emit func(detect.Match)) {
	f.unit, f.searched = nil, false
	if f.mayComment(u) {
		f.unit = u
	}
	in := detect.Input{Text: u.Text, Language: language(u.Language), Key: u.Name}
	if p := u.Place; p != nil {
		switch {
		case p.Where == finding.Source && u.CellType == "code":
			f.cell, f.shown = p.Cell, detect.Shown(u.Text)
		case p.Where == finding.Output && p.Cell == f.cell && in.Key == "":
			in.Key = f.shown
		}
	}
	if f.Rules != nil {
		f.withRules(u, in, emit)
		return
	}
	if f.seen != nil {
		f.seen.find(f.Detector, in, emit)
		return
	}
	f.Detector.Find(in, emit)
}

func language(name string) detect.Language {
	switch name {
	case "python", "ipython", "xeus-python", "sage":
		return detect.Python
	case "r":
		return detect.R
	case "julia":
		return detect.Julia
	case "sql":
		return detect.SQL
	case "shell", "bash":
		return detect.Shell
	case "markdown":
		return detect.Markdown
	}
	return detect.Unknown
}

// Finding is the finding for a match in a unit.
func Finding(path string, u *notebook.Unit, m detect.Match) finding.Finding {
	f := finding.Finding{
		Rule: m.Rule.ID, Title: m.Rule.Title, Severity: m.Rule.Severity, Name: m.Name, Preview: m.Preview,
		Secret: Secret(u, m), Revoke: m.Rule.Revoke,
	}
	if m.Partial {
		f.Severity = finding.Low
	}
	f.Location = u.Locate(m.Parts[0].Start, m.Parts[len(m.Parts)-1].End)
	f.Location.Path = path
	return f
}

// Secret copies the plaintext of a match out of its unit.
func Secret(u *notebook.Unit, m detect.Match) secret.Value {
	var b []byte
	for _, p := range m.Parts {
		b = append(b, u.Text[p.Start:p.End]...)
	}
	return secret.New(b)
}
