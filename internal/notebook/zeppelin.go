package notebook

import (
	"bytes"
	"strings"
)

// IsZeppelin reports whether a file looks like a note of Apache Zeppelin, as
// ParseZeppelin reads them.
func IsZeppelin(src []byte) bool {
	head := bytes.TrimLeft(src[bomLen(src):], " \t\r\n")
	return bytes.HasPrefix(head, []byte("{")) && bytes.Contains(src, []byte(`"paragraphs"`))
}

// ParseZeppelin indexes a note of Apache Zeppelin (.zpln, note.json): paragraphs
// are cells, the messages of their results outputs. It is for reading alone.
// The error of valid JSON that is no note wraps ErrNotNotebook. The form is that
// of org.apache.zeppelin.notebook.Note and Paragraph, and of version 0.6, whose
// paragraphs have one "result".
func (s *Scratch) ParseZeppelin(src []byte) (*Notebook, error) {
	nb := &Notebook{src: src, cells: s.cells[:0], strings: s.strings[:0], zeppelin: true, Language: "scala"}
	err := nb.parseNote()
	s.cells, s.strings = nb.cells, nb.strings
	if err != nil {
		return nil, err
	}
	nb.Cells = len(nb.cells)
	return nb, nil
}

func (nb *Notebook) parseNote() error {
	c := &cursor{src: nb.src, i: bomLen(nb.src)}
	if c.space(); c.peek() != '{' {
		return ErrNotNotebook
	}
	found := false
	err := c.object(func(key string) error {
		if key != "paragraphs" || c.peek() != '[' {
			return keep(c, &nb.rest, key)
		}
		found = true
		return c.array(func(int) error {
			cl := nb.addCell()
			if c.peek() != '{' {
				return keep(c, &cl.rest, "paragraph")
			}
			return c.object(func(key string) error { return nb.parseParagraph(c, cl, key) })
		})
	})
	if err == nil {
		err = c.end()
	}
	if err == nil && !found {
		err = ErrNotNotebook
	}
	return err
}

func (nb *Notebook) parseParagraph(c *cursor, cl *cell, key string) error {
	first := c.peek()
	switch {
	case key == "text" && first == '"':
		t, err := nb.parseText(c, false)
		cl.sources = append(cl.sources, t)
		return err
	case key == "id":
		return c.text(&cl.id, &cl.rest, key)
	case (key == "results" || key == "result") && first == '{':
		return c.object(func(key string) error {
			switch {
			case key == "msg" && c.peek() == '[':
				return c.array(func(int) error { return nb.parseMessage(c, cl.addOutput()) })
			case key == "msg" && c.peek() == '"':
				return nb.parseRendering(c, cl.addOutput(), "text/plain")
			}
			return keep(c, &cl.rest, key)
		})
	}
	return keep(c, &cl.rest, key)
}

// parseMessage reads {"type": "TEXT", "data": …}.
func (nb *Notebook) parseMessage(c *cursor, o *output) error {
	if c.peek() != '{' {
		return keep(c, &o.rest, "msg")
	}
	kind := ""
	err := c.object(func(key string) error {
		switch {
		case key == "type":
			return c.text(&kind, &o.rest, key)
		case key == "data":
			t, err := nb.parseText(c, true)
			o.texts = append(o.texts, rendering{"text/plain", t})
			return err
		}
		return keep(c, &o.rest, key)
	})
	for i := range o.texts {
		t := &o.texts[i]
		switch kind {
		case "HTML":
			t.key = "text/html"
		case "IMG":
			t.key = "image/png"
		}
		t.payload = t.payload && kind == "IMG"
	}
	return err
}

// zeppelinCell is the kind of a paragraph and its language, which the name of an
// interpreter on its first line tells: "%md", "%spark.pyspark", "%sh(…)".
func zeppelinCell(text []byte) (kind, lang string) {
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("%"))
	if !ok {
		return "code", "scala" // the first interpreter of the group that is set up first
	}
	n := 0
	for n < len(rest) && n < 64 && (isLetter(rest[n]) || bytes.IndexByte([]byte(".-0123456789"), rest[n]) >= 0) {
		n++
	}
	name := strings.ToLower(string(rest[:n]))
	switch name = name[strings.LastIndexByte(name, '.')+1:]; name {
	case "md", "markdown":
		return "markdown", "markdown"
	case "pyspark", "ipyspark":
		return "code", "python"
	case "sparkr", "knitr":
		return "code", "r"
	case "jdbc", "hive", "ssql", "bsql", "presto", "bigquery":
		return "code", "sql"
	case "spark", "flink":
		return "code", "scala"
	case "angular":
		return "code", "html"
	}
	return "code", chunkLanguage(name)
}
