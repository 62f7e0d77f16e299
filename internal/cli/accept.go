package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/nbseal/nbseal/internal/baseline"
	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/report"
	"github.com/nbseal/nbseal/internal/ruleset"
)

// userRules reads the user's own rules, nil without any.
func (a *app) userRules(path string) (*ruleset.Set, error) {
	if path == "" {
		return nil, nil
	}
	data, err := readRules(path)
	if err != nil {
		return nil, err
	}
	builtin := map[string]bool{}
	for _, r := range detect.Rules() {
		builtin[r.ID] = true
	}
	set, err := ruleset.Load(report.Printable(path), data, ruleset.Options{
		Builtin: func(id string) bool { return builtin[id] },
		Read:    readRules,
	})
	if err != nil {
		return nil, err
	}
	for _, n := range set.Notes() {
		a.ui.note("%s", n)
	}
	return set, nil
}

// readRules reads a little more than rules may have, which Load then refuses.
func readRules(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, ruleset.MaxSize+1))
}

// acceptance is what a scan leaves alone, or takes down to be left alone.
type acceptance struct {
	app   *app
	list  *baseline.Baseline
	path  string // where the list is to be written; "" if it is not
	made  bool   // with a key that is new
	ring  *baseline.Keyring
	known func(finding.Finding) bool // nil: there is no list
}

func (a *app) openBaseline(flags scanFlags) (*acceptance, error) {
	if flags.baseline == "" && flags.writeBaseline == "" {
		return &acceptance{}, nil
	}
	ring, err := baseline.OpenKeyring(a.Getenv)
	if err != nil {
		return nil, err
	}
	b := &acceptance{app: a, ring: ring, path: flags.writeBaseline}
	if b.path == "" {
		b.list, err = baseline.Open(flags.baseline, ring)
		if errors.Is(err, baseline.ErrNoKey) {
			err = hinted(err, "set NBSEAL_BASELINE_KEY or NBSEAL_BASELINE_KEY_FILE, or remove the file to begin anew")
		}
		if err != nil {
			return nil, err
		}
		b.known = b.list.Has
		return b, nil
	}
	if b.list, b.made, err = baseline.Renew(b.path, ring); err != nil {
		return nil, err
	}
	b.known = func(f finding.Finding) bool { b.list.Add(f); return true }
	return b, nil
}

// write writes the list, if the scan saw everything.
func (b *acceptance) write(complete bool) error {
	if b.path == "" {
		return nil
	}
	if !complete {
		return errors.New("the baseline was not written, because not everything was read")
	}
	if err := b.list.Write(b.path); err != nil {
		return fmt.Errorf("writing the baseline: %w", err)
	}
	b.app.ui.note("wrote %s with %d credentials", report.Printable(b.path), b.list.Len())
	if b.made {
		b.app.ui.note("hint: its key is in %s; others and CI need it as NBSEAL_BASELINE_KEY", report.Printable(b.ring.Path()))
	}
	return nil
}
