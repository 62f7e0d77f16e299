package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// staticcheckVersion is the one place that says which.
const staticcheckVersion = "v0.8.2"

// sopsVersion is that of the program that sops:// references are tested with.
const sopsVersion = "v3.13.3"

// targets are the systems that nbseal is built for.
var targets = []struct{ os, arch string }{
	{"linux", "amd64"}, {"linux", "arm64"},
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
}

func (r *runner) packages() *outcome {
	o := new(outcome)
	o.check(r.command(".", nil, "tools/debian-packages"))
	return o
}

func (r *runner) build() *outcome {
	o := new(outcome)
	o.check(r.command(".", nil, "make", "--no-print-directory", "build"))
	return o
}

func (r *runner) gofmt() *outcome {
	o := new(outcome)
	out, err := r.command(".", nil, "gofmt", "-l", "-s", "cmd", "internal", "tools")
	if err == nil && len(out) > 0 {
		err = errors.New("these files are not formatted; make fmt")
	}
	o.check(out, err)
	return o
}

// files lists what git knows or would add; out is what git said.
func (r *runner) files() (names []string, out []byte, err error) {
	out, err = r.command(".", nil, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), out, err
}

// shellcheck checks every script that git knows or would add.
func (r *runner) shellcheck() *outcome {
	o := new(outcome)
	names, out, err := r.files()
	if err != nil {
		o.check(out, err)
		return o
	}
	for _, name := range names {
		if isShell(filepath.Join(r.top, name)) {
			o.check(r.command(".", nil, "shellcheck", "--external-sources", name))
		}
	}
	return o
}

var shebang = regexp.MustCompile(`^#! ?/(usr/)?bin/(env )?(ba)?sh\b`)

// isShell reports whether a file begins as a shell script does.
func isShell(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false // deleted, and git was not told yet
	}
	defer f.Close()
	line, err := bufio.NewReaderSize(f, 128).ReadSlice('\n')
	return err == nil && shebang.Match(line)
}

func (r *runner) pythonLint() *outcome {
	o := new(outcome)
	o.check(r.command("python", nil, "black", "--check", "--quiet", "--diff", "src", "tests"))
	o.check(r.command("python", nil, "mypy", "--strict", "--no-error-summary", "src", "tests"))
	return o
}

func (r *runner) vet() *outcome {
	o := new(outcome)
	for _, t := range targets {
		o.check(r.command(".", []string{"GOOS=" + t.os, "GOARCH=" + t.arch, "CGO_ENABLED=0"}, "go", "vet", "./..."))
	}
	return o
}

func (r *runner) staticcheck() *outcome {
	o := new(outcome)
	bin := filepath.Join(r.top, "build", "tools")
	out, err := r.command(".", []string{"GOBIN=" + bin}, "go", "install", "honnef.co/go/tools/cmd/staticcheck@"+staticcheckVersion)
	if err != nil {
		o.check(out, err)
		return o
	}
	for _, goos := range []string{"linux", "darwin", "windows"} {
		o.check(r.command(".", []string{"GOOS=" + goos, "CGO_ENABLED=0"}, filepath.Join(bin, "staticcheck"), "./..."))
	}
	return o
}

func (r *runner) cross() *outcome {
	o := new(outcome)
	for _, t := range targets {
		dir := filepath.Join("build", "cross", t.os+"-"+t.arch) + "/"
		o.check(r.command(".", []string{"GOOS=" + t.os, "GOARCH=" + t.arch, "CGO_ENABLED=0"},
			"go", "build", "-trimpath", "-o", dir, "./cmd/..."))
	}
	return o
}

// sops builds the program, which Debian does not have, for the Go tests. The
// first time takes minutes.
func (r *runner) sops() *outcome {
	o := new(outcome)
	bin := filepath.Join(r.top, "build", "tools")
	o.check(r.command(".", []string{"GOBIN=" + bin, "CGO_ENABLED=0"}, "go", "install", "github.com/getsops/sops/v3/cmd/sops@"+sopsVersion))
	return o
}

func (r *runner) goTests() *outcome {
	out, err := r.command(".", nil, "go", "test", "-race", "-json", "-timeout=5m", "./...")
	return countGoTests(out, err)
}

// gits runs the tests of what speaks with git under the oldest and the newest git
// that Debian carries. Without them, and without a network to get them, it fails.
func (r *runner) gits() *outcome {
	o := new(outcome)
	out, err := r.command(".", nil, "tools/debian-gits", filepath.Join("build", "gits"))
	programs := gitPrograms(out, filepath.Join(r.top, "build", "gits"))
	if err == nil && len(programs) != 2 {
		err = fmt.Errorf("tools/debian-gits named %d programs, not 2", len(programs))
	}
	if err != nil {
		o.check(out, err)
		return o
	}
	for _, program := range programs {
		path := "PATH=" + filepath.Dir(program) + string(os.PathListSeparator) + os.Getenv("PATH")
		out, err := r.command(".", []string{path}, "go", "test", "-json", "-timeout=5m",
			"./internal/gitx", "./internal/gitfilter", "./internal/guard", "./internal/scan")
		under := countGoTests(out, err)
		o.passed, o.failed = o.passed+under.passed, o.failed+under.failed
		if under.failed > 0 {
			fmt.Fprintf(&o.output, "with %s:\n%s\n", program, under.output.Bytes())
		}
	}
	return o
}

// gitPrograms reads what tools/debian-gits prints: a program a line, among what
// git and apt say.
func gitPrograms(out []byte, dir string) (programs []string) {
	for line := range strings.Lines(string(out)) {
		if name := strings.TrimSuffix(line, "\n"); strings.HasPrefix(name, dir+"/") && strings.HasSuffix(name, "/bin/git") {
			programs = append(programs, name)
		}
	}
	return programs
}

// pythonTests runs under the interpreter that sees Debian's Jupyter, whatever
// python3 is first in PATH.
func (r *runner) pythonTests() *outcome {
	out, err := r.command("python", []string{"PYTHONPATH=" + filepath.Join(r.top, "python", "src"), "PYTHONDONTWRITEBYTECODE=1"},
		"/usr/bin/python3", "-m", "unittest", "discover", "--start-directory", "tests", "--top-level-directory", ".")
	return countUnittest(out, err)
}

// demo runs the demonstration and compares it with what the README shows.
func (r *runner) demo() *outcome {
	o := new(outcome)
	out, err := r.command(".", nil, "examples/demo/run")
	o.check(out, err)
	if err != nil {
		return o
	}
	shown := filepath.Join(r.top, "build", "demo.txt")
	if err := os.WriteFile(shown, out, 0o644); err != nil {
		o.check(nil, err)
		return o
	}
	o.check(r.command(".", nil, "tools/check-readme", shown))
	return o
}

// self scans this project, which is clean because fake credentials are made when
// a test runs.
func (r *runner) self() *outcome {
	o := new(outcome)
	names, out, err := r.files()
	if err == nil {
		out, err = r.command(".", nil, append([]string{"bin/nbseal", "scan"}, names...)...)
	}
	o.check(out, err)
	return o
}

// minFuzzTargets is how many fuzz targets there are at least: a listing that
// went wrong must not pass for one without targets.
const minFuzzTargets = 12

func (r *runner) fuzz() *outcome {
	o := new(outcome)
	out, err := r.command(".", nil, "go", "test", "-list", "^Fuzz", "./...")
	found := fuzzTargets(out)
	if err == nil && len(found) < minFuzzTargets {
		err = fmt.Errorf("found %d fuzz targets, fewer than %d", len(found), minFuzzTargets)
	}
	if err != nil {
		o.check(out, err)
	}
	for _, t := range found {
		o.check(r.fuzzOne(t))
	}
	return o
}

// fuzzOne runs one target. Now and then go test takes the end of the time for a
// failure of the target; then, and only then, it is run again.
func (r *runner) fuzzOne(t fuzzTarget) (out []byte, err error) {
	for range 3 {
		out, err = r.command(".", nil, "go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", r.fuzzTime, t.pkg)
		if err == nil || !onlyOutOfTime(out) {
			break
		}
	}
	return out, err
}

// onlyOutOfTime reports whether all that a fuzz target's output complains about
// is the end of its time: no input failed.
func onlyOutOfTime(out []byte) bool {
	_, complaint, ok := bytes.Cut(out, []byte("--- FAIL: Fuzz"))
	lines := strings.Split(string(complaint), "\n")
	return ok && len(lines) > 2 && lines[1] == "    context deadline exceeded" && lines[2] == "FAIL"
}

type fuzzTarget struct{ pkg, name string }

// fuzzTargets reads the output of go test -list: the names of a package's
// targets, then a line "ok", the package and the time.
func fuzzTargets(list []byte) []fuzzTarget {
	var all []fuzzTarget
	var names []string
	for line := range bytes.Lines(list) {
		fields := strings.Fields(string(line))
		switch {
		case len(fields) == 1 && strings.HasPrefix(fields[0], "Fuzz"):
			names = append(names, fields[0])
		case len(fields) >= 2 && fields[0] == "ok":
			for _, name := range names {
				all = append(all, fuzzTarget{fields[1], name})
			}
			names = nil
		}
	}
	return all
}
