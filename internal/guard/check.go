package guard

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nbseal/nbseal/internal/gitx"
)

// State is how one thing stands.
type State string

// OK is guarded, Missing is not, InTheWay is something else in its place, and
// Note is what a person should know, with nothing to do.
const (
	OK       State = "ok"
	Missing  State = "missing"
	InTheWay State = "conflict"
	Note     State = "note"
)

// Item is one thing that Check looked at.
type Item struct {
	Name   string   `json:"name"` // program, driver, attributes, notebooks, pre-commit, pre-push, pre-receive, index, submodules, git
	State  State    `json:"state"`
	Detail string   `json:"detail"`
	Do     []string `json:"do,omitempty"` // what a person can do, one instruction or line to add each
}

// Report is what of a repository is guarded.
type Report struct {
	Dir     string `json:"dir"`
	Guarded bool   `json:"guarded"` // no item is Missing or InTheWay
	Items   []Item `json:"items"`
}

// Staged tells which notebooks in the index hold credentials: their paths. Dir
// is the top of the work tree.
type Staged func(ctx context.Context, dir string) ([]string, error)

// checker collects the items.
type checker struct {
	*target
	Report
}

func (c *checker) add(name string, state State, do []string, format string, args ...any) {
	c.Items = append(c.Items, Item{name, state, fmt.Sprintf(format, args...), do})
	c.Guarded = c.Guarded && (state == OK || state == Note)
}

var runInstall = []string{"nbseal install"}

// Check tells what is guarded in the repository of o.Git. version is what
// "nbseal --version" of this program prints; staged may be nil, and then the
// index is not looked at. An error means that it could not be told.
func Check(ctx context.Context, o Options, version string, staged Staged) (*Report, error) {
	o.Global = false
	t, err := locate(ctx, o)
	if err != nil {
		return nil, err
	}
	c := &checker{target: t}
	c.Guarded = true
	if c.Dir = t.repo.Top; t.repo.Bare() {
		c.Dir = t.repo.GitDir
		return &c.Report, c.checkHooks(ctx)
	}
	for _, check := range []func(context.Context) error{
		c.checkGit,
		func(ctx context.Context) error { return c.checkDriver(ctx, version) },
		c.checkHooks,
		func(ctx context.Context) error { return c.checkIndex(ctx, staged) },
		c.checkSubmodules,
	} {
		if err := check(ctx); err != nil {
			return nil, err
		}
	}
	return &c.Report, nil
}

func (c *checker) checkGit(ctx context.Context) error {
	text, err := c.git.Line(ctx, "version")
	if err != nil {
		return err
	}
	var major, minor int
	if n, _ := fmt.Sscanf(text, "git version %d.%d", &major, &minor); n == 2 && (major < 2 || major == 2 && minor < 11) {
		c.add("git", Note, []string{"git 2.11 and later run one nbseal for all files"}, "%s starts nbseal for each notebook", text)
	}
	return nil
}

// checkDriver looks at the filter: what names it, what it is, and whether it runs.
func (c *checker) checkDriver(ctx context.Context, version string) error {
	uses, err := c.filters(ctx)
	if err != nil {
		return err
	}
	named := false
	for _, u := range uses {
		named = named || u.filter == FilterName
	}
	filter, err := c.git.ConfigSection(ctx, "filter."+FilterName)
	if err != nil {
		return err
	}
	process, clean := filter["process"], filter["clean"]
	switch {
	case process == "" && clean == "" && named:
		c.add("driver", Missing, runInstall, "attributes name the filter nbseal, but this clone has no such filter: git commits notebooks as they are, and says nothing")
	case process == "" && clean == "":
		c.add("driver", Missing, runInstall, "git's configuration has no filter nbseal")
	default:
		if err := c.checkSettings(ctx, filter, version); err != nil {
			return err
		}
	}
	c.checkUses(uses)
	return nil
}

func (c *checker) checkSettings(ctx context.Context, filter map[string]string, version string) error {
	required, found, err := c.git.Config(ctx, "filter."+FilterName+".required", "--bool")
	switch {
	case err != nil:
		return err
	case !found || required != "true":
		c.add("driver", Missing, runInstall, "filter.nbseal.required is not true: when the filter fails, git commits notebooks as they are")
	case filter["process"] == "" || filter["clean"] == "" || filter["smudge"] == "":
		c.add("driver", Missing, runInstall, "of filter.nbseal.process, .clean and .smudge one is not set")
	default:
		c.add("driver", OK, nil, "filter.nbseal is set up, and required")
	}
	word, known := strings.CutSuffix(filter["process"], " filter-process")
	if filter["process"] == "" {
		return nil
	}
	if !known {
		c.add("program", InTheWay, runInstall, "filter.nbseal.process is %q, which is not what nbseal install sets", filter["process"])
		return nil
	}
	// git's own shell runs an alias, as it runs a filter.
	said, err := c.git.Line(ctx, "-c", "alias.nbseal-guard-check=!"+word+" --version", "nbseal-guard-check")
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		c.add("program", Missing, append([]string{"put nbseal into PATH, or:"}, runInstall...), "git cannot run %s, so it refuses to add notebooks", word)
	case version != "" && said != version:
		c.add("program", Note, []string{"update it, or run nbseal install with the one that you want"}, "git runs %s, which is %s; this is %s", word, said, version)
	default:
		c.add("program", OK, nil, "git runs %s (%s)", word, said)
	}
	return nil
}

// checkUses says which filter notebooks have.
func (c *checker) checkUses(uses []use) {
	var other []use
	guarded := 0
	covered := false
	for _, u := range uses {
		switch {
		case u.filter == FilterName:
			guarded = len(u.paths)
			covered = u.paths[0] == probe
		default:
			other = append(other, u)
		}
	}
	if covered {
		guarded-- // the one that is not there
		c.add("attributes", OK, nil, "notebooks have the filter nbseal (%d in the index)", guarded)
	}
	for _, u := range other {
		isProbe := u.paths[0] == probe
		what := some(u.paths)
		if isProbe {
			what = fmt.Sprintf("notebooks at the top of the repository (%d in the index)", len(u.paths)-1)
		}
		name := "notebooks"
		if isProbe {
			name = "attributes"
		}
		switch u.filter {
		case gitx.Unspecified:
			c.add(name, Missing, runInstall, "no attributes name a filter for %s", what)
		case "lfs":
			c.add(name, Note, nil, "in LFS: %s; %s", what, lfsAdvice)
		case gitx.Unset, gitx.Set:
			c.add(name, InTheWay, []string{"git check-attr -a FILE shows it; delete the line that switches filters off"}, "attributes switch the filter off for %s", what)
		default:
			c.add(name, InTheWay, []string{"nbseal install --replace", "or change the attributes file that names it"}, "the filter %q is in the place of nbseal for %s", u.filter, what)
		}
	}
}

func (c *checker) checkHooks(ctx context.Context) error {
	for _, h := range hooksFor(c.repo.Bare()) {
		m, err := c.managerOf(ctx, h)
		if err != nil {
			return err
		}
		if m != nil {
			ok, err := m.calls(h)
			if err != nil {
				return err
			}
			if !ok {
				c.add(h.name, Missing, append([]string{"add to " + c.among(m.at(h)) + ":"}, m.lines(h)...), "%s has the hook in hand, and does not run nbseal", m.name)
				continue
			}
			if err := c.checkActive(h, m); err != nil {
				return err
			}
			continue
		}
		if err := c.checkHook(h); err != nil {
			return err
		}
	}
	return nil
}

// checkActive tells whether the manager that has to run nbseal is run by git.
func (c *checker) checkActive(h hook, m *manager) error {
	path := filepath.Join(c.hooks.Dir, h.name)
	text, err := readHook(path)
	if err != nil {
		return err
	}
	if text == nil || !executable(path) {
		c.add(h.name, Missing, []string{"install the hooks of " + m.name}, "%s is told to run nbseal, but git does not run %s: there is no %s", m.name, m.name, c.among(path))
		return nil
	}
	c.add(h.name, OK, nil, "%s runs nbseal", m.name)
	return nil
}

func (c *checker) checkHook(h hook) error {
	path := filepath.Join(c.hooks.Dir, h.name)
	text, err := readHook(path)
	if err != nil {
		return err
	}
	switch {
	case text == nil:
		c.add(h.name, Missing, runInstall, "there is no %s hook", h.name)
	case !isOurs(text) && !h.calls(text):
		c.add(h.name, Missing, append(runInstall[:1:1], "which keeps the hook that is there"), "%s does not run nbseal", c.among(path))
	case !executable(path):
		c.add(h.name, Missing, []string{"chmod +x " + shellWord(c.among(path))}, "%s is not executable, so git does not run it", c.among(path))
	default:
		c.add(h.name, OK, nil, "%s runs nbseal", c.among(path))
	}
	return nil
}

// checkIndex looks for what was added before the filter was there, or around it.
func (c *checker) checkIndex(ctx context.Context, staged Staged) error {
	if staged == nil {
		return nil
	}
	paths, err := staged(ctx, c.repo.Top)
	if err != nil {
		return fmt.Errorf("scanning the index: %w", err)
	}
	if len(paths) > 0 {
		c.add("index", Missing, []string{"nbseal scan shows them", "git add --renormalize . runs all notebooks through the filter"}, "credentials are in the index, in %s", some(paths))
		return nil
	}
	c.add("index", OK, nil, "no credentials are in the index")
	return nil
}

func (c *checker) checkSubmodules(ctx context.Context) error {
	subs, err := submodules(ctx, c.repo)
	if err != nil {
		return err
	}
	for _, dir := range subs {
		sub := gitx.Git{Dir: dir, Program: c.git.Program, Env: c.Options.Git.Env}
		filter, err := sub.ConfigSection(ctx, "filter."+FilterName)
		if err != nil {
			return err
		}
		if filter["process"] == "" {
			c.add("submodules", Missing, []string{"nbseal install --recurse-submodules"}, "the submodule %s has no filter nbseal", c.among(dir))
		}
	}
	return nil
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && isExecutable(info)
}
