package transfer

import (
	"bytes"
	"fmt"
	"strings"
)

// option is a key of an INI file and its value.
type option struct {
	section string
	key     string // in lower case
	value   string // lines joined by "\n"
	line    int
}

func (o option) place() string { return "[" + o.section + "] " + o.key }

// parseINI reads as Python's configparser does without interpolation
// (https://docs.python.org/3/library/configparser.html#supported-ini-file-structure):
// lines that are indented deeper than their key go on with its value, comments
// are lines of their own. Sections and keys may be there twice.
func parseINI(text []byte) ([]option, error) {
	var all []option
	var parts []string // of the value of the last option
	section, hasSection, open := "", false, false
	indent := 0
	end := func() {
		if open {
			all[len(all)-1].value = strings.TrimRight(strings.Join(parts, "\n"), " \t\n")
		}
		open = false
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		word := string(bytes.TrimSpace(line))
		if word == "" {
			if open {
				parts = append(parts, "")
			}
			continue
		}
		if word[0] == '#' || word[0] == ';' {
			continue
		}
		depth := len(line) - len(bytes.TrimLeft(line, " \t\f\v"))
		if open && depth > indent {
			parts = append(parts, word)
			continue
		}
		end()
		indent = depth
		if word[0] == '[' {
			last := strings.LastIndexByte(word, ']')
			if last < 2 {
				return nil, fmt.Errorf("line %d: a section without its name", n)
			}
			if section, hasSection = word[1:last], true; len(section) > maxKey {
				return nil, tooLong(n)
			}
			continue
		}
		i := strings.IndexAny(word, "=:")
		if !hasSection || i < 0 || strings.TrimSpace(word[:i]) == "" {
			return nil, fmt.Errorf("line %d: neither [SECTION] nor KEY = VALUE in a section", n)
		}
		if len(all) == MaxItems {
			return nil, fmt.Errorf("%w: more than %d keys", ErrTooLarge, MaxItems)
		}
		all = append(all, option{section, strings.ToLower(strings.TrimSpace(word[:i])), "", n})
		parts, open = []string{strings.TrimSpace(word[i+1:])}, true
	}
	end()
	return all, nil
}

// options calls each for every key of an INI file.
func (f *file) options(each func(option) error) error {
	all, err := parseINI(f.text)
	if err != nil {
		return err
	}
	for _, o := range all {
		if err := each(o); err != nil {
			return err
		}
	}
	return nil
}
