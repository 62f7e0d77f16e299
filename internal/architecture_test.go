// Package internal_test holds the rules that no single package can hold: who
// may import whom, and what may be linked into the program.
package internal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/deps.txt anew")

const module = "github.com/nbseal/nbseal"

// layers says what each room is for; a room is a folder of internal with what
// is below it. A room imports only rooms of lower layers.
var layers = [][]struct{ room, why string }{
	0: { // words: the types that everybody speaks
		{"secret", "a value that cannot be printed by accident"},
		{"finding", "what a scan answers, without plaintext"},
		{"edit", "byte-range edits over an immutable source"},
		{"atomicfile", "private, durable writes"},
		{"hardening", "what a process does to keep its memory to itself"},
		{"keyring", "texts in the keyring of the user's session"},
	},
	1: { // formats: bytes to meaning and back
		{"notebook", ".ipynb to units of text mapped to bytes"},
		{"manifest", "nbseal.toml"},
		{"store", "a directory of age files"},
		{"pysource", "Python source, lexed"},
		{"fernet", "Fernet tokens, for interchange only"},
		{"trust", "which manifests a person has allowed more"},
	},
	2: { // engines: work on what formats give
		{"detect", "text to matches"},
		{"ruleset", "rules of users, read and matched"},
		{"risk", "code that will leak when it runs"},
		{"redact", "known values out of streams"},
		{"provider", "references to values, one package for each kind of source"},
		{"report", "findings to formats for people and programs"},
		{"baseline", "findings that were accepted, under a key"},
		{"gitx", "runs git and reads its answers"},
		{"gitfilter", "git's long-running filter protocol"},
	},
	3: { // answers: one question each, from many engines
		{"scan", "files to findings"},
		{"trail", "who changed a secret, by git"},
		{"resolve", "names to secrets, by manifest and policy"},
		{"agent", "holds an unlocked identity for a while"},
	},
	4: { // journeys: what a person sets out to do
		{"fix", "moves credentials from a notebook to the store"},
		{"run", "a command with secrets in its environment"},
		{"clean", "credentials out of notebooks on their way into git"},
		{"transfer", "secrets from and to the files of other tools"},
		{"guard", "installs and checks what keeps a repository clean"},
	},
	5: { // edge: the only room that knows of flags, terminals and exit codes
		{"cli", "commands, hints, exit codes"},
	},
}

// exceptions are the imports within a layer, each with its reason.
var exceptions = []struct{ from, to, why string }{
	{"finding", "secret", "a finding carries what it found"},
	{"keyring", "secret", "what a keyring holds is secret"},
}

// streams are the files outside of cli that may name the process's own standard
// streams, each with its reason. They still do not print.
var streams = []struct{ file, why string }{
	{"run/monitor_unix.go", "the monitor is a process of its own, whose terminal it hands on to the command"},
}

// testOnly rooms are imported by tests alone.
var testOnly = []string{"leaktest"}

// forbidden imports of single rooms, and of all but some.
var forbidden = []struct {
	path   string   // and everything below it
	except []string // rooms that may
	only   []string // if set, the rule is for these rooms
	why    string
}{
	{path: "flag", except: []string{"cli"}, why: "only cli reads the command line"},
	{path: "github.com/spf13/cobra", except: []string{"cli"}, why: "only cli reads the command line"},
	{path: "github.com/spf13/pflag", except: []string{"cli"}, why: "only cli reads the command line"},
	{path: "log", why: "it prints where nobody asked; loggers are passed in (log/slog)"},
	{path: "os", only: []string{"notebook", "pysource", "detect", "redact", "finding", "edit", "secret"}, why: "it works on bytes that it is given"},
	{path: "net", only: []string{"notebook", "pysource", "manifest", "detect", "redact", "finding", "edit", "secret"}, why: "it reaches nobody"},
	{path: "math/rand", why: "what nbseal draws at random must not be guessed: crypto/rand"},
}

// unlinked must not be in cmd/nbseal, directly or through others.
var unlinked = []struct{ path, why string }{
	{"net/http", "this program reaches no server; git starts it, so it starts in milliseconds"},
	{"github.com/aws", "vendors' SDKs live in nbseal-cloud"},
	{"cloud.google.com/go", "vendors' SDKs live in nbseal-cloud"},
	{"github.com/Azure", "vendors' SDKs live in nbseal-cloud"},
	{"github.com/IBM", "vendors' SDKs live in nbseal-cloud"},
	{"github.com/hashicorp", "vendors' SDKs live in nbseal-cloud"},
	{"google.golang.org", "vendors' SDKs live in nbseal-cloud"},
	{"testing", "tests stay in tests"},
	{"github.com/rogpeppe/go-internal/testscript", "tests stay in tests"},
	{"plugin", "code is not loaded at run time"},
	{"net/http/pprof", "memory holds secrets"},
	{"expvar", "memory holds secrets"},
	{"runtime/cgo", "the program is static"},
}

// systems are those that the program is built for.
var systems = []string{"linux", "darwin", "windows"}

// pkg is what go list tells of a package.
type pkg struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Standard   bool
	Module     *struct {
		Path, Version string
		Main          bool
	}
}

// room is the folder of internal that the package is in, "" if it is outside.
func (p pkg) room() string { return roomOf(p.ImportPath) }

func roomOf(path string) string {
	rest, ok := strings.CutPrefix(path, module+"/internal/")
	if !ok {
		return ""
	}
	room, _, _ := strings.Cut(rest, "/")
	return room
}

// list runs go list for one system.
func list(t *testing.T, goos string, args ...string) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Dir,GoFiles,Imports,Standard,Module"}, args...)...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, &complaint)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func layerOf(room string) (int, bool) {
	for n, layer := range layers {
		for _, r := range layer {
			if r.room == room {
				return n, true
			}
		}
	}
	return 0, false
}

func TestImportsGoDown(t *testing.T) {
	for _, goos := range systems {
		all := list(t, goos, "./...")
		if len(all) < 10 {
			t.Fatalf("%s: only %d packages", goos, len(all))
		}
		for _, p := range all {
			for _, problem := range badImports(p) {
				t.Errorf("%s: %s", goos, problem)
			}
		}
	}
}

// badImports lists what is wrong with the imports of p between rooms.
func badImports(p pkg) []string {
	var problems []string
	from, inTable := layerOf(p.room())
	if p.room() != "" && !inTable && !slices.Contains(testOnly, p.room()) {
		return []string{fmt.Sprintf("package %s is in no layer: add its room to the table, with what it is for", p.ImportPath)}
	}
	for _, path := range p.Imports {
		room := roomOf(path)
		if room == "" || room == p.room() {
			continue
		}
		to, _ := layerOf(room)
		excepted := false
		for _, e := range exceptions {
			excepted = excepted || e.from == p.room() && e.to == room
		}
		switch {
		case slices.Contains(testOnly, room):
			problems = append(problems, fmt.Sprintf("%s imports %s, which is for tests", p.ImportPath, path))
		case inTable && to >= from && !excepted:
			problems = append(problems, fmt.Sprintf("%s (layer %d) imports %s (layer %d): imports go to a lower layer; declare an interface and let cli wire it",
				p.ImportPath, from, path, to))
		}
	}
	return problems
}

func TestForbiddenImports(t *testing.T) {
	for _, goos := range systems {
		for _, p := range list(t, goos, "./internal/...") {
			if slices.Contains(testOnly, p.room()) {
				continue
			}
			for _, rule := range forbidden {
				if slices.Contains(rule.except, p.room()) || rule.only != nil && !slices.Contains(rule.only, p.room()) {
					continue
				}
				for _, path := range p.Imports {
					// log/slog is another thing than log, os/exec is not less than os.
					if path == rule.path || strings.HasPrefix(path, rule.path+"/") && path != "log/slog" {
						t.Errorf("%s: %s imports %s: %s", goos, p.ImportPath, path, rule.why)
					}
				}
			}
		}
	}
}

// TestOnlyCliPrints looks for what no import shows: the process's own outputs
// and its end, and functions that run before main.
func TestOnlyCliPrints(t *testing.T) {
	files := 0
	for _, goos := range systems {
		for _, p := range list(t, goos, "./internal/...") {
			if slices.Contains(testOnly, p.room()) {
				continue
			}
			for _, name := range p.GoFiles {
				files++
				for _, problem := range uses(t, filepath.Join(p.Dir, name), p.room() == "cli") {
					t.Errorf("%s: %s", goos, problem)
				}
			}
		}
	}
	if files < 30 {
		t.Errorf("only %d files were read", files)
	}
}

// uses lists what a file does that it must not.
func uses(t *testing.T, path string, isCli bool) []string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var problems []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil {
				problems = append(problems, fmt.Sprintf("%s: func init: what runs before main cannot be told what to do", fset.Position(n.Pos())))
			}
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			if !ok || isCli {
				return true
			}
			switch name := pkg.Name + "." + n.Sel.Name; name {
			case "os.Stdout", "os.Stderr", "os.Stdin":
				if !mayNameStreams(path) {
					problems = append(problems, fmt.Sprintf("%s: %s: only cli has the standard streams; take them as parameters", fset.Position(n.Pos()), name))
				}
			case "os.Exit", "os.Args", "fmt.Print", "fmt.Println", "fmt.Printf":
				problems = append(problems, fmt.Sprintf("%s: %s: only cli reads, prints and exits", fset.Position(n.Pos()), name))
			}
		}
		return true
	})
	return problems
}

func mayNameStreams(path string) bool {
	for _, s := range streams {
		if strings.HasSuffix(filepath.ToSlash(path), "/internal/"+s.file) {
			return true
		}
	}
	return false
}

func TestLinked(t *testing.T) {
	modules := map[string]bool{}
	for _, goos := range systems {
		all := list(t, goos, "-deps", "./cmd/nbseal")
		for _, p := range all {
			for _, rule := range unlinked {
				if p.ImportPath == rule.path || strings.HasPrefix(p.ImportPath, rule.path+"/") {
					t.Errorf("%s: cmd/nbseal links %s, by way of %v: %s", goos, p.ImportPath, importers(all, p.ImportPath), rule.why)
				}
			}
			if p.Module != nil && !p.Module.Main {
				modules[p.Module.Path+" "+p.Module.Version] = true
			}
		}
	}

	var got []string
	for m := range modules {
		got = append(got, m)
	}
	slices.Sort(got)
	const path = "../docs/deps.txt"
	text := strings.Join(got, "\n") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("docs/deps.txt is not what is linked into cmd/nbseal; after a look at what changed, go test ./internal -update\nlisted:\n%slinked:\n%s", want, text)
	}
}

// importers lists who imports path.
func importers(all []pkg, path string) []string {
	var names []string
	for _, p := range all {
		if slices.Contains(p.Imports, path) {
			names = append(names, p.ImportPath)
		}
	}
	return names
}

// TestRulesBite gives the rules a package that breaks them.
func TestRulesBite(t *testing.T) {
	internal := func(room string) string { return module + "/internal/" + room }
	for _, test := range []struct {
		p    pkg
		want int
	}{
		{pkg{ImportPath: internal("scan"), Imports: []string{internal("cli"), internal("detect")}}, 1},
		{pkg{ImportPath: internal("detect"), Imports: []string{internal("redact")}}, 1},
		{pkg{ImportPath: internal("store/name"), Imports: []string{internal("store"), internal("secret")}}, 0},
		{pkg{ImportPath: internal("cli"), Imports: []string{internal("leaktest")}}, 1},
		{pkg{ImportPath: internal("newcomer")}, 1},
		{pkg{ImportPath: module + "/cmd/nbseal", Imports: []string{internal("leaktest"), internal("cli")}}, 1},
	} {
		if got := badImports(test.p); len(got) != test.want {
			t.Errorf("%s: %d problems, want %d: %q", test.p.ImportPath, len(got), test.want, got)
		}
	}

	path := filepath.Join(t.TempDir(), "f.go")
	if err := os.WriteFile(path, []byte("package p\nimport \"os\"\nfunc init() { os.Exit(1) }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := uses(t, path, false); len(got) != 2 {
		t.Errorf("a file with two faults has %q", got)
	}
}
