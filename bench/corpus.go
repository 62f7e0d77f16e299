// Package bench measures nbseal against the floor: reading the same bytes.
//
//	make bench
//
// The notebooks are generated, in three mixtures: "images", where base64 is
// most of the bytes as in public notebooks with outputs, "text", where logs and
// tables are, and "sources", without any output. Figures are CPU time of one
// worker; each benchmark measures its floor in the same run and reports the
// ratio, because absolute times say more about the machine.
package bench

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Mixtures are the kinds of notebooks that Write knows.
var Mixtures = []string{"images", "text", "sources"}

var vocabulary = strings.Fields(`the model data train test accuracy loss epoch batch column frame index plot figure axis
label value mean variance sample random seed import from return for in if else lambda self print range len list dict
token tokens attention hidden layer optimizer gradient learning_rate key keys secret_santa password_policy access author
numpy pandas torch sklearn matplotlib x y z df np pd plt fit predict transform score matrix vector tensor float int`)

func words(r *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(" =.(_,:"[r.IntN(7)])
		}
		b.WriteString(vocabulary[r.IntN(len(vocabulary))])
		if r.IntN(6) == 0 {
			fmt.Fprintf(&b, " %.4f", r.Float64())
		}
	}
	return b.String()
}

func lines(r *rand.Rand, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = words(r, 4+r.IntN(10)) + "\n"
	}
	return out
}

func image(r *rand.Rand, size int) string {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return base64.StdEncoding.EncodeToString(append([]byte("\x89PNG\r\n\x1a\n"), b...))
}

func cell(r *rand.Rand, mixture string) map[string]any {
	if r.IntN(4) == 0 {
		return map[string]any{"cell_type": "markdown", "metadata": map[string]any{}, "source": lines(r, 1+r.IntN(8))}
	}
	outputs := []any{}
	switch mixture {
	case "images":
		if r.IntN(2) == 0 {
			outputs = append(outputs, map[string]any{"output_type": "display_data", "metadata": map[string]any{},
				"data": map[string]any{"image/png": image(r, 5000+r.IntN(40000)), "text/plain": []string{"<Figure size 640x480 with 1 Axes>"}}})
		}
		fallthrough
	case "text":
		if r.IntN(2) == 0 {
			outputs = append(outputs, map[string]any{"output_type": "stream", "name": "stdout", "text": lines(r, 5+r.IntN(40))})
		}
	}
	return map[string]any{"cell_type": "code", "execution_count": 1, "metadata": map[string]any{}, "source": lines(r, 2+r.IntN(20)), "outputs": outputs}
}

// Write makes notebooks of a mixture in dir until they have size bytes, and
// returns how many bytes there are.
func Write(dir, mixture string, size int64) (int64, error) {
	r := rand.New(rand.NewPCG(20, 26))
	total := int64(0)
	for n := 0; total < size; n++ {
		cells := make([]any, 10+r.IntN(40))
		for i := range cells {
			cells[i] = cell(r, mixture)
		}
		size, err := write(filepath.Join(dir, fmt.Sprintf("%05d.ipynb", n)), cells)
		if err != nil {
			return total, err
		}
		total += size
	}
	return total, nil
}

// WriteOne makes one notebook of a mixture of about size bytes.
func WriteOne(path, mixture string, size int) error {
	r := rand.New(rand.NewPCG(20, 26))
	var cells []any
	for total := 0; total < size; {
		c := cell(r, mixture)
		b, err := json.MarshalIndent(c, "  ", " ")
		if err != nil {
			return err
		}
		total += len(b)
		cells = append(cells, c)
	}
	_, err := write(path, cells)
	return err
}

func write(path string, cells []any) (int64, error) {
	b, err := json.MarshalIndent(map[string]any{
		"cells": cells, "nbformat": 4, "nbformat_minor": 4,
		"metadata": map[string]any{"kernelspec": map[string]any{"name": "python3", "language": "python"}},
	}, "", " ")
	if err != nil {
		return 0, err
	}
	return int64(len(b)), os.WriteFile(path, b, 0o600)
}
