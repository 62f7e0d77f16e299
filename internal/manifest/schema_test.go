package manifest_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/xeipuuv/gojsonschema"

	"github.com/nbseal/nbseal/internal/manifest"
)

const schemaPath = "../../docs/spec/nbseal.schema.json"

func schema(t testing.TB) *gojsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(schemaPath)
	if err != nil {
		t.Fatal(err)
	}
	s, err := gojsonschema.NewSchema(gojsonschema.NewBytesLoader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// complaints are what the schema has against a document, which must be TOML.
func complaints(t testing.TB, s *gojsonschema.Schema, text string) []gojsonschema.ResultError {
	t.Helper()
	document := map[string]any{}
	if err := toml.Unmarshal([]byte(strings.TrimPrefix(text, "\ufeff")), &document); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	result, err := s.Validate(gojsonschema.NewGoLoader(document))
	if err != nil {
		t.Fatal(err)
	}
	return result.Errors()
}

// Every manifest that is shown in the documentation is one, to the parser and to
// the schema.
func TestDocumentedManifests(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*/*.md")
	if err != nil || len(pages) < 8 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	more, err := filepath.Glob("../../*.md")
	if err != nil {
		t.Fatal(err)
	}
	s, found := schema(t), 0
	for _, page := range append(pages, more...) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range regexp.MustCompile("(?ms)^```toml\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
			if !regexp.MustCompile(`(?m)^\[(secrets|notebooks|clean|policy)`).MatchString(block[1]) {
				continue // rules, of another file
			}
			found++
			if _, err := manifest.Parse([]byte(block[1]), page); err != nil {
				t.Error(err)
			}
			for _, c := range complaints(t, s, block[1]) {
				t.Errorf("%s: %v", page, c)
			}
		}
	}
	if found < 5 {
		t.Errorf("only %d manifests were found", found)
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := schema(t)
	for _, text := range []string{
		"x = 1", "secrets = 1", "[secrets]\nA = 1", "[secrets]\nA = 'value'", "[secrets]\nA = 'http://x'", "[secrets]\n1a = 'env://A'", "[secrets]\nA = {}",
		"[secrets]\nA = { from = 'value' }", "[secrets]\nA = 'env://a-b'", "[secrets]\nA = 'nbseal://../x'", "[secrets]\nA = 'json://'", "[secrets]\nA = 'json://x#'",
		"[secrets]\nA = 'netrc://h#x'", "[secrets]\nA = 'keyring://x'", "[secrets]\nA = 'exec://'", "[secrets]\nA = 'fernet://x#y'", "[secrets]\nA = { from = 'exec://' }",
		"[secrets]\nA = { from = 'fernet://x' }", "[secrets]\nA = { from = 'env://A', key = 'env://B' }", "[secrets]\nA = { from = 'fernet://x', key = 'fernet://y' }",
		"[secrets]\nA = { from = 'fernet://x', key = 'exec://' }", "[secrets]\nA = { from = 'exec://a', command = ['b'] }", "[secrets]\nA = { from = 'env://A', output = 'all' }",
		"[secrets]\nA = { from = 'exec://a', output = 'some' }", "[secrets]\nA = { from = 'env://A', type = 'x' }", "[secrets]\nA = { from = 'env://A', min_length = -1 }",
		"[secrets]\nA = { from = 'env://A', field = 'a', fields = ['b'] }", "[secrets]\nA = { from = 'env://A', fields = ['b', 'b'] }", "[secrets]\nA = { from = 'env://A', x = 1 }",
		"[policy]\ndefault = 'x'", "[policy]\nx = 'deny'", "[notebooks.x]", "[notebooks.x]\nallow = 'A'", "[notebooks.'/x']\nallow = []", "[notebooks.x]\nallow = ['1']",
		"[clean]\noutputs = 'x'", "[clean]\nstrip-ids = 1", "[clean]\nx = 1", "[clean.'a/*']\nx = 1", "[clean]\nmax-output = -1",
	} {
		if len(complaints(t, s, text)) == 0 {
			t.Errorf("the schema takes %q", text)
		}
		if _, err := manifest.Parse([]byte(text), "f"); err == nil {
			t.Errorf("nbseal takes %q", text)
		}
	}
}

// The words of the schema are those of the parser.
func TestSchemaHasTheParsersWords(t *testing.T) {
	text, err := os.ReadFile(schemaPath)
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Enum       []string          `json:"enum"`
		Pattern    string            `json:"pattern"`
		Properties map[string]object `json:"properties"`
	}
	var s struct {
		Properties  map[string]object `json:"properties"`
		Definitions map[string]object `json:"definitions"`
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	same := func(what string, got, want []string) {
		t.Helper()
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s of the schema: %q, of the parser: %q", what, got, want)
		}
	}
	secret := s.Definitions["secret"].Properties
	same("keys of a secret", slices.Collect(maps.Keys(secret)), manifest.SecretKeys())
	same("types", secret["type"].Enum, manifest.Types())
	same("outputs", secret["output"].Enum, manifest.Outputs())
	same("keys", slices.Collect(maps.Keys(s.Properties)), []string{"secrets", "notebooks", "policy", "clean"})
	var schemes []string
	for _, group := range regexp.MustCompile(`[(|]([a-z|-]+)\)?://`).FindAllStringSubmatch(s.Definitions["reference"].Pattern, -1) {
		schemes = append(schemes, strings.Split(group[1], "|")...)
	}
	same("schemes", schemes, manifest.Schemes())
	settings := s.Definitions["clean"].Properties
	same("settings of [clean]", slices.Collect(maps.Keys(settings)), slices.Collect(maps.Keys(manifest.CleanKeys())))
	same("settings of [clean] itself", slices.Collect(maps.Keys(s.Properties["clean"].Properties)), slices.Collect(maps.Keys(settings)))
	for name, kind := range manifest.CleanKeys() {
		if !reflect.DeepEqual(settings[name].Enum, kind.Words) {
			t.Errorf("%s is one of %q to the schema, of %q to the parser", name, settings[name].Enum, kind.Words)
		}
	}
}

// FuzzSchema: the schema takes whatever the parser takes.
func FuzzSchema(f *testing.F) {
	s := schema(f)
	f.Add(example)
	for _, text := range []string{
		"[secrets]\nA = { from = 'exec:// ', command = ['x'] }", "[secrets]\nA = 'aws-ssm://#'", "[secrets]\nA = 'json:///a b#/x'", "[secrets]\nA = { from = 'env://A', fields = [] }",
		"[notebooks.'{a,b}/**']\nallow = []", "[clean]\nlike = 'nb-clean'\n[clean.'x']\nkeep-keys = ['metadata.x']", "[policy]", "[secrets]\nA = 'prompt://'", "[secrets]\nA = 'vault://x'",
		"[secrets]\nA = { from = 'env://A', min_length = 0, max_length = 0 }", "[secrets]\nA = 'keyring://a//b'", "[secrets]\nA = { from = 'exec://', command = ['x'], output = 'line' }",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := manifest.Parse([]byte(text), "f"); err != nil {
			return
		}
		for _, c := range complaints(t, s, text) {
			t.Errorf("%v in %q", c, text)
		}
	})
}
