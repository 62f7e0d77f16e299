package leaktest

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// behave runs the test binary as a program that does what behaviour says.
func behave(t *testing.T, b *Box, behaviour string, c Cmd) Result {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c.Args = []string{exe, "leak", behaviour}
	c.Env = append(c.Env, "GORACE=atexit_sleep_ms=0") // else a second each
	res := b.Run(c)
	if res.Code != 0 {
		t.Fatalf("%s: exit code %d: %s", behaviour, res.Code, res.Stderr)
	}
	return res
}

func mustLeaks(t *testing.T, b *Box) []Leak {
	t.Helper()
	leaks, err := b.leaks()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leaks {
		for _, c := range b.canaries {
			for _, run := range c.runs {
				if strings.Contains(l.String(), run) {
					t.Errorf("the description of a leak in %s holds the value", l.Channel)
				}
			}
		}
	}
	return leaks
}

func TestEveryChannelIsCaught(t *testing.T) {
	tests := []struct {
		behaviour string
		shape     Shape
		channel   Channel
		encoding  string // a part of it
		place     string // a part of it
	}{
		{"file", Awkward, File, "clear", "/work/out"},
		{"stdout", Plain, Output, "clear", "stdout"},
		{"stderr", Lines, Output, "clear", "stderr"},
		{"deleted", Awkward, File, "clear", "/tmp/"},
		{"deleted base64", Awkward, File, "base64", "/tmp/"},
		{"deleted pieces", Awkward, File, "clear", "/tmp/"},
		{"args", Awkward, Args, "clear", ""},
		{"environment", Lines, Env, "clear", "TOKEN"},
		{"shell environment", Plain, Env, "clear", "TOKEN"},
		{"replaces itself", Plain, Env, "clear", "TOKEN"},
		{"name", Awkward, Name, "clear", ""},
		{"deleted name", Plain, Name, "clear", ""},
		{"link", Awkward, Name, "clear", ""},
		{"gzip", Awkward, File, "clear in gzip", "log.gz"},
		{"attribute", Awkward, Name, "clear", "setxattr"},
		{"pipe", Awkward, Pipe, "clear", "pipe"},
		{"memfd", Awkward, Pipe, "clear", "memfd"},
		{"unix socket", Awkward, Socket, "clear", "UNIX"},
		{"tcp socket", Awkward, Socket, "clear", "127.0.0.1"},
		{"udp socket", Awkward, Socket, "clear", "UDP"},
		{"mapped and deleted", Plain, File, "mapping", "/work/map"},
		{"spliced and deleted", Plain, File, "moved by splice", "/work/spliced"},
		{"not dumpable", Plain, File, "clear", "/tmp/"},
		{"not dumpable", Plain, Env, "clear", "TOKEN"},
		{"leaves a child", Plain, File, "clear", "/work/late"},
	}
	for _, test := range tests {
		t.Run(test.behaviour, func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			behave(t, b, test.behaviour, Cmd{Stdin: b.Canary("the key", test.shape)})
			leaks := mustLeaks(t, b)
			if !slices.ContainsFunc(leaks, func(l Leak) bool {
				return l.Channel == test.channel && strings.Contains(l.Encoding, test.encoding) && strings.Contains(l.Place, test.place)
			}) {
				t.Errorf("not caught; found %v", leaks)
			}
		})
	}
}

func TestCleanProgramPasses(t *testing.T) {
	b := New(t)
	for _, shape := range []Shape{Plain, Awkward, Lines} {
		res := behave(t, b, "keep", Cmd{
			Stdin: b.Canary(fmt.Sprint("key ", shape), shape),
		})
		if !strings.HasPrefix(string(res.Stdout), "read ") {
			t.Errorf("standard output is %q", res.Stdout)
		}
	}
}

func TestAllowances(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	self := exe[strings.LastIndexByte(exe, '/')+1:]
	tests := []struct {
		behaviour string
		allow     func(b *Box, canaries ...string)
	}{
		{"file", func(b *Box, c ...string) { b.AllowFile("out", c...) }},
		{"gzip", func(b *Box, c ...string) { b.AllowFile(b.Root(), c...) }},
		{"environment", func(b *Box, c ...string) { b.AllowEnv("true", c...) }},
		{"pipe", func(b *Box, c ...string) { b.AllowPipe(self, c...); b.AllowPipe("cat", c...) }},
		{"tcp socket", func(b *Box, c ...string) { b.AllowSocket(self, "127.0.0.1", c...) }},
	}
	for _, test := range tests {
		t.Run(test.behaviour, func(t *testing.T) {
			t.Parallel()
			for _, right := range []bool{true, false} {
				b := newBox(t)
				secret := b.Canary("key", Plain)
				other := b.Canary("other", Plain)
				b.Given(other)
				if right {
					test.allow(b, "key")
				} else {
					test.allow(b, "other")
				}
				behave(t, b, test.behaviour, Cmd{Stdin: secret})
				if leaks := mustLeaks(t, b); right != (len(leaks) == 0) {
					t.Errorf("allowed %v, found %v", right, leaks)
				}
			}
		})
	}

	t.Run("stdout", func(t *testing.T) {
		b := New(t)
		secret := b.Canary("key", Lines)
		if res := behave(t, b, "stdout", Cmd{Stdin: secret, Shows: []string{"key"}}); string(res.Stdout) != secret {
			t.Errorf("standard output has %d bytes, not the %d of the canary", len(res.Stdout), len(secret))
		}
	})
}

// What a shell pipeline does is attributed to the programs in it.
func TestPrograms(t *testing.T) {
	b := newBox(t)
	secret := b.Canary("key", Plain)
	b.Run(Cmd{Args: []string{"sh", "-c", `cat | sed p | tr a b > "$TMPDIR/x"; rm "$TMPDIR/x"`}, Stdin: secret})
	got := map[string]bool{}
	for _, l := range mustLeaks(t, b) {
		got[string(l.Channel)+" "+l.Program] = true
	}
	for _, want := range []string{"pipe cat", "pipe sed"} {
		if !got[want] {
			t.Errorf("no leak by %q in %v", want, got)
		}
	}
}

func TestGitObjects(t *testing.T) {
	b := newBox(t)
	secret := b.Canary("key", Awkward)
	cell, err := json.Marshal([]string{"key = " + secret})
	if err != nil {
		t.Fatal(err)
	}
	// A long file in two versions is stored as a delta in a pack; the version
	// with the secret is then only there.
	filler := strings.Repeat("a line that says nothing\n", 400)
	b.Write("repo/nb.ipynb", filler+string(cell)+filler)
	git := func(args ...string) {
		t.Helper()
		res := b.Run(Cmd{Args: append([]string{"git", "-c", "user.name=n", "-c", "user.email=e@example.org"}, args...), Dir: "repo"})
		if res.Code != 0 {
			t.Fatalf("git %s: %s", args[0], res.Stderr)
		}
	}
	git("init", "-q")
	git("add", ".")
	git("commit", "-qm", "one")
	b.Write("repo/nb.ipynb", filler+filler+"more")
	git("commit", "-qam", "two")
	git("gc", "-q", "--aggressive")

	leaks := mustLeaks(t, b)
	if !slices.ContainsFunc(leaks, func(l Leak) bool {
		return l.Program == "" && strings.Contains(l.Place, "/repo/.git/objects/") && l.Encoding == "clear"
	}) {
		t.Errorf("the blob was not found: %v", leaks)
	}
	if slices.ContainsFunc(leaks, func(l Leak) bool { return strings.HasSuffix(l.Place, "nb.ipynb") }) {
		t.Errorf("the file is clean by now: %v", leaks)
	}
}

func TestNothingProved(t *testing.T) {
	b := newBox(t)
	b.Canary("unused", Plain)
	behave(t, b, "keep", Cmd{Stdin: "something else"})
	if _, err := b.leaks(); err == nil || !strings.Contains(err.Error(), `"unused"`) {
		t.Errorf("a canary that no program was given: %v", err)
	}
	if _, err := newBox(t).leaks(); err == nil {
		t.Error("a box without canaries and programs passes")
	}
}

func TestProcess(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := New(t)
	b.Given(b.Canary("key", Plain))
	if res := b.Run(Cmd{Args: []string{exe, "leak", "exit 3"}}); res.Code != 3 {
		t.Errorf("exit code %d, want 3", res.Code)
	}
	p := b.Start(Cmd{Args: []string{"sh", "-c", "echo ready; exec sleep 60"}})
	if err := p.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	if res := p.Wait(); res.Code != 128+9 {
		t.Errorf("exit code %d, want 137", res.Code)
	}
	// Left running: ended by the check.
	b.Start(Cmd{Args: []string{exe, "leak", "sleep"}})
}
