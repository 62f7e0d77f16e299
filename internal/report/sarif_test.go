package report_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/xeipuuv/gojsonschema"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/report"
)

// validate checks a log against the schema of OASIS, which go-sarif holds.
func validate(t *testing.T, log string) {
	t.Helper()
	result, err := gojsonschema.Validate(gojsonschema.NewStringLoader(schema(t)), gojsonschema.NewStringLoader(log))
	if err != nil {
		t.Fatalf("%v in\n%s", err, log)
	}
	for _, e := range result.Errors() {
		t.Errorf("against the schema: %s", e)
	}
	// A second opinion: no key that the types of another implementation lack.
	d := json.NewDecoder(strings.NewReader(log))
	d.DisallowUnknownFields()
	if err := d.Decode(new(sarif.Report)); err != nil {
		t.Errorf("go-sarif: %v", err)
	}
}

// schema takes the constant of that name out of go-sarif's source: the package
// does not export it, and applies it to its own types only.
func schema(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif").Output()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(string(bytes.TrimSpace(out)), "schema.go")
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && v.Names[0].Name == "schema" {
			text, err = strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		}
		return true
	})
	if err != nil || !strings.Contains(text, "SARIF") {
		t.Fatalf("no schema in %s: %v", path, err)
	}
	return text
}

func TestSARIFIsValid(t *testing.T) {
	validate(t, write(t, "sarif", options()))
	opt := options()
	opt.ShowSecrets = true
	validate(t, write(t, "sarif", opt))
}

// TestSARIFSchemaBites gives the schema a log that is none.
func TestSARIFSchemaBites(t *testing.T) {
	log := strings.Replace(write(t, "sarif", options()), `"startLine":`, `"startLine":-`, 1)
	result, err := gojsonschema.Validate(gojsonschema.NewStringLoader(schema(t)), gojsonschema.NewStringLoader(log))
	if err != nil || result.Valid() {
		t.Errorf("a line below 0 is valid: %v", err)
	}
}

// TestSARIF checks what the schema does not know: that what refers to something
// finds it.
func TestSARIF(t *testing.T) {
	log, err := sarif.FromString(write(t, "sarif", options()))
	if err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	findings, unread, _ := stream()
	for _, r := range risks() {
		findings = append(findings, finding.Finding{Rule: r.Rule, Location: r.Location})
	}
	prints := map[any]bool{}
	if len(run.Results) != len(findings) {
		t.Fatalf("%d results", len(run.Results))
	}
	rules := run.Tool.Driver.Rules
	for i, r := range run.Results {
		f := findings[i]
		prints[r.PartialFingerprints["nbsealFingerprint/v1"]] = true
		if *rules[r.RuleIndex].ID != f.Rule || *r.RuleID != f.Rule {
			t.Errorf("result %d refers to rule %s", i, *rules[r.RuleIndex].ID)
		}
		at := r.Locations[0].PhysicalLocation
		if uri := *run.Artifacts[at.ArtifactLocation.Index].Location.URI; uri != *at.ArtifactLocation.URI {
			t.Errorf("result %d refers to artifact %s", i, uri)
		}
		u, err := url.Parse(*at.ArtifactLocation.URI)
		if err != nil || u.Scheme != "" || u.Path != f.Location.Path {
			t.Errorf("result %d is in %q: %v", i, *at.ArtifactLocation.URI, err)
		}
		if exact := at.Region.StartColumn != nil && *at.Region.StartColumn > 0; exact != (f.Location.Place == nil) {
			t.Errorf("result %d has a column: %v", i, exact)
		}
		if has := len(r.Locations[0].LogicalLocations) == 1; has != (f.Location.Place != nil) {
			t.Errorf("result %d names a cell: %v", i, has)
		}
	}
	if len(prints) != len(findings) {
		t.Errorf("%d fingerprints", len(prints))
	}
	if ok := run.Invocations[0].ExecutionSuccessful; ok == nil || *ok {
		t.Error("an incomplete scan counts as successful")
	}
	if n := len(run.Invocations[0].ToolExecutionNotifications); n != len(unread) {
		t.Errorf("%d notifications", n)
	}
	if level := rules[0].DefaultConfiguration.Level; level != "error" {
		t.Errorf("the rule of a high and a low finding is %v", level)
	}
}

func TestSARIFPaths(t *testing.T) {
	abs := filepath.Join(t.TempDir(), "a b#1?.ipynb")
	wantAbs := (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(abs), "/")}).String()
	for path, want := range map[string]string{
		abs: wantAbs, "-": "-", "./x": "x", ".//x": "x", ".": ".", "../up/x": "../up/x", "C:x": "C%3Ax", "ü/\u00a0": "%C3%BC/%C2%A0",
	} {
		var b bytes.Buffer
		h, err := report.New("sarif", &b, report.Options{})
		if err != nil {
			t.Fatal(err)
		}
		f := sample()
		f.Location.Path = path
		if err := h.Finding(f, "0"); err != nil {
			t.Fatal(err)
		}
		if err := h.Summary(finding.Summary{Findings: 1, Complete: true}); err != nil {
			t.Fatal(err)
		}
		validate(t, b.String())
		log, err := sarif.FromString(b.String())
		if err != nil {
			t.Fatal(err)
		}
		at := log.Runs[0].Results[0].Locations[0].PhysicalLocation.ArtifactLocation
		relative := path != abs && path != "-"
		if got := *at.URI; got != want || (at.URIBaseID != nil) != relative {
			t.Errorf("%q is %q, want %q; with a base: %v", path, got, want, at.URIBaseID != nil)
		}
	}
}

// TestLinks has only addresses of the web become links.
func TestLinks(t *testing.T) {
	for _, format := range []string{"sarif", "html", "github"} {
		out := write(t, format, report.Options{})
		if strings.Contains(out, "javascript:") {
			t.Errorf("%s holds an address that runs a program", format)
		}
		if !strings.Contains(out, "https://console.example/keys?a=1") {
			t.Errorf("%s does not say where to revoke", format)
		}
	}
}
