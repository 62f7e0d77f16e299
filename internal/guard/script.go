package guard

import (
	"bytes"
	"regexp"
	"strings"
)

// aside is what the name of a hook that was there before ends in.
const aside = ".before-nbseal"

// hook is one of git's hooks: https://git-scm.com/docs/githooks
type hook struct {
	name  string
	args  string // of nbseal
	env   string // before the command: what nbseal is told that is no business of ps
	first bool   // nbseal goes first, and both read the same standard input
	what  string // cannot be checked without nbseal
	skip  string // how a person goes on without
}

// In pre-commit other hooks go first, since they may change what is staged. In
// pre-push they go last, since they may send something themselves, as LFS does;
// what the remote is called may be an address with a token in it.
func hooksFor(bare bool) []hook {
	if bare {
		return []hook{{name: "pre-receive", args: "scan --pre-receive", first: true, what: "what is pushed here",
			skip: "An administrator of this server has to install it, or run nbseal uninstall here."}}
	}
	return []hook{
		{name: "pre-commit", args: "scan --staged", what: "what you commit",
			skip: "To commit without the check: git commit --no-verify"},
		{name: "pre-push", args: "scan --pre-push", env: `NBSEAL_REMOTE="$1" `, first: true, what: "what you push",
			skip: "To push without the check: git push --no-verify"},
	}
}

// marker is in the second line of each hook that is ours.
const marker = "# nbseal guard: "

// script is the hook as a program for a POSIX shell. It calls the hook that was
// there before by its place beside it, also when another tool has renamed it.
func (h hook) script(p program) string {
	before := `before=$(dirname "$0")/` + h.name + aside + "\n"
	look := "if ! command -v " + p.word + " >/dev/null 2>&1; then\n" +
		"\tcat >&2 <<'END'\n" +
		"nbseal is not at " + p.path + ", so " + h.what + " cannot be checked for credentials.\n" +
		"Install it (https://github.com/nbseal/nbseal), or take the checks away: delete the\n" +
		"nbseal hooks from this directory. " + h.skip + "\n" +
		"END\n" +
		"\texit 1\nfi\n"
	if p.word == "nbseal" {
		look = strings.Replace(look, "is not at "+p.path, "is not in PATH", 1)
	}
	head := "#!/bin/sh\n" + marker + h.name + ". nbseal install wrote this, nbseal uninstall takes it away.\n"
	if h.first {
		return head + look +
			"input=$(cat; echo .)\ninput=${input%.}\n" +
			`printf %s "$input" | ` + h.env + p.word + " " + h.args + " || exit\n" +
			before + "if test -x \"$before\"; then\n\tprintf %s \"$input\" | \"$before\" \"$@\"\nfi\n"
	}
	return head + before + "if test -x \"$before\"; then\n\t\"$before\" \"$@\" || exit\nfi\n" + look +
		"exec " + p.word + " " + h.args + "\n"
}

// isOurs reports whether nbseal wrote a hook.
func isOurs(text []byte) bool {
	_, rest, _ := bytes.Cut(text, []byte("\n"))
	return bytes.HasPrefix(rest, []byte(marker))
}

// calls reports whether a script or a manager's configuration has the scan in a
// line that is no comment.
func (h hook) calls(text []byte) bool {
	// A path in quotes may end before the blank.
	flag := strings.TrimPrefix(h.args, "scan ")
	call := regexp.MustCompile(`nbseal(\.exe)?['"]?( .*)? scan .*` + regexp.QuoteMeta(flag))
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if !bytes.HasPrefix(line, []byte("#")) && !bytes.HasPrefix(line, []byte("//")) &&
			(call.Match(line) || bytes.Contains(line, []byte("nbseal-scan")) || bytes.Contains(line, []byte(marker))) {
			return true
		}
	}
	return false
}
