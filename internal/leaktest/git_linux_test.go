package leaktest_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/leaktest"
)

// guarded is a box with a repository that nbseal guards.
type guarded struct {
	*leaktest.Box
	t      *testing.T
	nbseal string
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	b := leaktest.New(t)
	g := &guarded{b, t, b.Build(nbsealPackage)}
	// What git reads, it hands to the filter, and to whoever asks for a blob.
	g.AllowPipe("git")
	g.Write("../home/.gitconfig", "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n")
	g.git(0, "init", "-q")
	g.git(0, "init", "-q", "--bare", "../remote.git")
	g.git(0, "remote", "add", "origin", "../remote.git")
	g.run(0, "install")
	g.git(0, "add", ".gitattributes")
	g.git(0, "commit", "-q", "-m", "guard")
	return g
}

// ends runs a program to its end, which must have the exit code. Standard
// error may hold no canary; Check tells if it does.
func (g *guarded) ends(code int, args ...string) string {
	g.t.Helper()
	res := g.Run(leaktest.Cmd{Args: args})
	if res.Code != code {
		g.t.Fatalf("%s: exit code %d, want %d", strings.Join(args[1:], " "), res.Code, code)
	}
	return string(res.Stdout)
}

func (g *guarded) git(code int, args ...string) string {
	g.t.Helper()
	return g.ends(code, append([]string{"git"}, args...)...)
}

func (g *guarded) run(code int, args ...string) string {
	g.t.Helper()
	return g.ends(code, append([]string{g.nbseal}, args...)...)
}

// shows is for what must be seen in an output, so that the absence of canaries
// in it is not that of everything.
func (g *guarded) shows(output, want string) {
	g.t.Helper()
	if !strings.Contains(output, want) {
		g.t.Errorf("an output lacks %q", want)
	}
}

// notebookWith returns a notebook of one cell. Values are JSON already.
func notebookWith(t *testing.T, source string, metadata map[string]any, outputs ...any) string {
	t.Helper()
	b, err := json.MarshalIndent(map[string]any{
		"cells": []any{map[string]any{
			"cell_type": "code", "execution_count": 1, "metadata": metadata,
			"outputs": outputs, "source": strings.SplitAfter(source, "\n"),
		}},
		"metadata": map[string]any{}, "nbformat": 4, "nbformat_minor": 4,
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}

func stream(text string) any {
	return map[string]any{"output_type": "stream", "name": "stdout", "text": []string{text}}
}

// TestGitStoresNothing: whatever git does with a notebook whose outputs and
// metadata hold credentials, they stay in the file that the user has.
func TestGitStoresNothing(t *testing.T) {
	g := newGuarded(t)
	printed, table := g.Canary("printed", leaktest.Plain), g.Canary("table", leaktest.Plain)
	parameter, trace := g.Canary("parameter", leaktest.Plain), g.Canary("trace", leaktest.Plain)
	write := func(source string) {
		g.Write("nb.ipynb", notebookWith(t, source,
			map[string]any{"papermill": map[string]any{"parameters": map[string]any{"db_password": parameter}}},
			stream("DB_PASSWORD="+printed+"\n"),
			map[string]any{"output_type": "display_data", "metadata": map[string]any{}, "data": map[string]any{
				"text/html": []string{"<table><tr><td>api_key</td><td>api_key = &quot;" + table + "&quot;</td></tr></table>"}}},
			map[string]any{"output_type": "error", "ename": "ValueError", "evalue": "db_password='" + trace + "'",
				"traceback": []string{"\x1b[0;31mValueError\x1b[0m: db_password='" + trace + "'"}},
		))
	}
	write("!env | sort")
	g.shows(g.git(0, "status", "--short"), "?? nb.ipynb")
	g.git(0, "add", "nb.ipynb")
	g.shows(g.run(0, "scan", "--staged"), "no credentials")
	g.git(0, "commit", "-q", "-m", "a notebook")
	g.shows(g.git(0, "show", "--no-textconv", "HEAD:nb.ipynb"), "DB_PASSWORD=[nbseal:")

	write("!env | sort -r")
	g.shows(g.git(0, "diff"), "+!env | sort -r")
	g.git(0, "stash")
	g.shows(g.git(0, "diff", "HEAD", "stash@{0}"), "+!env | sort -r")
	g.shows(g.git(0, "stash", "show", "-p"), `"!env | sort -r`) // git shows it without textconv
	g.git(0, "stash", "pop")
	write("!env")
	g.git(0, "commit", "-q", "-a", "-m", "another")
	g.shows(g.git(0, "log", "-p"), "+!env")
	g.git(0, "checkout", "-q", "-b", "side", "HEAD~1")
	write("!printenv")
	g.git(0, "commit", "-q", "-a", "-m", "aside")
	g.git(1, "merge", "main") // it stops at the cell that both changed
	g.git(0, "merge", "--abort")
	g.git(0, "push", "-q", "origin", "main", "side")
	g.run(0, "scan", "--history", "--reflog", "--state", "../state/nbseal.json")

	write("!env | grep DB")
	g.shows(g.run(0, "clean", "nb.ipynb"), "DB_PASSWORD=[nbseal:")
	g.shows(g.run(0, "textconv", "nb.ipynb"), "DB_PASSWORD=[nbseal:")
	g.run(1, "clean", "--check", "nb.ipynb")
	g.run(0, "clean", "--write", "nb.ipynb")
	g.git(0, "add", "nb.ipynb")
	g.git(0, "gc", "-q")
	g.run(0, "uninstall")
}

// TestRefusedByGit: what was refused is in the user's file and nowhere else; git
// and nbseal say where it stands, not what it is.
func TestRefusedByGit(t *testing.T) {
	g := newGuarded(t)
	source := g.Canary("source", leaktest.Plain)
	g.Write("nb.ipynb", notebookWith(t, "1 + 1", map[string]any{}))
	g.git(0, "add", "nb.ipynb")
	g.git(0, "commit", "-q", "-m", "clean")

	g.AllowFile("nb.ipynb", "source")
	g.AllowFile("fresh.ipynb", "source")
	broken := notebookWith(t, "db_password = '"+source+"'", map[string]any{}, stream("db_password = '"+source+"'\n"))
	g.Write("fresh.ipynb", broken)
	g.git(128, "add", "fresh.ipynb")
	g.Write("nb.ipynb", broken)
	g.git(128, "add", "nb.ipynb")
	g.git(128, "commit", "-q", "-a", "-m", "refused")
	g.git(1, "stash") // it would take the file away
	g.shows(g.git(0, "log", "--format=%s"), "clean")
	g.run(1, "clean", "nb.ipynb")
	// A notebook that is cut off is refused as it is.
	g.Write("nb.ipynb", broken[:len(broken)*2/3])
	g.git(128, "add", "nb.ipynb")
	g.run(0, "scan", "--staged")
}

// TestLeakedIntoHistory: the filter is for notebooks, so a script's credential
// is in git's objects once it was added, and there alone. The commit is refused;
// after one that nobody asked, so is the push, and reports do not quote it.
func TestLeakedIntoHistory(t *testing.T) {
	g := newGuarded(t)
	script := g.Canary("script", leaktest.Plain)
	g.Write("load.py", "db_password = '"+script+"'\n")
	g.AllowFile(".git/objects", "script")
	g.git(0, "add", "load.py")
	g.shows(g.run(1, "scan", "--staged"), "load.py")
	g.git(1, "commit", "-q", "-m", "refused")
	g.git(0, "commit", "-q", "--no-verify", "-m", "leak")
	g.Write("load.py", "import os\n")
	g.git(0, "commit", "-q", "-a", "-m", "gone")

	for _, format := range []string{"text", "json", "jsonl", "sarif", "html", "github"} {
		report := "../report." + format
		g.run(1, "scan", "--history", "--format", format, "--output", report)
		if b, err := os.ReadFile(g.Path(report)); err != nil || !strings.Contains(string(b), "load.py") {
			t.Errorf("the report %s does not name the file (%v)", format, err)
		}
	}
	g.run(1, "scan", "--history", "--state", "../state/nbseal.json")
	g.run(1, "scan", "--history", "--state", "../state/nbseal.json")
	g.run(0, "scan", "--history", "--write-baseline", "../baseline.json")
	g.git(1, "push", "-q", "origin", "main") // the other repository is searched, too
	g.AllowFile("../private", "script")      // where nbseal was told to write them
	g.Write("../private/empty", "")
	g.run(1, "scan", "--history", "--write-replacements", "../private/expressions.txt")
	if info, err := os.Stat(g.Path("../private/expressions.txt")); err != nil || info.Mode() != 0o600 {
		t.Errorf("what holds the credentials in plain text is not private: %v", err)
	}
	// Once git has dropped its objects, nothing of nbseal's brings it back.
	g.git(0, "reset", "-q", "--hard", "HEAD~2")
	g.git(0, "reflog", "expire", "--expire=now", "--all")
	g.git(0, "gc", "-q", "--prune=now")
	if list := g.git(0, "cat-file", "--batch-all-objects", "--batch"); strings.Contains(list, script) {
		t.Error("git still has it: nothing is proved")
	}
	g.run(0, "scan", "--history", "--reflog", "--state", "../state/nbseal.json")
}
