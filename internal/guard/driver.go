package guard

import (
	"bytes"
	"context"
	"strings"
)

// setting is one key of git's configuration.
type setting struct{ section, name, value string }

// settings are the driver: https://git-scm.com/docs/gitattributes#_filter. git
// from 2.11 on runs process, one for all files of a command; an older one runs
// clean. smudge is there because a required filter must have both ways.
//
// diff.nbseal.cachetextconv stays off: its cache would keep, in
// refs/notes/textconv/nbseal, what an older nbseal did not yet mask.
func (p program) settings() []setting {
	return []setting{
		// git expands % in this one.
		{"filter", "clean", strings.ReplaceAll(p.word, "%", "%%") + " clean --path %f"},
		{"filter", "process", p.word + " filter-process"},
		{"filter", "smudge", "cat"},
		{"filter", "required", "true"},
		{"diff", "textconv", p.word + " textconv"},
	}
}

// block is the settings as lines of a configuration file.
func (p program) block() string {
	var b strings.Builder
	section := ""
	for _, s := range p.settings() {
		if s.section != section {
			section = s.section
			b.WriteString("[" + section + ` "` + FilterName + "\"]\n")
		}
		b.WriteString("\t" + s.name + " = " + configValue(s.value) + "\n")
	}
	return b.String()
}

// configValue quotes a value as git-config's syntax wants it.
func configValue(v string) string {
	if !strings.ContainsAny(v, "\"\\#;'") && strings.TrimSpace(v) == v {
		return v
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
}

// guardConfig adds the driver to a configuration file, at its end, where it
// has the last word.
func (t *target) guardConfig(ctx context.Context, text []byte, recorded bool) (after []byte, hunks []hunk, err error) {
	if !recorded && text != nil {
		ok, err := t.configured(ctx, "--file", t.config)
		if ok || err != nil {
			return text, nil, err
		}
	}
	// A last line with a backslash at its end would go on in ours.
	at := len(text)
	lines := t.program.block()
	if bytes.HasSuffix(bytes.TrimRight(text, "\r\n"), []byte(`\`)) {
		lines = "\n" + lines
	}
	after, h := insert(text, at, lines)
	return after, []hunk{h}, nil
}

// configured reports whether all settings are as they should be, where the
// options make git look.
func (t *target) configured(ctx context.Context, options ...string) (bool, error) {
	have := map[string]map[string]string{}
	for _, section := range []string{"filter", "diff"} {
		values, err := t.git.ConfigSection(ctx, section+"."+FilterName, options...)
		if err != nil {
			return false, err
		}
		have[section] = values
	}
	for _, s := range t.program.settings() {
		if have[s.section][s.name] != s.value {
			return false, nil
		}
	}
	return true, nil
}
