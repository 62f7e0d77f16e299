package guard

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
)

// Uninstall plans what takes the guards away, attributes first. Files that
// nobody changed since become what they were; from others only nbseal's own
// lines go. What is left is in the plan's Conflicts.
func Uninstall(ctx context.Context, o Options) (*Plan, error) {
	return planned(ctx, o, uninstall)
}

func uninstall(ctx context.Context, o Options) (*Plan, error) {
	o.Text = nil
	p, err := newPlanner(ctx, o)
	if err != nil {
		return nil, err
	}
	p.rec = record{}
	files := slices.Clone(p.old.Files)
	slices.SortStableFunc(files, func(a, b fileRecord) int { return p.rank(a) - p.rank(b) })
	for _, f := range files {
		if p.rank(f) == 0 {
			if err := p.restore(f); err != nil {
				return nil, err
			}
		}
	}
	if p.attributes != "" {
		if err := p.leftAttributes(); err != nil {
			return nil, err
		}
	}
	if err := p.uninstallHooks(ctx); err != nil {
		return nil, err
	}
	if err := p.uninstallConfig(ctx, files); err != nil {
		return nil, err
	}
	p.finish(false)
	if dir := filepath.Dir(p.state); !o.Global && (p.text != nil || isEmpty(dir)) {
		p.step(Step{What: "remove the directory of the record, if it is empty", Path: dir, Record: true, action: rmdir})
	}
	return &p.plan, nil
}

// rank puts the configuration last.
func (p *planner) rank(f fileRecord) int {
	if f.path(p.repo) == p.config {
		return 1
	}
	return 0
}

// restore plans the undoing of one file.
func (p *planner) restore(f fileRecord) error {
	path := f.path(p.repo)
	now, err := read(path)
	if err != nil || now == nil {
		return err
	}
	after, lost := undo(now, f.Hunks)
	if path == p.config {
		after = withoutLines(after, lost)
	}
	for _, h := range lost {
		p.conflict([]string{"look for these lines and delete them, if they are still there:", h.New}, "%s was changed since", p.among(path))
	}
	if bytes.Equal(after, now) {
		return nil
	}
	if len(after) == 0 {
		after = []byte{}
		if f.Created {
			after = nil
		}
	}
	s := Step{What: "take out what nbseal added", Path: path, before: now, after: after, perm: 0o666}
	for _, h := range f.Hunks {
		if !slices.Contains(lost, h) {
			s.Added = append(s.Added, linesOf(h.Old)...)
			s.Removed = append(s.Removed, linesOf(h.New)...)
		}
	}
	p.step(s)
	return nil
}

// withoutLines takes single lines out of a configuration file where the whole is
// not there any more. Headers stay: what a user has put below them belongs to
// them.
func withoutLines(text []byte, hunks []hunk) []byte {
	for _, h := range hunks {
		for line := range strings.Lines(h.New) {
			if !strings.HasPrefix(line, "[") && strings.TrimSpace(line) != "" {
				text, _ = undo(text, []hunk{{At: h.At, New: line}})
			}
		}
	}
	return text
}

// leftAttributes says which lines still name the filter, without a driver from
// now on: git then lets everything through, and says nothing.
func (p *planner) leftAttributes() error {
	text, err := read(p.attributes)
	if err != nil {
		return err
	}
	for _, s := range p.plan.Steps {
		if s.Path == p.attributes {
			text = s.after
		}
	}
	for _, r := range rules(text) {
		if r.filter == FilterName {
			p.conflict([]string{"delete that line if nobody uses nbseal in this repository any more; others who have nbseal installed need it"},
				"%s, line %d: still names the filter for %s, which was not added by nbseal install here", p.among(p.attributes), r.number, r.pattern)
		}
	}
	return nil
}

func (p *planner) uninstallHooks(ctx context.Context) error {
	hooks := slices.Clone(p.old.Hooks)
	if p.hooksKnown {
		for _, h := range hooksFor(!p.Global && p.repo.Bare()) {
			path := filepath.Join(p.hooks.Dir, h.name)
			if !slices.ContainsFunc(hooks, func(r hookRecord) bool { return r.path(p.repo) == path }) {
				hooks = append(hooks, hookRecord{position: p.position(path), Name: h.name, Script: h.script(p.program), Aside: exists(path + aside)})
			}
			if m, err := p.managerOf(ctx, h); err != nil {
				return err
			} else if m != nil {
				if err := p.leftTo(m, h); err != nil {
					return err
				}
			}
		}
	}
	for _, r := range hooks {
		if err := p.uninstallHook(r); err != nil {
			return err
		}
	}
	return nil
}

// leftTo says that a manager still calls nbseal.
func (p *planner) leftTo(m *manager, h hook) error {
	for _, file := range m.files {
		text, err := readHook(file)
		if err != nil {
			return err
		}
		if h.calls(text) && !isOurs(text) {
			p.conflict([]string{"take nbseal out of that file"}, "%s runs nbseal in the %s hook by %s", m.name, h.name, p.among(file))
		}
	}
	return nil
}

func (p *planner) uninstallHook(r hookRecord) error {
	path := r.path(p.repo)
	before := path + aside
	left := false
	// The pre-commit framework and lefthook put what was there under other names.
	for _, at := range []string{path, path + ".legacy", path + ".old"} {
		now, err := readHook(at)
		if err != nil {
			return err
		}
		switch {
		case string(now) == r.Script && exists(before):
			p.step(Step{What: "put back the " + r.Name + " hook that was there", Path: at, From: before, action: rename, before: now, perm: 0o777, hook: true})
		case string(now) == r.Script:
			p.step(Step{What: "remove the " + r.Name + " hook", Path: at, Removed: linesOf(r.Script), before: now, perm: 0o777, hook: true})
		case isOurs(now):
			do := []string{"delete it, or what in it is nbseal's"}
			if exists(before) {
				do = append(do, "the hook that was there before is "+p.among(before))
			}
			p.conflict(do, "%s was changed since it was installed, and stays", p.among(at))
		case now == nil && at == path && r.Aside && exists(before) && !exists(path+".legacy") && !exists(path+".old"):
			p.step(Step{What: "put back the " + r.Name + " hook that was there", Path: at, From: before, action: rename})
		default:
			left = left || now != nil
			continue
		}
		left = false
		break
	}
	if left && r.Aside && exists(before) {
		p.conflict([]string{"delete it, or put it in the place of that hook"}, "%s is now another hook than nbseal's, so the one from before stays in %s", p.among(path), p.among(before))
	}
	for dir := filepath.Dir(path); r.Made > 0; dir = filepath.Dir(dir) {
		if exists(dir) {
			p.step(Step{What: "remove the directory of the hooks, if it is empty", Path: dir, action: rmdir})
		}
		r.Made--
	}
	return nil
}

func (p *planner) uninstallConfig(ctx context.Context, files []fileRecord) error {
	for _, f := range files {
		if p.rank(f) == 1 {
			if err := p.restore(f); err != nil {
				return err
			}
		}
	}
	now, err := read(p.config)
	if err != nil || now == nil {
		return err
	}
	if slices.ContainsFunc(p.plan.Steps, func(s Step) bool { return s.Path == p.config }) {
		return nil
	}
	for _, section := range []string{"filter." + FilterName, "diff." + FilterName} {
		values, err := p.git.ConfigSection(ctx, section, "--file", p.config)
		if err != nil {
			return err
		}
		if len(values) > 0 {
			p.conflict([]string{"git config --file " + shellWord(p.config) + " --remove-section " + section},
				"%s has a section %s that nbseal install did not record", p.among(p.config), section)
		}
	}
	return nil
}
