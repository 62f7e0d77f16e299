package guard

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbseal/nbseal/internal/gitx"
)

// planner collects the steps of one installation or its end.
type planner struct {
	*target
	plan Plan
	old  record // as it was
	rec  record // as it will be
	text []byte // of the record, as it was
}

func newPlanner(ctx context.Context, o Options) (*planner, error) {
	t, err := locate(ctx, o)
	if err != nil {
		return nil, err
	}
	p := &planner{target: t}
	if p.plan.Dir = t.repo.Top; t.repo.Bare() {
		p.plan.Dir = t.repo.GitDir
	}
	if p.old, p.text, err = t.loadRecord(); err != nil {
		return nil, err
	}
	p.plan.config = t.config
	p.rec.Files = append(p.rec.Files, p.old.Files...)
	p.rec.Hooks = append(p.rec.Hooks, p.old.Hooks...)
	return p, nil
}

func (p *planner) step(s Step) { p.plan.Steps = append(p.plan.Steps, s) }

func (p *planner) conflict(do []string, format string, args ...any) {
	p.plan.Conflicts = append(p.plan.Conflicts, Conflict{fmt.Sprintf(format, args...), do})
}

// Install plans what puts the guards in place. What is in place already is no
// step. The steps begin with the record of what will be done, and the driver is
// there before attributes name it. Errors are those of gitx's Repository, and of
// reading files.
func Install(ctx context.Context, o Options) (*Plan, error) {
	return planned(ctx, o, install)
}

// planned makes a plan that can be made again.
func planned(ctx context.Context, o Options, f func(context.Context, Options) (*Plan, error)) (*Plan, error) {
	plan, err := f(ctx, o)
	if err == nil {
		plan.made = slices.Clone(plan.Steps)
		plan.again = func(ctx context.Context) (*Plan, error) { return planned(ctx, o, f) }
	}
	return plan, err
}

func install(ctx context.Context, o Options) (*Plan, error) {
	p, err := newPlanner(ctx, o)
	if err != nil {
		return nil, err
	}
	if !p.repo.Bare() || o.Global {
		if err := p.installConfig(ctx); err != nil {
			return nil, err
		}
	}
	if !o.NoHooks {
		if err := p.installHooks(ctx); err != nil {
			return nil, err
		}
	}
	if p.attributes != "" {
		if err := p.installAttributes(ctx); err != nil {
			return nil, err
		}
	}
	return p.finish(true), nil
}

// finish puts the record before or behind the steps.
func (p *planner) finish(install bool) *Plan {
	after := p.rec.marshal()
	if bytes.Equal(after, p.text) {
		return &p.plan
	}
	s := Step{What: "record what is installed", Path: p.state, Record: true, before: p.text, after: after, perm: 0o666}
	if !install {
		p.step(s)
		return &p.plan
	}
	steps := p.plan.Steps
	p.plan.Steps = nil
	p.makeDir(filepath.Dir(p.state))
	for i := range p.plan.Steps {
		p.plan.Steps[i].Record = true
	}
	p.step(s)
	p.plan.Steps = append(p.plan.Steps, steps...)
	return &p.plan
}

func (p *planner) installConfig(ctx context.Context) error {
	now, err := read(p.config)
	if err != nil {
		return err
	}
	f, i := p.rec.file(p.target, p.config)
	orig := now
	recorded := false
	if i >= 0 && now != nil {
		var lost []hunk
		orig, lost = undo(now, f.Hunks)
		recorded = len(lost) == 0
		if !recorded {
			orig = now
		}
	}
	after, hunks, err := p.guardConfig(ctx, orig, recorded)
	if err != nil {
		return err
	}
	if len(hunks) > 0 {
		f.Created, f.Hunks = now == nil || f.Created && len(orig) == 0, hunks
		p.rec.setFile(p.target, f)
	}
	p.rewrite("set up the filter in git's configuration", p.config, now, after, hunks)
	return nil
}

// rewrite plans the writing of a file, if it has changed.
func (p *planner) rewrite(what, path string, now, after []byte, hunks []hunk) {
	if bytes.Equal(now, after) {
		return
	}
	p.makeDir(filepath.Dir(path))
	s := Step{What: what, Path: path, before: now, after: after, perm: 0o666}
	for _, h := range hunks {
		s.Added = append(s.Added, linesOf(h.New)...)
		s.Removed = append(s.Removed, linesOf(h.Old)...)
	}
	p.step(s)
}

// makeDir plans the making of a directory, unless another step makes it.
func (p *planner) makeDir(dir string) {
	made := slices.ContainsFunc(p.plan.Steps, func(s Step) bool { return s.action == mkdir && s.Path == dir })
	if exists(dir) || made {
		return
	}
	p.makeDir(filepath.Dir(dir))
	p.step(Step{What: "make a directory", Path: dir, action: mkdir})
}

// missing is how many directories making dir would make.
func missing(dir string) int {
	n := 0
	for ; !exists(dir); dir = filepath.Dir(dir) {
		n++
	}
	return n
}

func linesOf(text string) []string {
	if text = strings.TrimRight(text, "\r\n"); text == "" {
		return nil
	}
	return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
}

func (p *planner) installHooks(ctx context.Context) error {
	if !p.hooksKnown {
		p.plan.Notes = append(p.plan.Notes, "there are no hooks of all repositories, since core.hooksPath would switch off those of each; nbseal install in a repository adds hooks there")
		return nil
	}
	hooks := hooksFor(!p.Global && p.repo.Bare())
	for _, h := range hooks {
		m, err := p.managerOf(ctx, h)
		if err == nil && m != nil {
			err = p.leaveTo(m, h)
		} else if err == nil {
			err = p.installHook(h)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leaveTo says what a manager has to be told.
func (p *planner) leaveTo(m *manager, h hook) error {
	ok, err := m.calls(h)
	if err == nil && !ok {
		p.conflict(append([]string{"add to " + p.among(m.at(h)) + ":"}, m.lines(h)...), "the %s hook belongs to %s, so it is left as it is", h.name, m.name)
	}
	return err
}

func (p *planner) installHook(h hook) error {
	path := filepath.Join(p.hooks.Dir, h.name)
	now, err := readHook(path)
	if err != nil {
		return err
	}
	before := path + aside
	script := []byte(h.script(p.program))
	r := hookRecord{position: p.position(path), Name: h.name, Script: string(script), Aside: exists(before), Made: missing(p.hooks.Dir)}
	for _, old := range p.old.Hooks {
		if old.path(p.repo) == path {
			r.Made = max(r.Made, old.Made)
		}
	}
	switch {
	case bytes.Equal(now, script):
	case now == nil, isOurs(now):
		p.makeDir(p.hooks.Dir)
		p.step(hookStep(h, path, now, script))
	case h.calls(now):
		return nil
	default:
		if exists(before) {
			kept, err := readHook(before)
			if err != nil {
				return err
			}
			if !bytes.Equal(kept, now) {
				p.conflict([]string{"delete that of the two which is not wanted, then run nbseal install again"},
					"%s is not nbseal's, and %s is there already", p.among(path), p.among(before))
				return nil
			}
		} else {
			p.step(Step{What: "keep the " + h.name + " hook that is there, which will go on running", Path: before, From: path, action: keep})
		}
		r.Aside = true
		p.step(hookStep(h, path, now, script))
	}
	p.rec.setHook(p.target, r)
	return nil
}

func hookStep(h hook, path string, now, script []byte) Step {
	return Step{What: "install the " + h.name + " hook", Path: path, Added: linesOf(string(script)), before: now, after: script, perm: fs.FileMode(0o777), hook: true}
}

func (p *planner) installAttributes(ctx context.Context) error {
	if info, err := os.Lstat(p.attributes); err == nil && info.Mode()&fs.ModeSymlink != 0 && !p.Global && !p.Private {
		p.conflict([]string{"make it a file", "nbseal install --private guards this clone alone"}, ".gitattributes is a symbolic link, which git does not follow")
		return nil
	}
	now, err := read(p.attributes)
	if err != nil {
		return err
	}
	if tracked, err := p.tracked(ctx, p.attributes); err != nil {
		return err
	} else if tracked && now == nil {
		p.conflict([]string{"add /.gitattributes to the sparse checkout (git sparse-checkout), or run git checkout -- .gitattributes", "nbseal install --private guards this clone alone"},
			".gitattributes is in the repository, but not in the work tree")
		return nil
	}
	f, _ := p.rec.file(p.target, p.attributes)
	after, hunks, clashes := guardAttributes(now, p.patterns(), p.Replace)
	kept := f.Hunks
	if now == nil { // it was, and somebody deleted it
		kept = nil
	}
	for _, c := range clashes {
		p.clash(c)
	}
	if err := p.elsewhere(ctx, clashes); err != nil {
		return err
	}
	if len(hunks) > 0 {
		f.Created, f.Hunks = now == nil || f.Created, append(slices.Clone(kept), hunks...)
		p.rec.setFile(p.target, f)
	}
	p.rewrite("name the filter for notebooks", p.attributes, now, after, hunks)
	p.notes(ctx)
	return nil
}

func (p *planner) patterns() []string { return append([]string{notebooks}, p.Text...) }

func (p *planner) clash(c clash) {
	do := []string{"nbseal install --replace puts nbseal in its place; nbseal strips outputs, too, if you want that"}
	switch {
	case c.filter == "lfs":
		do = []string{lfsAdvice}
	case !c.named():
		do = []string{"delete that line to have these files guarded"}
	}
	p.conflict(do, "%s, line %d: %s has %s", p.among(p.attributes), c.number, c.pattern, filterWords(c.filter))
}

func filterWords(filter string) string {
	switch filter {
	case "-filter", "!filter", "filter", gitx.Unset, gitx.Set:
		return "no filter, and says so"
	}
	return fmt.Sprintf("the filter %q", filter)
}

// elsewhere finds filters that other attributes files give to notebooks.
func (p *planner) elsewhere(ctx context.Context, clashes []clash) error {
	if p.Global {
		return nil
	}
	uses, err := p.filters(ctx)
	if err != nil {
		return err
	}
	for _, u := range uses {
		known := u.filter == FilterName || u.filter == gitx.Unspecified
		for _, c := range clashes {
			known = known || c.filter == u.filter || !c.named() && u.filter == gitx.Unset
		}
		if known || p.Replace && !p.Private && u.filter != "lfs" && u.filter != gitx.Unset {
			continue
		}
		do := "git check-attr -a " + u.paths[0] + " and .gitattributes files in folders tell where that comes from"
		if u.filter == "lfs" {
			do = lfsAdvice
		}
		p.conflict([]string{do}, "%s by another attributes file: %s", filterWords(u.filter), some(u.paths))
	}
	return nil
}

// use is one value of the filter attribute, with the notebooks that have it.
type use struct {
	filter string
	paths  []string
}

// filters tells which filters notebooks in the index have, and one at the top
// that is not there yet.
func (t *target) filters(ctx context.Context) ([]use, error) {
	entries, err := t.repo.Tracked(ctx, ":(top,icase,glob)**/*.ipynb")
	if err != nil {
		return nil, err
	}
	paths := []string{probe}
	for _, e := range entries {
		if e.Path != paths[len(paths)-1] {
			paths = append(paths, e.Path)
		}
	}
	values, err := t.repo.Attribute(ctx, "filter", paths)
	if err != nil {
		return nil, err
	}
	var uses []use
	at := map[string]int{}
	for i, v := range values {
		if _, ok := at[v]; !ok {
			at[v] = len(uses)
			uses = append(uses, use{filter: v})
		}
		uses[at[v]].paths = append(uses[at[v]].paths, paths[i])
	}
	return uses, nil
}

// probe is a notebook that does not exist.
const probe = "any.ipynb"

// some names a few paths.
func some(paths []string) string {
	if len(paths) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(paths[:3], ", "), len(paths)-3)
	}
	return strings.Join(paths, ", ")
}

// notes says what is left to do after an installation that changes attributes.
func (p *planner) notes(ctx context.Context) {
	if p.Global {
		return
	}
	for _, s := range p.plan.Steps {
		if s.Path != p.attributes {
			continue
		}
		if !p.Private {
			p.plan.Notes = append(p.plan.Notes, "commit .gitattributes; everyone who clones runs nbseal install once, as git does not copy filters and hooks")
		}
		if entries, err := p.repo.Tracked(ctx, ":(top,icase,glob)**/*.ipynb"); err == nil && len(entries) > 0 {
			p.plan.Notes = append(p.plan.Notes, fmt.Sprintf("%d notebooks are in the repository already and have not been through the filter: git add --renormalize . runs them through it", len(entries)))
		}
	}
}
