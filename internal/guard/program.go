package guard

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// program is how git's shell is told to run this program.
type program struct {
	word string // one word for a POSIX shell; git for Windows brings one
	path string // where it is
}

// findProgram takes the name where PATH leads from it to this very program, so
// that updates and other machines' paths do not matter. A virtual environment
// puts a program into PATH only while it is active; the program there is called
// by its path, as git also runs when it is not.
func findProgram(o Options) (program, error) {
	self, err := filepath.Abs(o.Self)
	if o.Self == "" || err != nil {
		return program{}, fmt.Errorf("finding the path of nbseal itself: %q", o.Self)
	}
	info, err := os.Stat(self)
	if err != nil {
		return program{}, fmt.Errorf("finding the path of nbseal itself: %w", err)
	}
	if named, err := exec.LookPath("nbseal"); err == nil && !inEnvironment(o, named) {
		if other, err := os.Stat(named); err == nil && os.SameFile(info, other) {
			return program{"nbseal", named}, nil
		}
	}
	if strings.ContainsAny(self, "\n\r") {
		return program{}, fmt.Errorf("%q cannot be named in git's configuration: its path has a line break", self)
	}
	return program{shellWord(filepath.ToSlash(self)), self}, nil
}

func inEnvironment(o Options, file string) bool {
	for _, name := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		dir := o.Git.Getenv(name)
		if dir == "" {
			continue
		}
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
			return true
		}
	}
	return false
}

// shellWord quotes a string for a POSIX shell, if it must be.
func shellWord(s string) string {
	plain := strings.IndexFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("/._-:+@", c)
	}) < 0
	if plain && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
