package run

import (
	"bytes"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/nbseal/nbseal/internal/redact"
)

// namesVariable tells the command which secrets its environment has.
const namesVariable = "NBSEAL_RUN"

// environ returns base with the secrets and namesVariable added. What an outer
// run has named there stays named.
func environ(base []string, secrets []redact.Secret) ([]string, error) {
	env := slices.Clone(base)
	var names []string
	env = slices.DeleteFunc(env, func(kv string) bool {
		name, value, _ := strings.Cut(kv, "=")
		if name == namesVariable && value != "" {
			names = append(names, strings.Split(value, ",")...)
		}
		return name == namesVariable
	})
	seen := map[string]bool{}
	for _, s := range secrets {
		if err := checkName(s.Name); err != nil {
			return nil, err
		}
		if seen[fold(s.Name)] {
			return nil, fmt.Errorf("secret %q is given twice", s.Name)
		}
		seen[fold(s.Name)] = true
		value := s.Value.Reveal()
		if bytes.IndexByte(value, 0) >= 0 {
			return nil, fmt.Errorf("the value of %q has a zero byte, which no environment variable can have", s.Name)
		}
		env = slices.DeleteFunc(env, func(kv string) bool {
			name, _, _ := strings.Cut(kv, "=")
			return fold(name) == fold(s.Name)
		})
		env = append(env, s.Name+"="+string(value))
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return append(env, namesVariable+"="+strings.Join(names, ",")), nil
}

// fold makes names equal that are the same variable.
func fold(name string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(name)
	}
	return name
}

// loaders are variables that make programs load code. A manifest that came with
// a repository may say what a secret is called, so none is called that. The
// list has the usual ones; it cannot have all.
var loaders = []string{
	"BASH_ENV", "CLASSPATH", "COMSPEC", "ENV", "IFS", "JAVA_TOOL_OPTIONS", "JULIA_LOAD_PATH", "NODE_OPTIONS", "NODE_PATH",
	"PATH", "PATHEXT", "PERL5LIB", "PERL5OPT", "PROMPT_COMMAND", "PS4", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP",
	"RUBYLIB", "RUBYOPT", "R_ENVIRON", "R_ENVIRON_USER", "R_LIBS", "R_LIBS_USER", "R_PROFILE", "R_PROFILE_USER", "SHELLOPTS",
}

// checkName returns why a secret cannot be a variable of its name.
func checkName(name string) error {
	upper := strings.ToUpper(name)
	switch {
	case !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(name):
		return fmt.Errorf("secret %q cannot be an environment variable, whose name has only letters, digits and _ and no digit first: map it to another name, as %s", name, suggest(name))
	case strings.HasPrefix(upper, "NBSEAL_"):
		return fmt.Errorf("secret %q cannot be an environment variable: the names that begin with NBSEAL_ are nbseal's own", name)
	case slices.Contains(loaders, upper), strings.HasPrefix(upper, "LD_"), strings.HasPrefix(upper, "DYLD_"):
		return fmt.Errorf("secret %q cannot be an environment variable: one of this name makes programs load code; map it to another name", name)
	}
	return nil
}

// suggest makes a name that can be a variable.
func suggest(name string) string {
	s := strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, name)
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		s = "_" + s
	}
	return strings.ToUpper(s)
}
