package gitx

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// Config is the value of a configuration key, the last one if it has many, and
// whether there is one. The options narrow where git looks ("--local",
// "--global") or say how it reads ("--path"); without them it is the value
// that is in force.
func (g Git) Config(ctx context.Context, key string, options ...string) (value string, found bool, err error) {
	args := append([]string{"config", "-z"}, options...)
	out, err := g.Output(ctx, append(args, "--get", key)...)
	if ExitCode(err) == 1 {
		return "", false, nil
	} else if err != nil {
		return "", false, err
	}
	return strings.TrimSuffix(string(out), "\x00"), true, nil
}

// ConfigSection is the values that are in force of all keys "SECTION.NAME", by
// NAME. The section is given as "filter.nbseal", with nothing in it that means
// something to a regular expression but points; options are as for Config.
func (g Git) ConfigSection(ctx context.Context, section string, options ...string) (map[string]string, error) {
	args := append([]string{"config", "-z"}, options...)
	out, err := g.Output(ctx, append(args, "--get-regexp", "^"+strings.ReplaceAll(section, ".", `\.`)+`\.[^.]*$`)...)
	values := map[string]string{}
	if ExitCode(err) == 1 {
		return values, nil
	} else if err != nil {
		return nil, err
	}
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		key, value, hasValue := strings.Cut(entry, "\n")
		if !hasValue {
			value = "true" // "name" alone is how a boolean is set
		}
		values[strings.TrimPrefix(key, section+".")] = value
	}
	return values, nil
}

// GlobalConfig is the file that "git config --global" writes:
// https://git-scm.com/docs/git-config#FILES
func (g Git) GlobalConfig(exists func(string) bool) (string, error) {
	if f := g.Getenv("GIT_CONFIG_GLOBAL"); f != "" {
		return f, nil
	}
	home, err := g.home()
	if err != nil {
		return "", err
	}
	own, xdg := filepath.Join(home, ".gitconfig"), filepath.Join(g.xdg(home), "config")
	if !exists(own) && exists(xdg) {
		return xdg, nil
	}
	return own, nil
}

// GlobalAttributes is the user's own attributes file: core.attributesFile, or
// git's default for it.
func (g Git) GlobalAttributes(ctx context.Context) (string, error) {
	f, found, err := g.Config(ctx, "core.attributesFile", "--global", "--path")
	if err != nil || found && f != "" {
		return filepath.FromSlash(f), err
	}
	home, err := g.home()
	if err != nil {
		return "", err
	}
	return filepath.Join(g.xdg(home), "attributes"), nil
}

func (g Git) xdg(home string) string {
	if dir := g.Getenv("XDG_CONFIG_HOME"); dir != "" {
		return filepath.Join(dir, "git")
	}
	return filepath.Join(home, ".config", "git")
}

// home is the user's directory as git takes it; it asks HOME on Windows, too.
func (g Git) home() (string, error) {
	if home := g.Getenv("HOME"); home != "" {
		return home, nil
	}
	if runtime.GOOS == "windows" {
		if path := g.Getenv("HOMEPATH"); path != "" {
			return g.Getenv("HOMEDRIVE") + path, nil
		}
		if home := g.Getenv("USERPROFILE"); home != "" {
			return home, nil
		}
	}
	return "", fmt.Errorf("finding git's global configuration: HOME is not set")
}
