package manifest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Setting is one line of [clean] or of one of its sections. The value is a bool,
// a string, an int or a []string, as [CleanKeys] says.
type Setting struct {
	Key   string
	Value any
}

// CleanKind is what kind of value a key of [clean] has.
type CleanKind struct {
	Zero  any      // a value of its kind
	Words []string // for a string: those that it may be
}

// CleanKeys are the keys of [clean]; docs/spec/clean.md says what each means.
func CleanKeys() map[string]CleanKind {
	flag, list := CleanKind{Zero: false}, CleanKind{Zero: []string(nil)}
	return map[string]CleanKind{
		"like":                    {"", []string{"nbstripout", "nb-clean"}},
		"outputs":                 {"", []string{"redact", "keep", "strip"}},
		"source":                  {"", []string{"block", "redact"}},
		"max-output":              {Zero: 0},
		"keep-output-types":       list,
		"drop-output-types":       list,
		"strip-counts":            flag,
		"strip-ids":               flag,
		"strip-keys":              list,
		"keep-keys":               list,
		"strip-cell-metadata":     flag,
		"keep-cell-metadata":      list,
		"strip-notebook-metadata": flag,
		"drop-empty-cells":        flag,
		"drop-tagged-cells":       list,
		"strip-init-cells":        flag,
	}
}

// cleanSection is [clean] itself, without a pattern, or [clean."PATTERN"].
type cleanSection struct {
	pattern  string
	settings []Setting
}

// Clean returns the settings that hold for a notebook, in the order in which
// they are to be applied: those of [clean], then those of each section whose
// pattern matches, in the order of the file. The notebook is a clean path
// relative to the manifest's directory, with slashes; patterns are those of
// [Manifest.Denied].
func (m *Manifest) Clean(notebook string) []Setting {
	var out []Setting
	for _, s := range m.clean {
		if s.pattern == "" || matches(s.pattern, notebook, foldCase) {
			out = append(out, s.settings...)
		}
	}
	return out
}

// checkCleanKind is checkKind for what is below [clean].
func checkCleanKind(k key) error {
	kind, known := CleanKeys()[k.path[len(k.path)-1]]
	switch {
	case len(k.path) > 3:
		return errors.New("unknown key")
	case len(k.path) == 2 && (k.kind == unstable.Table || k.kind == unstable.InlineTable):
		if known {
			return errors.New("this is a setting, not a pattern of paths")
		}
		return nil
	case !known && len(k.path) == 2:
		return errors.New("unknown setting; a section for some notebooks is [clean.\"PATTERN\"]")
	case !known:
		return errors.New("unknown setting")
	}
	switch kind.Zero.(type) {
	case bool:
		if k.kind != unstable.Bool {
			return errors.New("expected true or false")
		}
	case int:
		if k.kind != unstable.Integer {
			return errors.New("expected a whole number")
		}
	case string:
		if k.kind != unstable.String {
			return fmt.Errorf("expected %s", words(kind.Words))
		}
	default:
		if !k.strings {
			return errors.New("expected an array of strings")
		}
	}
	return nil
}

func words(list []string) string {
	quoted := make([]string, len(list))
	for i, w := range list {
		quoted[i] = `"` + w + `"`
	}
	return strings.Join(quoted, " or ")
}

// maxOutput bounds the setting max-output.
const maxOutput = 1 << 30

// checkCleanKey is checkKey for what is below [clean]; the kinds are right.
func checkCleanKey(k key, clean map[string]any) error {
	if len(k.path) < 2 {
		return nil
	}
	kind, known := CleanKeys()[k.path[len(k.path)-1]]
	if !known {
		if !validPattern(k.path[1]) {
			return errors.New("not a pattern of paths relative to the manifest")
		}
		return nil
	}
	value := clean[k.path[1]]
	if section, ok := value.(map[string]any); ok {
		value = section[k.path[2]]
	}
	switch v := value.(type) {
	case string:
		if !slices.Contains(kind.Words, v) {
			return fmt.Errorf("expected %s", words(kind.Words))
		}
	case int64:
		if v < 0 || v > maxOutput {
			return fmt.Errorf("expected a number from 0 to %d", maxOutput)
		}
	case []any:
		return checkCleanList(k.path[len(k.path)-1], texts(v))
	}
	return nil
}

func checkCleanList(name string, list []string) error {
	for _, s := range list {
		if s == "" {
			return errors.New("an empty string says nothing")
		}
		if strings.HasSuffix(name, "-keys") && !IsStripKey(s) {
			return errors.New(`expected keys such as "metadata.widgets" and "cell.metadata.collapsed"`)
		}
	}
	return nil
}

// IsStripKey reports whether s names a key that can be taken out of a notebook
// without breaking it: of the notebook's metadata, or of a cell's metadata or
// attachments.
func IsStripKey(s string) bool {
	for _, above := range []string{"metadata.", "cell.metadata.", "cell.attachments."} {
		if rest, ok := strings.CutPrefix(s, above); ok && rest != "" {
			return true
		}
	}
	return false
}

func texts(list []any) []string {
	out := make([]string, 0, len(list))
	for _, e := range list {
		s, _ := e.(string) // checked before
		out = append(out, s)
	}
	return out
}

// cleanSections puts what was decoded into the order of the document.
func cleanSections(keys []key, clean map[string]any) []cleanSection {
	own := cleanSection{settings: settings(clean)}
	list := []cleanSection{own}
	for _, k := range keys {
		if len(k.path) < 2 || k.path[0] != "clean" {
			continue
		}
		section, ok := clean[k.path[1]].(map[string]any)
		if ok && !slices.ContainsFunc(list, func(s cleanSection) bool { return s.pattern == k.path[1] }) {
			list = append(list, cleanSection{k.path[1], settings(section)})
		}
	}
	return list
}

// settings lists the settings of a section, "like" first: the others change it.
func settings(section map[string]any) []Setting {
	var list []Setting
	for _, name := range slices.SortedFunc(maps.Keys(section), func(a, b string) int {
		if (a == "like") != (b == "like") {
			if a == "like" {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	}) {
		switch v := section[name].(type) {
		case bool, string:
			list = append(list, Setting{name, v})
		case int64:
			list = append(list, Setting{name, int(v)})
		case []any:
			list = append(list, Setting{name, texts(v)})
		}
	}
	return list
}
