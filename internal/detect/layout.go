package detect

import "bytes"

// layout knows what kind of writing a place in a text is in. Places must be
// asked for from left to right; what lies before them is then read only once.
type layout struct {
	known  bool
	code   bool   // the text is program code, as a whole
	at     int    // up to here triple quotes were counted
	triple string // the triple quote that is open at at, or ""

	searched int // up to here readDiscord has looked
	cookies  int // up to here readCookie has

	// The last answers, because several readers ask about one place.
	placed, lined int
	prose         prose
	line          int
}

// prose says how a bare word is to be read at some place.
type prose uint8

const (
	inExpression prose = iota // in code: a bare word is a name
	inConfig                  // shell, dotenv, YAML, INI, output: a bare word is a value
	inText                    // written for people
)

// magics are the cell magics after which a cell is still code.
var magics = words("time timeit capture prun python python3 py pyspark R julia memit mprun debug R_ cython px scala")

// place classifies the position i.
func (s *scan) place(i int) prose {
	l := &s.layout
	if !l.known {
		l.known = true
		l.code = s.in.Language.code() && !magicCell(s.text)
		l.placed = -1
	}
	if l.placed != i {
		l.placed, l.prose = i, s.classify(i)
	}
	return l.prose
}

func (s *scan) classify(i int) prose {
	if !s.layout.code {
		if s.in.Language == Markdown {
			return inText
		}
		return inConfig
	}
	line := s.lineStart(i)
	head := bytes.TrimLeft(s.text[line:i], " \t")
	if len(head) > 0 {
		switch head[0] {
		case '!', '%':
			return inConfig
		case '#':
			return inText
		}
	}
	if s.openTriple(i) {
		return inConfig
	}
	if inString(head) {
		return inConfig
	}
	return inExpression
}

// lineStart returns where the line of i begins, or a place far before i in it.
func (s *scan) lineStart(i int) int {
	const reach = 768
	l := &s.layout
	if l.lined != i || i == 0 {
		from := max(0, i-reach)
		l.lined, l.line = i, from+bytes.LastIndexByte(s.text[from:i], '\n')+1
	}
	return l.line
}

// magicCell reports whether a cell begins with a magic that makes it another language.
func magicCell(text []byte) bool {
	head := bytes.TrimLeft(text[:min(len(text), 256)], " \t\r\n")
	if !bytes.HasPrefix(head, []byte("%%")) {
		return false
	}
	end := run(head, 2, 32, word)
	return !magics[string(head[2:end])]
}

// inString reports whether the end of head, a piece of a line of code, is
// inside of a quoted string.
func inString(head []byte) bool {
	open := byte(0)
	for i := 0; i < len(head); i++ {
		switch b := head[i]; {
		case b == '\\':
			i++
		case open == 0 && (b == '"' || b == '\''):
			open = b
		case b == open:
			open = 0
		}
	}
	return open != 0
}

// openTriple reports whether i is inside of a triple-quoted string.
func (s *scan) openTriple(i int) bool {
	l := &s.layout
	if i < l.at {
		return l.triple != ""
	}
	for {
		if l.triple == "" {
			d := indexTriple(s.text[l.at:i])
			if d < 0 {
				break
			}
			l.triple = string(s.text[l.at+d : l.at+d+3])
			l.at += d + 3
			continue
		}
		d := bytes.Index(s.text[l.at:i], []byte(l.triple))
		if d < 0 {
			break
		}
		l.triple = ""
		l.at += d + 3
	}
	l.at = max(l.at, i-2)
	return l.triple != ""
}

// indexTriple returns where the first triple quote is, or -1.
func indexTriple(text []byte) int {
	for i := 0; i+2 < len(text); i++ {
		if b := text[i]; (b == '"' || b == '\'') && text[i+1] == b && text[i+2] == b {
			return i
		}
	}
	return -1
}
