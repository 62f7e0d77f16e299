package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nbseal": main})
}

// TestScript runs the command line as a user does, one behaviour a script.
//
// Each script has a home of its own and, in the environment, credentials that
// were made for it and open nothing: HF and HF2, OPENAI, AWS_ID, PASS and
// LONG. The command "fill FILE…" puts them for ${HF} and the like in a file;
// "unpriv DIR CMD…" runs a command in a directory as a user that root's rights
// do not help; "ci SYSTEM" runs what a CI system would.
func TestScript(t *testing.T) {
	top, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			for name, value := range credentials() {
				e.Setenv(name, value)
			}
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("HOME", home)
			e.Setenv("XDG_DATA_HOME", filepath.Join(home, "data"))
			e.Setenv("LocalAppData", filepath.Join(home, "data"))
			e.Setenv("NBSEAL_IDENTITY_FILE", filepath.Join(home, "identity.txt"))
			e.Setenv("XDG_RUNTIME_DIR", e.WorkDir)
			e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			e.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(top, "cmd", "nbseal", "testdata", "gitconfig"))
			e.Setenv("NBSEAL_TOP", top)
			return os.MkdirAll(home, 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fill":   fill,
			"unpriv": unprivileged,
			"ci":     ci,
		},
		Condition: func(name string) (bool, error) { return name == "unix" && runtime.GOOS != "windows", nil },
	})
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func random(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[rand.IntN(len(alphabet))]
	}
	return string(b)
}

func credentials() map[string]string {
	return map[string]string{
		"HF":     "hf_" + random(letters[:52], 34),
		"HF2":    "hf_" + random(letters[:52], 34),
		"OPENAI": "sk-proj-" + random(letters, 74) + "T3BlbkFJ" + random(letters, 74),
		"AWS_ID": "AKIA" + random(letters[:26], 16),
		"PASS":   random(letters, 5) + "-" + random(letters, 8) + "4",
		"LONG":   random(letters, 200),
	}
}

var variable = regexp.MustCompile(`\$\{([A-Z0-9_]+)\}`)

func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: fill FILE…")
	}
	for _, name := range args {
		path := ts.MkAbs(name)
		content, err := os.ReadFile(path)
		ts.Check(err)
		filled := variable.ReplaceAllStringFunc(string(content), func(v string) string { return ts.Getenv(v[2 : len(v)-1]) })
		ts.Check(os.WriteFile(path, []byte(filled), 0o600))
	}
}

// unprivileged runs a command without root's right to read everything.
func unprivileged(ts *testscript.TestScript, neg bool, args []string) {
	if os.Geteuid() == 0 {
		args = append([]string{"setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"}, args...)
	}
	err := ts.Exec(args[0], args[1:]...)
	if (err != nil) != neg {
		ts.Fatalf("unpriv %q: %v", args, err)
	}
}
