package leaktest

import (
	"crypto/rand"
	"strings"
)

// Shape is what a canary looks like.
type Shape int

// The shapes of canaries. All can be an environment variable's value.
const (
	Plain   Shape = iota // 48 letters and digits
	Awkward              // with quotes, backslashes, markup, a percent escape, spaces and é
	Lines                // several lines, the last one ended by a newline
)

// runLength is the number of letters and digits, chosen at random, that are
// searched for as one. 62^12 is enough for no two to be equal by chance.
const runLength = 12

// canary is a value that exists nowhere but where a test put it.
type canary struct {
	name  string
	value string
	// The letters and digits in it, in runs of runLength. What stands between
	// them is changed by some escaping or other; they are not, except by
	// encodings of every byte.
	runs []string
}

// newCanary returns a canary with a fresh value.
func newCanary(name string, shape Shape) canary {
	c := canary{name: name}
	for range 4 {
		c.runs = append(c.runs, randomRun())
	}
	switch shape {
	case Plain:
		c.value = strings.Join(c.runs, "")
	case Awkward:
		c.value = c.runs[0] + `"'\ ` + c.runs[1] + `<&>%41+/ ` + c.runs[2] + "${HOME}`é|;" + c.runs[3] + `\n"`
	case Lines:
		c.value = c.runs[0] + c.runs[1] + "\n" + c.runs[2] + "\n" + c.runs[3] + "\n"
	}
	return c
}

// randomRun returns runLength random letters and digits.
func randomRun() string {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	run := make([]byte, 0, runLength)
	for len(run) < runLength {
		var b [1]byte
		rand.Read(b[:]) // never returns an error, see crypto/rand
		// 248 is the largest multiple of 62 in a byte; above it some letters
		// would come more often.
		if b[0] < 248 {
			run = append(run, alphabet[b[0]%62])
		}
	}
	return string(run)
}
