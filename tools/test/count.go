package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// event is a line of go test -json; see go doc test2json.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build events
	Test       string
	Output     string
}

// countGoTests counts tests and subtests in the output of go test -json. A
// package that fails without a failing test (it does not compile, it panics)
// counts as one.
func countGoTests(out []byte, err error) *outcome {
	o := new(outcome)
	output := map[string]*strings.Builder{} // by package and test
	failedIn := map[string]bool{}
	for line := range bytes.Lines(out) {
		var e event
		if json.Unmarshal(line, &e) != nil {
			o.output.Write(line) // go's own complaints are not JSON
			continue
		}
		key := e.Package + e.ImportPath + " " + e.Test
		switch e.Action {
		case "output", "build-output":
			if output[key] == nil {
				output[key] = new(strings.Builder)
			}
			output[key].WriteString(e.Output)
		case "pass":
			if e.Test != "" {
				o.passed++
				delete(output, key)
			}
		case "fail", "skip":
			// A package is skipped when it has no tests, and fails with its
			// tests, which were counted.
			if e.Test == "" && (e.Action == "skip" || failedIn[e.Package]) {
				continue
			}
			o.failed++
			failedIn[e.Package] = true
			fmt.Fprintf(&o.output, "--- %s: %s %s\n", e.Action, e.Package, e.Test)
			if text := output[key]; text != nil {
				o.output.WriteString(text.String())
			}
			if e.Test == "" { // it panicked, or its time was up: what ran says where
				for _, test := range slices.Sorted(maps.Keys(output)) {
					if strings.HasPrefix(test, key) && test != key {
						o.output.WriteString(output[test].String())
					}
				}
			}
		case "build-fail":
			if text := output[key]; text != nil {
				o.output.WriteString(text.String())
			}
		}
	}
	if err != nil && o.failed == 0 || o.passed+o.failed == 0 {
		o.check(nil, errors.Join(errors.New("go test failed without naming a test"), err))
	}
	return o
}

var (
	ran     = regexp.MustCompile(`(?m)^Ran (\d+) tests? in `)
	verdict = regexp.MustCompile(`(?m)^(?:OK|FAILED)(?: \((.*)\))?$`)
)

// countUnittest counts tests by the last lines of Python's unittest, such as
// "Ran 5 tests in 0.1s" and "FAILED (failures=1, skipped=2)".
func countUnittest(out []byte, err error) *outcome {
	o := new(outcome)
	// The last of each: what tests print comes before.
	total, bad := last(ran, out), last(verdict, out)
	if total == nil || bad == nil {
		o.check(out, errors.Join(errors.New("the output of unittest has no count"), err))
		return o
	}
	n, _ := strconv.Atoi(string(total[1])) // digits, by the expression
	for part := range strings.SplitSeq(string(bad[1]), ", ") {
		kind, count, _ := strings.Cut(part, "=")
		if slices.Contains([]string{"failures", "errors", "skipped", "unexpected successes"}, kind) {
			c, _ := strconv.Atoi(count)
			o.failed += c
		}
	}
	o.passed = max(n-o.failed, 0)
	if err != nil && o.failed == 0 {
		o.failed++
	}
	if o.failed > 0 {
		o.output.Write(out)
	}
	return o
}

// last returns the last match with its groups, or nil.
func last(re *regexp.Regexp, text []byte) [][]byte {
	all := re.FindAllSubmatch(text, -1)
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}
