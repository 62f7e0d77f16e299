package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCountGoTests(t *testing.T) {
	const out = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: broken\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"all well\n"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"skip","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p"}
{"Action":"skip","Package":"without tests"}
{"Action":"build-output","ImportPath":"q [q.test]","Output":"q.go:1: undefined: x\n"}
{"Action":"build-fail","ImportPath":"q [q.test]"}
{"Action":"fail","Package":"q"}
no JSON at all
`
	o := countGoTests([]byte(out), errors.New("exit status 1"))
	if o.passed != 1 || o.failed != 3 {
		t.Errorf("%d passed, %d failed; want 1 and 3", o.passed, o.failed)
	}
	for want, is := range map[string]bool{"broken": true, "undefined: x": true, "no JSON": true, "all well": false} {
		if strings.Contains(o.output.String(), want) != is {
			t.Errorf("output holds %q: %v\n%s", want, !is, &o.output)
		}
	}
	for _, out := range []string{"", `{"Action":"pass","Package":"p","Test":"TestA"}`} {
		if o := countGoTests([]byte(out), errors.New("exit status 2")); o.failed != 1 {
			t.Errorf("a failure without a test, after %q: %d failed, want 1", out, o.failed)
		}
	}
}

func TestCountUnittest(t *testing.T) {
	for _, test := range []struct {
		out            string
		err            error
		passed, failed int
	}{
		{"....\n----\nRan 4 tests in 0.1s\n\nOK\n", nil, 4, 0},
		{"Ran 1 test in 0.1s\n\nOK (skipped=1)\n", nil, 0, 1},
		{"Ran 1 test in 9s\nOK\nRan 9 tests in 0.1s\n\nFAILED (failures=1, errors=2, skipped=1, expected failures=3)\n", errors.New("1"), 5, 4},
		{"Ran 4 tests in 0.1s\n\nOK\n", errors.New("signal: killed"), 4, 1},
		{"Traceback", errors.New("1"), 0, 1},
	} {
		o := countUnittest([]byte(test.out), test.err)
		if o.passed != test.passed || o.failed != test.failed {
			t.Errorf("%q: %d passed, %d failed; want %d and %d", test.out, o.passed, o.failed, test.passed, test.failed)
		}
	}
}

func TestFuzzTargets(t *testing.T) {
	got := fuzzTargets([]byte("FuzzA\nFuzzB\nok  \tm/p\t0.1s\n?   \tm/none\t[no test files]\nok  \tm/q\t0.1s\nFuzzC\nok  \tm/r\t(cached)\n"))
	want := []fuzzTarget{{"m/p", "FuzzA"}, {"m/p", "FuzzB"}, {"m/r", "FuzzC"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestOnlyOutOfTime(t *testing.T) {
	const end = "FAIL\nexit status 1\nFAIL\tm/p\t5.1s\n"
	for out, want := range map[string]bool{
		"fuzz: elapsed: 5s\n--- FAIL: FuzzA (5.09s)\n    context deadline exceeded\n" + end:                                        true,
		"--- FAIL: FuzzA (1s)\n    --- FAIL: FuzzA (0.00s)\n        a_test.go:9: wrong\n    Failing input written to x\n" + end:    false,
		"--- FAIL: FuzzA (1s)\n    context deadline exceeded\n    Failing input written to testdata/fuzz/FuzzA/1234567890\n" + end: false,
		"ok\tm/p\t5s\n": false,
	} {
		if got := onlyOutOfTime([]byte(out)); got != want {
			t.Errorf("got %v for %q", got, out)
		}
	}
}

func TestIsShell(t *testing.T) {
	for head, want := range map[string]bool{
		"#!/bin/sh\n": true, "#!/usr/bin/env bash\n": true, "#! /bin/bash -eu\n": true,
		"#!/usr/bin/env python3\n": false, "# sh\n": false, "": false, "#!/bin/shx\n": false,
	} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(head), 0o600); err != nil {
			t.Fatal(err)
		}
		if isShell(path) != want {
			t.Errorf("%q is a shell script: %v", head, !want)
		}
	}
}

func TestGitPrograms(t *testing.T) {
	got := gitPrograms([]byte("Get:1 http://deb.debian.org/x\ngit version 2.30.2\n/top/build/gits/a/bin/git\n/usr/bin/git\n/top/build/gits/b/bin/git\n"), "/top/build/gits")
	if want := []string{"/top/build/gits/a/bin/git", "/top/build/gits/b/bin/git"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
