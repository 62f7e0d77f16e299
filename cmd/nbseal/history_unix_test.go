//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// place is a home, and a repository in it.
type place struct {
	t         *testing.T
	home, dir string
}

func newPlace(t *testing.T) *place {
	p := &place{t: t, home: t.TempDir()}
	p.dir = filepath.Join(p.home, "repo")
	config := "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
	if err := os.WriteFile(filepath.Join(p.home, ".gitconfig"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run(0, "git", "init", "-q", p.dir)
	return p
}

// run runs a command in the repository, which must end with the code.
func (p *place) run(code int, args ...string) string {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), args[0], args[1:]...)
	cmd.Env = []string{"HOME=" + p.home, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1"}
	if _, err := os.Stat(p.dir); err == nil {
		cmd.Dir = p.dir
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	out, _ := cmd.Output()
	if cmd.ProcessState.ExitCode() != code {
		p.t.Fatalf("%q: exit code %d, want %d\n%s", args, cmd.ProcessState.ExitCode(), code, said.String())
	}
	return string(out)
}

// fill makes commits, each with one file.
func (p *place) fill(commits int, file func(n int) (name, content string)) {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), "git", "-C", p.dir, "fast-import", "--quiet")
	in, err := cmd.StdinPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	w := bufio.NewWriter(in)
	for n := range commits {
		name, content := file(n)
		fmt.Fprintf(w, "commit refs/heads/main\ncommitter Ada <ada@example.org> %d +0000\ndata 1\nx\nM 100644 inline %s\ndata %d\n%s\n",
			1_700_000_000+n, name, len(content), content)
	}
	if err := w.Flush(); err != nil && err != io.ErrClosedPipe {
		p.t.Error(err)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		p.t.Fatalf("git fast-import: %v\n%s", err, said.String())
	}
}

// page is a notebook of one cell.
func page(source, output string) string {
	return fmt.Sprintf("{\n \"cells\": [\n  {\"cell_type\": \"code\", \"execution_count\": 1, \"metadata\": {}, \"source\": [%q],\n"+
		"   \"outputs\": [{\"output_type\": \"stream\", \"name\": \"stdout\", \"text\": [%q]}]}\n ],\n \"metadata\": {}, \"nbformat\": 4, \"nbformat_minor\": 4\n}\n", source, output)
}

// summary is the end of a report in JSON.
type summary struct {
	Complete  bool `json:"complete"`
	Commits   int  `json:"commits"`
	Files     int  `json:"files"`
	Notebooks int  `json:"notebooks"`
	Findings  int  `json:"findings"`
	Unread    int  `json:"unread"`
}

func lastLine(t *testing.T, jsonl []byte) (s summary, lines int) {
	t.Helper()
	all := bytes.Split(bytes.TrimSpace(jsonl), []byte("\n"))
	for _, line := range all {
		if !json.Valid(line) {
			t.Fatalf("a line of the report is no JSON")
		}
	}
	if err := json.Unmarshal(all[len(all)-1], &s); err != nil {
		t.Fatal(err)
	}
	return s, len(all)
}

// TestInterruptedHistory: Ctrl-C in a long scan gives what was found until then,
// and says that this is not all.
func TestInterruptedHistory(t *testing.T) {
	nbseal, p := build(t), newPlace(t)
	token := credentials()["HF"]
	log := strings.Repeat("key = value of the next token; password_policy(author, access)\n", 1000)
	p.fill(3000, func(n int) (string, string) {
		return "nb.ipynb", page("hf_token = '"+token+"'", fmt.Sprint(n, "\n", log))
	})
	report := filepath.Join(p.home, "reports", "out.jsonl")
	if err := os.Mkdir(filepath.Dir(report), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{}, {"--format", "jsonl", "--output", report}} {
		x := onTerminal(t, nbseal, p.home, append([]string{"scan", "--history", p.dir, "--jobs", "1"}, args...)...)
		x.expect(" of 3000 versions, ")
		x.expect(" MB, about ")
		x.expect("s left")
		x.typed("\x03")
		if code := x.wait(); code != 2 || !strings.Contains(x.seen, "interrupted; the report is incomplete") || strings.Contains(x.seen, token) {
			t.Fatalf("exit code %d, seen %q", code, x.seen)
		}
		if len(args) == 0 {
			_, end, _ := strings.Cut(x.seen, "^C")
			if !strings.Contains(end, "nb.ipynb") || !strings.Contains(end, "incomplete") {
				t.Errorf("after Ctrl-C: %q", end)
			}
			continue
		}
		b, err := os.ReadFile(report)
		if err != nil {
			t.Fatal(err)
		}
		if s, lines := lastLine(t, b); s.Complete || s.Findings != 1 || lines != 2 || s.Files == 0 || s.Files >= 3000 {
			t.Errorf("%d lines, %+v", lines, s)
		}
		if list, err := os.ReadDir(filepath.Dir(report)); err != nil || len(list) != 1 {
			t.Errorf("beside the report: %v %v", list, err)
		}
	}
}

// TestManyNotebooks: 3,000 of them, and as many commits, take seconds.
func TestManyNotebooks(t *testing.T) {
	const many = 3000
	nbseal, p := build(t), newPlace(t)
	name := func(n int) string { return fmt.Sprintf("%02d/nb%04d.ipynb", n%30, n) }
	p.fill(many, func(n int) (string, string) {
		source := fmt.Sprint("plot(", n, ")")
		if n%100 == 50 {
			source = "hf_token = 'hf_" + random(letters[:52], 34) + "'"
		}
		return name(n), page(source, fmt.Sprint(n, " rows\n"))
	})
	p.run(0, "git", "reset", "-q", "--hard")
	p.run(0, nbseal, "install")
	token := credentials()["HF2"]
	for n := range many {
		if err := os.WriteFile(filepath.Join(p.dir, name(n)), []byte(page("!env", fmt.Sprint(n, " HF_TOKEN=", token, "\n"))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	took := func(what string) {
		t.Logf("%s: %v", what, time.Since(start).Round(time.Millisecond))
		if time.Since(start) > time.Minute {
			t.Errorf("%s took %v", what, time.Since(start))
		}
		start = time.Now()
	}
	p.run(0, "git", "add", "-A")
	took("git add")
	if s, _ := lastLine(t, []byte(p.run(0, nbseal, "scan", "--staged", "--format", "jsonl"))); !s.Complete || s.Notebooks != many {
		t.Errorf("staged: %+v", s)
	}
	took("scan --staged")
	p.run(0, "git", "commit", "-q", "-m", "run again")
	took("git commit")
	if out := p.run(0, "git", "status", "--short"); out != "" {
		t.Errorf("git status: %.200s", out)
	}
	took("git status")
	out := p.run(1, nbseal, "scan", "--history", "--format", "jsonl")
	took("scan --history")
	s, lines := lastLine(t, []byte(out))
	want := summary{Complete: true, Commits: many + 1, Files: 2*many + 1, Notebooks: 2 * many, Findings: many / 100}
	if s != want || lines != many/100+1 || strings.Count(out, `"in_head":false`) != many/100 {
		t.Errorf("%d lines, %+v; want %+v", lines, s, want)
	}
}
