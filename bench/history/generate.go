package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"strings"
)

// notebook is one that is worked on: each version has one cell's source and output
// changed or, when it is run again as a whole, all outputs and counts.
type notebook struct {
	sources, outputs []string
	images           [][]byte
}

const (
	notebooks = 20
	cells     = 30
	imageSize = 20_000 // bytes before base64, in each fifth cell
)

// generate makes a repository of so many commits, each with a new version of one
// of 20 notebooks of 30 cells, six of them with an image. Every hundredth version
// holds a token, made up and drawn at random, until the next one of that notebook.
func generate(ctx context.Context, dir string, commits int, whole bool) error {
	if out, err := exec.CommandContext(ctx, "git", "init", "-q", "--bare", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("git init: %w: %s", err, out)
	}
	cmd := exec.CommandContext(ctx, "git", "-C", dir, "fast-import", "--quiet")
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(1, 2))
	books := make([]notebook, notebooks)
	for i := range books {
		for range cells {
			books[i].sources = append(books[i].sources, words(r, 40))
			books[i].outputs = append(books[i].outputs, words(r, 80))
			books[i].images = append(books[i].images, image(r))
		}
	}
	w := bufio.NewWriter(in)
	for n := range commits {
		b := &books[n%notebooks]
		at := r.IntN(cells)
		b.sources[at], b.outputs[at] = words(r, 40), words(r, 80)
		if at%5 == 0 {
			b.images[at] = image(r)
		}
		for i := 0; whole && i < cells; i++ {
			b.outputs[i], b.images[i] = words(r, 80), image(r)
		}
		token := ""
		if n%100 == 50 {
			token = "hf_token = '" + "hf_" + letters(r, 34) + "'\n"
		}
		count := 1
		if whole {
			count = n
		}
		if err := b.commit(w, n, count, token); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("git fast-import: %w", err)
	}
	// As git gc packs loose objects; without -f it would not look for deltas among
	// what fast-import has packed.
	return exec.CommandContext(ctx, "git", "-C", dir, "repack", "-adfq").Run()
}

func (b *notebook) commit(w io.Writer, n, count int, token string) error {
	var list []any
	for i := range b.sources {
		outputs := []any{map[string]any{"output_type": "stream", "name": "stdout", "text": strings.SplitAfter(b.outputs[i], "\n")}}
		if i%5 == 0 {
			outputs = append(outputs, map[string]any{"output_type": "display_data", "metadata": map[string]any{}, "data": map[string]any{"image/png": base64.StdEncoding.EncodeToString(b.images[i])}})
		}
		source := b.sources[i]
		if i == 0 {
			source = token + source
		}
		list = append(list, map[string]any{"cell_type": "code", "execution_count": count, "metadata": map[string]any{}, "source": strings.SplitAfter(source, "\n"), "outputs": outputs})
	}
	src, err := json.MarshalIndent(map[string]any{"cells": list, "metadata": map[string]any{}, "nbformat": 4, "nbformat_minor": 4}, "", " ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "commit refs/heads/main\ncommitter A <a@example.org> %d +0000\ndata 1\nx\nM 100644 inline nb%d.ipynb\ndata %d\n%s\n", 1_700_000_000+n, n%notebooks, len(src), src)
	return err
}

func letters(r *rand.Rand, n int) string {
	const all = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	b := make([]byte, n)
	for i := range b {
		b[i] = all[r.IntN(len(all))]
	}
	return string(b)
}

func words(r *rand.Rand, n int) string {
	list := []string{"frame", "model", "=", "fit(", ")", "the", "mean", "of", "column", "0.25", "import", "plot", "loss", "epoch", "key", "for"}
	var b strings.Builder
	for i := range n {
		b.WriteString(list[r.IntN(len(list))])
		b.WriteByte(" \n"[boolIndex(i%8 == 7)])
	}
	return b.String()
}

func boolIndex(b bool) int {
	if b {
		return 1
	}
	return 0
}

func image(r *rand.Rand) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	for len(b) < imageSize {
		b = append(b, byte(r.Uint32()))
	}
	return b
}
