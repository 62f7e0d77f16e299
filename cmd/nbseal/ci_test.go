package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"
)

// githubStep and gitlabJob are the parts of the two CI formats that our files use:
// https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax
// https://docs.gitlab.com/ci/yaml/
type githubStep struct {
	Name, If, Uses, Shell, Run string
	Env                        map[string]string
}

type gitlabJob struct {
	Variables map[string]string
	Script    []string
}

// ci runs what a CI system would: "ci github" the steps of action.yml that are
// scripts, with the values of inputs and of the event taken from the script's
// environment ("inputs.base", "github.event.before", …); "ci gitlab" the job of
// ci/gitlab.yml. What they print is in stdout.
func ci(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: ci github|gitlab")
	}
	top := ts.Getenv("NBSEAL_TOP")
	var err error
	switch args[0] {
	case "github":
		err = runGitHub(ts, filepath.Join(top, "action.yml"))
	case "gitlab":
		err = runGitLab(ts, filepath.Join(top, "ci", "gitlab.yml"))
	default:
		ts.Fatalf("ci %q: there are github and gitlab", args[0])
	}
	if err != nil && !neg {
		ts.Fatalf("ci %s: %v", args[0], err)
	}
	if err == nil && neg {
		ts.Fatalf("ci %s passed", args[0])
	}
}

// expression is what stands for a value in action.yml: names of contexts with
// "||" between them.
var expression = regexp.MustCompile(`\$\{\{ *([a-z_.| ]+?) *\}\}`)

func runGitHub(ts *testscript.TestScript, path string) error {
	var action struct {
		Inputs map[string]struct{ Default string }
		Runs   struct{ Steps []githubStep }
	}
	parseYAML(ts, path, &action)
	value := func(name string) string {
		if v := ts.Getenv(name); v != "" {
			return v
		}
		if input, ok := strings.CutPrefix(name, "inputs."); ok {
			declared, ok := action.Inputs[input]
			if !ok {
				ts.Fatalf("%s: there is no input %q", path, input)
			}
			return declared.Default
		}
		return ""
	}
	evaluate := func(text string) string {
		return expression.ReplaceAllStringFunc(text, func(e string) string {
			for name := range strings.SplitSeq(expression.FindStringSubmatch(e)[1], "||") {
				if v := value(strings.TrimSpace(name)); v != "" {
					return v
				}
			}
			return ""
		})
	}
	output := filepath.Join(ts.Getenv("TMPDIR"), "github-output")
	ran := 0
	for _, s := range action.Runs.Steps {
		if strings.Contains(s.Run, "${{") {
			ts.Fatalf("%s: step %q: an expression in a script lets its value be code", path, s.Name)
		}
		built, err := os.ReadFile(output)
		if s.Run == "" || s.If == "steps.look.outputs.build" && (err != nil || len(built) == 0) {
			continue
		}
		var env []string
		for name, text := range s.Env {
			env = append(env, name+"="+evaluate(text))
		}
		ran++
		// As GitHub starts it for "shell: bash".
		if err := runShell(ts, append(env, "GITHUB_OUTPUT="+output), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run); err != nil {
			return err
		}
	}
	if ran != 3 {
		ts.Fatalf("%s: %d steps ran", path, ran)
	}
	return nil
}

func runGitLab(ts *testscript.TestScript, path string) error {
	var jobs map[string]gitlabJob
	parseYAML(ts, path, &jobs)
	job, ok := jobs["nbseal"]
	if !ok || len(job.Script) == 0 {
		ts.Fatalf("%s: no script in job nbseal", path)
	}
	var env []string
	for name, v := range job.Variables {
		env = append(env, name+"="+v)
	}
	// GitLab's runner joins the lines into one script that ends at the first
	// failure.
	return runShell(ts, env, "bash", "-eo", "pipefail", "-c", strings.Join(job.Script, "\n"))
}

func parseYAML(ts *testscript.TestScript, path string, into any) {
	text, err := os.ReadFile(path)
	ts.Check(err)
	ts.Check(yaml.Unmarshal(text, into))
}

func runShell(ts *testscript.TestScript, env []string, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{
		"PATH", "HOME", "TMPDIR", "XDG_DATA_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM",
		"CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_COMMIT_BEFORE_SHA", "CI_DEFAULT_BRANCH",
	} {
		if v := ts.Getenv(name); v != "" {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	return cmd.Run()
}
