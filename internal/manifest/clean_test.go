package manifest_test

import (
	"fmt"
	"testing"

	"github.com/nbseal/nbseal/internal/manifest"
)

const cleanExample = `[clean]
strip-counts = true
outputs = "strip" # a comment
like = "nbstripout"
strip-keys = ["metadata.kernelspec", "cell.metadata.x"]
max-output = 2_000

[clean."reports/**/*.ipynb"]
outputs = "redact"
[clean."a.ipynb"]
outputs = "keep"
drop-tagged-cells = []
`

func TestClean(t *testing.T) {
	m := parse(t, cleanExample)
	for notebook, want := range map[string]string{
		"x.ipynb":           "[{like nbstripout} {max-output 2000} {outputs strip} {strip-counts true} {strip-keys [metadata.kernelspec cell.metadata.x]}]",
		"reports/a/b.ipynb": "[{like nbstripout} {max-output 2000} {outputs strip} {strip-counts true} {strip-keys [metadata.kernelspec cell.metadata.x]} {outputs redact}]",
		"a.ipynb":           "[{like nbstripout} {max-output 2000} {outputs strip} {strip-counts true} {strip-keys [metadata.kernelspec cell.metadata.x]} {drop-tagged-cells []} {outputs keep}]",
	} {
		if got := fmt.Sprint(m.Clean(notebook)); got != want {
			t.Errorf("%s: %s", notebook, got)
		}
	}
	// Sections hold in the order of the file.
	m = parse(t, "[clean.\"b/*\"]\noutputs = \"keep\"\n[clean.\"**\"]\noutputs = \"strip\"\n")
	if got := fmt.Sprint(m.Clean("b/x")); got != "[{outputs keep} {outputs strip}]" {
		t.Error(got)
	}
	for _, text := range []string{"clean.outputs = \"keep\"", "clean = { outputs = \"keep\" }", "[clean]\n\"**\".outputs = \"keep\"", "[clean]\n\"**\" = { outputs = \"keep\" }"} {
		if got := fmt.Sprint(parse(t, text).Clean("a")); got != "[{outputs keep}]" {
			t.Errorf("%s: %s", text, got)
		}
	}
	if got := parse(t, "").Clean("a"); len(got) > 0 {
		t.Error(got)
	}
}

func TestCleanErrors(t *testing.T) {
	for text, want := range map[string]string{
		"clean = 1":                                        "1:1: expected a table",
		"[[clean]]":                                        "1:3: a table in double brackets has no place here",
		"[clean]\noutput = \"strip\"":                      "2:1: unknown setting; a section for some notebooks is [clean.\"PATTERN\"]",
		"[clean]\n outputs = \"none\"":                     `2:2: expected "redact" or "keep" or "strip"`,
		"[clean]\noutputs = true":                          `2:1: expected "redact" or "keep" or "strip"`,
		"[clean]\nstrip-ids = \"yes\"":                     "2:1: expected true or false",
		"[clean]\nmax-output = \"10k\"":                    "2:1: expected a whole number",
		"[clean]\nmax-output = -1":                         "2:1: expected a number from 0 to 1073741824",
		"[clean]\nstrip-keys = \"a\"":                      "2:1: expected an array of strings",
		"[clean]\nstrip-keys = [\"a\"]":                    `2:1: expected keys such as "metadata.widgets" and "cell.metadata.collapsed"`,
		"[clean]\nkeep-keys = [\"cell.source\"]":           `2:1: expected keys such as "metadata.widgets" and "cell.metadata.collapsed"`,
		"[clean]\ndrop-tagged-cells = [\"\"]":              "2:1: an empty string says nothing",
		"[clean.outputs]\nx = 1":                           "1:8: this is a setting, not a pattern of paths",
		"[clean.\"/a\"]\noutputs = \"keep\"":               "1:8: not a pattern of paths relative to the manifest",
		"[clean.\"a/*\"]\noutputs = \"x\"":                 `2:1: expected "redact" or "keep" or "strip"`,
		"[clean.\"a/*\"]\n\nx = 1":                         "3:1: unknown setting",
		"[clean.\"a/*\".b]\noutputs = \"keep\"":            "1:14: unknown setting",
		"[clean.\"a/*\"]\nOutputs = \"keep\"":              "2:1: unknown setting",
		"[clean]\noutputs = \"keep\"\noutputs = \"strip\"": "3:1: this key or table is there already",
	} {
		_, err := manifest.Parse([]byte(text), "n.toml")
		if err == nil || err.Error() != "n.toml:"+want {
			t.Errorf("%q: %v, wanted %s", text, err, want)
		}
	}
}
