package detect_test

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/detect"
)

// texts are what notebooks are made of.
func texts() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	blob := make([]byte, 3<<18)
	for i := range blob {
		blob[i] = byte(r.Uint32())
	}
	const prose = "The quick brown fox jumps over the lazy dog; the model is trained on a small set of images, and the loss goes down with time.\n"
	const code = "import numpy as np\nimport pandas as pd\n\ndef load(path, sep=','):\n    df = pd.read_csv(path, sep=sep)\n    return df.dropna(axis=0)\n\n" +
		"tokens = tokenizer(text, padding=True, max_length=512)\nkey = random.PRNGKey(0)\nfor i, row in df.iterrows():\n    print(i, row['name'])\nmodel.fit(x, y, epochs=10)\n"
	const numbers = "array([[0.73129481, -0.22193847, 1.02938475],\n       [0.00012938, 12.5, -3.25]])\n"
	fill := func(s string) []byte { return []byte(strings.Repeat(s, 1<<20/len(s))) }
	return map[string][]byte{
		"prose":   fill(prose),
		"python":  fill(code),
		"numbers": fill(numbers),
		"base64":  []byte(base64.StdEncoding.EncodeToString(blob)),
	}
}

func BenchmarkFind(b *testing.B) {
	for name, text := range texts() {
		lang := detect.Unknown
		if name == "python" {
			lang = detect.Python
		}
		b.Run(name, func(b *testing.B) {
			d := detect.New()
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				d.Find(detect.Input{Text: text, Language: lang}, func(detect.Match) {})
			}
		})
		b.Run(name+"/indexbyte", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				bytes.IndexByte(text, 0)
			}
		})
	}
}
