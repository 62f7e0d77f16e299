package leaktest_test

import (
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/leaktest"
)

const nbsealPackage = "github.com/nbseal/nbseal/cmd/nbseal"

// secretNames are the names that the scenarios keep their canaries under.
var secretNames = map[string]leaktest.Shape{
	"PLAIN":   leaktest.Plain,
	"AWKWARD": leaktest.Awkward,
	"SEVERAL": leaktest.Lines,
}

// scenario is a box with a store that holds a canary of each shape.
type scenario struct {
	*leaktest.Box
	t      *testing.T
	nbseal string
	values map[string]string // by name
}

func newScenario(t *testing.T) *scenario {
	t.Helper()
	b := leaktest.New(t)
	s := &scenario{b, t, b.Build(nbsealPackage), map[string]string{}}
	s.run(leaktest.Cmd{Args: []string{"init"}})
	for name, shape := range secretNames {
		// No newline at the end, which a value on standard input may lose.
		s.values[name] = strings.TrimSuffix(b.Canary(name, shape), "\n")
		s.run(leaktest.Cmd{Args: []string{"set", name}, Stdin: s.values[name]})
	}
	return s
}

// run runs nbseal, which must exit 0.
func (s *scenario) run(c leaktest.Cmd) leaktest.Result {
	s.t.Helper()
	verb := c.Args[0]
	c.Args = append([]string{s.nbseal}, c.Args...)
	c.Env = append(c.Env, "NBSEAL_IDENTITY_FILE="+s.Root()+"/home/identity.txt")
	res := s.Run(c)
	if res.Code != 0 {
		// Standard error may hold no canary; Check will tell if it does.
		s.t.Fatalf("nbseal %s: exit code %d", verb, res.Code)
	}
	return res
}

func TestStoreLeavesNothing(t *testing.T) {
	s := newScenario(t)
	for name := range secretNames {
		if list := s.run(leaktest.Cmd{Args: []string{"list"}}); !strings.Contains(string(list.Stdout), name) {
			t.Errorf("%s is not in the list", name)
		}
		s.run(leaktest.Cmd{Args: []string{"rm", name}})
	}
}

func TestGetAnswersItsClientAlone(t *testing.T) {
	s := newScenario(t)
	res := s.run(leaktest.Cmd{
		Args:  []string{"get", "--batch"},
		Stdin: `{"v":1,"names":["PLAIN","AWKWARD"]}`,
		Shows: []string{"PLAIN", "AWKWARD"},
	})
	var answer struct{ Values map[string]string }
	if err := json.Unmarshal(res.Stdout, &answer); err != nil {
		t.Fatal("the answer is no JSON object") // the error would quote it
	}
	for _, name := range []string{"PLAIN", "AWKWARD"} {
		if got, err := base64.StdEncoding.DecodeString(answer.Values[name]); err != nil || string(got) != s.values[name] {
			t.Errorf("get answers with another value for %s", name)
		}
	}
}

func TestRunTellsTheCommandAlone(t *testing.T) {
	s := newScenario(t)
	s.AllowEnv("sh")
	s.AllowPipe("sh") // what it prints goes to nbseal, which redacts it
	res := s.run(leaktest.Cmd{Args: []string{
		"run", "--secret", "PLAIN", "--secret", "AWKWARD", "--secret", "SEVERAL", "--",
		"sh", "-c", `printf '%s\n' "$PLAIN" "$AWKWARD" "$SEVERAL"; echo "error: $SEVERAL" >&2`,
	}})
	for name := range secretNames {
		if !strings.Contains(string(res.Stdout), "[nbseal:"+name+"]") {
			t.Errorf("no marker for %s in the output", name)
		}
	}
}

func TestScanAndFixLeaveNothing(t *testing.T) {
	s := newScenario(t)
	password := s.Canary("password", leaktest.Plain)
	cell, err := json.Marshal([]string{"import db\n", `db_password = "` + password + `"`, "\n", "db.connect(db_password)\n"})
	if err != nil {
		t.Fatal(err)
	}
	s.Write("nb.ipynb", `{
 "cells": [
  {"cell_type": "code", "execution_count": 1, "id": "a", "metadata": {},
   "outputs": [{"name": "stdout", "output_type": "stream", "text": ["connected with `+password+`\n"]}],
   "source": `+string(cell)+`}
 ],
 "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5
}
`)
	for _, format := range []string{"text", "json", "jsonl"} {
		res := s.Run(leaktest.Cmd{Args: []string{s.nbseal, "scan", "--format", format, "nb.ipynb"}})
		if res.Code != 1 {
			t.Errorf("scan --format %s: exit code %d, want 1", format, res.Code)
		}
	}
	s.run(leaktest.Cmd{Args: []string{"fix", "nb.ipynb"}})
	if res := s.Run(leaktest.Cmd{Args: []string{s.nbseal, "scan", "nb.ipynb"}}); res.Code != 0 {
		t.Errorf("scan after fix: exit code %d, want 0", res.Code)
	}
}

// TestFailuresLeaveNothing: errors quote places, never values.
func TestFailuresLeaveNothing(t *testing.T) {
	s := newScenario(t)
	password := s.Canary("password", leaktest.Plain)
	s.Write("cut.ipynb", `{"cells": [{"cell_type": "code", "source": "db_password = '`+password+`'", "outputs": [`)
	s.AllowFile("cut.ipynb", "password")
	for _, c := range []leaktest.Cmd{
		{Args: []string{"scan", "cut.ipynb", "missing.ipynb"}},
		{Args: []string{"scan", "--format", "json", "--output", "report.json", "."}},
		{Args: []string{"fix", "cut.ipynb"}},
		{Args: []string{"set", "bad name"}, Stdin: s.values["AWKWARD"]},
		{Args: []string{"set", "NAME", "and", "more"}, Stdin: s.values["PLAIN"]},
		{Args: []string{"get", "--batch"}, Stdin: `{"v":1,"names":["not a name ` + s.values["PLAIN"] + `"]}`},
		{Args: []string{"get", "--batch"}, Stdin: s.values["AWKWARD"]},
		{Args: []string{"run", "--secret", "PATH=PLAIN", "--", "true"}},
	} {
		c.Env = []string{"NBSEAL_IDENTITY_FILE=" + s.Root() + "/home/identity.txt"}
		verb := c.Args[0]
		c.Args = append([]string{s.nbseal}, c.Args...)
		if res := s.Run(c); res.Code != 2 {
			t.Errorf("nbseal %s: exit code %d, want 2", verb, res.Code)
		}
	}
}

// TestFixTreatsTheCheckpoint: Jupyter's own copy is not forgotten.
func TestFixTreatsTheCheckpoint(t *testing.T) {
	s := newScenario(t)
	password := s.Canary("password", leaktest.Plain)
	nb := `{"cells": [{"cell_type": "code", "source": "db_password = '` + password + `'", "metadata": {}, "outputs": []}], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}`
	s.Write("nb.ipynb", nb)
	s.Write(".ipynb_checkpoints/nb-checkpoint.ipynb", nb)
	s.Run(leaktest.Cmd{
		Args: []string{s.nbseal, "fix", "--dry-run", "nb.ipynb"},
		Env:  []string{"NBSEAL_IDENTITY_FILE=" + s.Root() + "/home/identity.txt"},
	})
	s.run(leaktest.Cmd{Args: []string{"fix", "nb.ipynb"}})
}

// TestPythonGetsTheValueAlone: over a pipe, and nowhere else.
func TestPythonGetsTheValueAlone(t *testing.T) {
	s := newScenario(t)
	src, err := filepath.Abs(filepath.Join("..", "..", "python", "src"))
	if err != nil {
		t.Fatal(err)
	}
	s.AllowPipe("nbseal")
	res := s.Run(leaktest.Cmd{
		Args: []string{"/usr/bin/python3", "-c", `
import nbseal
values = [nbseal.get(name) for name in ("PLAIN", "AWKWARD", "SEVERAL")]
assert all(len(v) >= 48 for v in values)
print(values, repr(values[1]))
with nbseal.env(TOKEN="AWKWARD") as e:
    print(e)
try:
    raise ValueError(values)
except ValueError as error:
    print(error)
`},
		Env: []string{
			"PYTHONPATH=" + src, "PYTHONDONTWRITEBYTECODE=1", "NBSEAL_BINARY=" + s.nbseal,
			"NBSEAL_IDENTITY_FILE=" + s.Root() + "/home/identity.txt",
		},
	})
	if res.Code != 0 || !strings.Contains(string(res.Stdout), "<nbseal.Secret AWKWARD>") {
		t.Errorf("exit code %d", res.Code)
	}
}
