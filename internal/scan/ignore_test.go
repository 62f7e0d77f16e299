package scan_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/scan"
)

func TestIgnoreComments(t *testing.T) {
	for _, test := range []struct {
		src  string // TOKEN stands for a token
		want bool   // it is left alone
	}{
		{"x = 'TOKEN'", false},
		{"x = 'TOKEN'  # nbseal:ignore", true},
		{"x = 'TOKEN'  # NBSEAL:IGNORE", false},
		{"x = 'TOKEN'  # nbseal:ignored", false},
		{"x = 'TOKEN'  # notnbseal:ignore", false},
		{"x = 'TOKEN'  # nbseal:ignore-file", false},
		{"x = 'TOKEN'  # nbseal:ignore huggingface-token", true},
		{"x = 'TOKEN'  # nbseal:ignore generic-password, huggingface-token -- it was revoked", true},
		{"x = 'TOKEN'  # nbseal:ignore -- it was revoked", true},
		{"x = 'TOKEN'  # nbseal:ignore (revoked)", true},
		{"x = 'TOKEN'  # nbseal:ignore generic-password", false},
		{"x = 'TOKEN'  # nbseal:ignore revoked long ago", false},
		{"<!-- nbseal:ignore huggingface-token--> TOKEN", true},
		{"<!-- nbseal:ignore --> TOKEN", true},
		{"x = 'TOKEN'  # gitleaks:allow", true},
		{"x = 'TOKEN'  # gitleaks:allowed", false},
		{"x = 'TOKEN'  # pragma: allowlist secret", true},
		{"x = 'TOKEN'  # pragma:allowlist secret", true},
		{"x = 'TOKEN'  # pragma: whitelist-secret", true},
		{"x = 'TOKEN'  # pragma: no cover", false},
		{"# pragma: allowlist secret\nx = 'TOKEN'", false},
		{"# pragma: allowlist nextline secret\nx = 'TOKEN'", true},
		{"# pragma: allowlist nextline secret\r\nx = 'TOKEN'\r\n", true},
		{"# pragma: allowlist nextline secret\n# gitleaks:allow\nx = 'TOKEN'", false},
		{"# pragma: allowlist nextline secret\n# pragma: allowlist nextline secret\nx = 'TOKEN'", true},
		{"# pragma: allowlist nextline secret\n\nx = 'TOKEN'", false},
		{"x = 'TOKEN'  # pragma: allowlist nextline secret", false},
		{"# gitleaks:allow\nx = 'TOKEN'\n# gitleaks:allow", false},
	} {
		src := strings.ReplaceAll(test.src, "TOKEN", token(1))
		for _, form := range []struct {
			name    string
			content []byte
		}{{"a.ipynb", notebook(t, "a = 1\n", src)}, {"a.py", []byte(src)}, {"b.py", []byte("# %%\n" + src)}, {"a.txt", []byte(src + "\n")}} {
			dir := t.TempDir()
			write(t, dir, form.name, form.content)
			r, s := paths(t, scan.Options{}, dir)
			if len(r.lines) != s.Findings || s.Findings+s.Suppressed != 1 || test.want != (s.Suppressed == 1) {
				t.Errorf("%s %q: %d findings, %d suppressed", form.name, test.src, s.Findings, s.Suppressed)
			}
		}
	}
}

// TestIgnoreNotInOutputs: what a program prints, metadata, and what is left of a
// damaged notebook silence nothing.
func TestIgnoreNotInOutputs(t *testing.T) {
	text := "hf_token = '" + token(1) + "' # gitleaks:allow nbseal:ignore"
	nb, err := json.Marshal(map[string]any{
		"cells": []any{map[string]any{"cell_type": "code", "source": "x", "metadata": map[string]any{"note": text}, "outputs": []any{
			map[string]any{"output_type": "stream", "name": "stdout", "text": text},
		}}}, "metadata": map[string]any{}, "nbformat": 4,
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "a.ipynb", nb)
	write(t, dir, "b.ipynb", nb[:len(nb)-2])
	if _, s := paths(t, scan.Options{}, dir); s.Findings != 4 || s.Suppressed != 0 {
		t.Errorf("summary %+v", s)
	}
}

// TestIgnoreKeepsFingerprints: a finding's fingerprint is the same whether its
// neighbours are silent or not.
func TestIgnoreKeepsFingerprints(t *testing.T) {
	prints := func(comment string) []string {
		dir := t.TempDir()
		write(t, dir, "a.py", fmt.Appendf(nil, "x('%s') %s\nx('%s')\n", token(1), comment, token(2)))
		t.Chdir(dir)
		k := new(keeper)
		if _, err := scan.Paths(t.Context(), []string{"."}, scan.Options{}, k); err != nil {
			t.Fatal(err)
		}
		return k.fingerprints
	}
	all, some := prints(""), prints("# nbseal:ignore")
	if len(all) != 2 || len(some) != 1 || all[1] != some[0] {
		t.Errorf("%v, then %v", all, some)
	}
}

type keeper struct{ fingerprints []string }

func (k *keeper) Finding(_ finding.Finding, fingerprint string) error {
	k.fingerprints = append(k.fingerprints, fingerprint)
	return nil
}

func (k *keeper) Risk(finding.Risk) error     { return nil }
func (k *keeper) Unread(finding.Unread) error { return nil }

// TestIgnoreLinear: one long line with many credentials and many comments.
func TestIgnoreLinear(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "pragma: nbseal:ignore a%d b c %s ", i, token(uint64(i)))
	}
	write(t, dir, "a.py", []byte(b.String()))
	write(t, dir, "b.py", []byte("x = '"+token(1)+"'"+strings.Repeat(" pragma:", 200_000)))
	write(t, dir, "c.py", []byte("x = '"+token(1)+"'"+strings.Repeat("\npragma: allowlist nextline secret", 100_000)))
	start := time.Now()
	if _, s := paths(t, scan.Options{}, dir); s.Findings != 3002 {
		t.Errorf("summary %+v", s)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestGitleaksIgnore(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.py", []byte("\nhf_token = '"+token(1)+"'\nother = '"+token(2)+"'\n"))
	write(t, dir, "sub/a.py", []byte("hf_token = '"+token(3)+"'\n"))
	write(t, dir, "sub/b.py", []byte("hf_token = '"+token(4)+"'\nother = '"+token(5)+"'\n"))
	write(t, dir, ".gitleaksignore", []byte("# accepted\r\n\r\na.py:huggingface-access-token:2\r\n"+
		"a.py:github-pat:3\nsub\\a.py:huggingface-token:1\n./sub/b.py:huggingface-token:1\n"+
		strings.Repeat("0a", 20)+":sub/b.py:huggingface-token:2\nnonsense\nsub/b.py:huggingface-token:two\n"))
	want := []string{"a.py:3:10 huggingface-token", "sub/b.py:2:10 huggingface-token"}
	r, s := paths(t, scan.Options{}, dir)
	r.want(t, dir, want...)
	if s.Suppressed != 3 || !s.Complete {
		t.Errorf("summary %+v", s)
	}
	// From inside, and by the names of files, as hooks do.
	t.Chdir(dir)
	for _, list := range [][]string{{"."}, {"a.py", filepath.Join("sub", "a.py"), filepath.Join("sub", "b.py")}, {"a.py", "sub"}} {
		r, s := paths(t, scan.Options{}, list...)
		r.want(t, "nothing", want...)
		if s.Suppressed != 3 {
			t.Errorf("%v: summary %+v", list, s)
		}
	}
	// A list that cannot be read silences nothing and is reported.
	other := t.TempDir()
	write(t, other, ".gitleaksignore/x", nil)
	if _, s := paths(t, scan.Options{}, other); s.Complete || s.Unread != 1 {
		t.Errorf("summary %+v", s)
	}
}

func TestTextNotebooks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.py", []byte("# %% [markdown]\n# T\n# %%\nx = 1\nhf_token = '"+token(1)+"'\n"))
	write(t, dir, "b.qmd", []byte("---\nparams:\n  hf_token: "+token(2)+"\n---\n\n```{r}\nx <- '"+token(3)+"'\n```\n"))
	write(t, dir, "c.sql", []byte("-- Databricks notebook source\n-- MAGIC %python\n-- MAGIC hf_token = '"+token(4)+"'\n"))
	write(t, dir, "d.py", []byte("hf_token = '"+token(5)+"'\n"))
	r, s := paths(t, scan.Options{}, dir)
	r.want(t, dir,
		"a.py:2:13 cell 2 source huggingface-token",
		"b.qmd:3:13 cell 0 metadata huggingface-token",
		"b.qmd:1:7 cell 1 source huggingface-token",
		"c.sql:2:13 cell 1 source huggingface-token",
		"d.py:1:13 huggingface-token",
	)
	if s.Notebooks != 3 || s.Files != 4 {
		t.Errorf("summary %+v", s)
	}
}
