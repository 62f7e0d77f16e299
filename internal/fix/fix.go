// Package fix moves hard-coded credentials out of a notebook.
//
// [Make] reads a notebook and plans: each credential in Python source becomes a
// call of nbseal.get, each one in Markdown, raw cells, metadata and outputs a
// marker, [nbseal:NAME]. [Plan.Apply] stores the values first and then replaces
// the file in one step, so that nothing is lost whenever it is interrupted.
// Bytes outside the edits do not change, and what cannot be rewritten safely is
// left as it is and listed with the reason.
//
// No copy of the notebook is kept: the values are in the vault, everything else
// is in the file. What the file system or earlier backups still hold is beyond
// this package.
package fix

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/edit"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/notebook"
	"github.com/nbseal/nbseal/internal/pysource"
	"github.com/nbseal/nbseal/internal/scan"
	"github.com/nbseal/nbseal/internal/secret"
)

// Vault is where credentials go.
type Vault interface {
	// Holds tells whether a name is taken and, if so, whether by this value.
	Holds(ctx context.Context, name string, v secret.Value) (taken, same bool, err error)
	// Put stores a value durably.
	Put(ctx context.Context, name string, v secret.Value) error
}

// Plan is what is to be done to one notebook.
type Plan struct {
	Path  string
	Moved []Moved      // credentials that go to the vault, in order of position
	Gone  []Redacted   // places that become markers
	Left  []Unresolved // what stays, and why

	src     []byte
	out     []byte
	units   []*unitPlan // those that change or keep a credential
	vault   Vault
	secrets []named // new ones, in order of appearance
}

// Moved is a credential that goes to the vault.
type Moved struct {
	Finding finding.Finding
	Name    string // in the vault
	New     bool   // false: the vault has it already, or it occurred before
	Code    bool   // replaced by code that fetches it; otherwise by a marker
}

// Redacted is a place whose credential becomes a marker and is not kept.
type Redacted struct {
	Location finding.Location
	Title    string
	Marker   string
}

// Unresolved is a credential that stays where it is.
type Unresolved struct {
	Finding finding.Finding
	Reason  string // for people
}

type named struct {
	name  string
	value secret.Value
}

// unitPlan is the work on one unit of text.
type unitPlan struct {
	unit    *notebook.Unit
	marks   []*mark
	changes []notebook.Change
}

// mark is one credential in one unit.
type mark struct {
	parts  []detect.Span
	match  *detect.Match // nil: a known value found again
	f      finding.Finding
	store  bool   // it goes to the vault
	name   string // in the vault; "" when unknown
	fresh  bool   // this run puts it there
	reason string // why it stays
	code   bool
}

// Names remembers, over several notebooks of one run, which value goes by which
// name. The zero Names is ready.
type Names struct {
	list []named
}

// Make plans the fix of the notebook src. The path is for messages.
func Make(ctx context.Context, path string, src []byte, vault Vault, names *Names) (*Plan, error) {
	nb, err := notebook.Parse(src)
	if err != nil {
		return nil, err
	}
	p := &Plan{Path: path, src: src, out: src, vault: vault}
	planner := &planner{plan: p, nb: nb, vault: vault, names: names, detector: detect.New()}
	if err := planner.run(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Changed reports whether the notebook would change.
func (p *Plan) Changed() bool { return len(p.out) != len(p.src) || &p.out[0] != &p.src[0] }

// Bytes is the notebook as it will be.
func (p *Plan) Bytes() []byte { return p.out }

// Store puts the new values into the vault.
func (p *Plan) Store(ctx context.Context) error {
	for _, s := range p.secrets {
		if err := p.vault.Put(ctx, s.name, s.value); err != nil {
			return fmt.Errorf("storing %s: %w", s.name, err)
		}
	}
	return nil
}

// Apply stores the values and then replaces the file, unless it has changed
// since it was read.
func (p *Plan) Apply(ctx context.Context) error {
	if err := p.Store(ctx); err != nil {
		return err
	}
	if !p.Changed() {
		return nil
	}
	return atomicfile.Write(p.Path, p.out, atomicfile.KeepMode(), atomicfile.IfUnchanged(p.src))
}

// planner makes one plan.
type planner struct {
	plan     *Plan
	nb       *notebook.Notebook
	vault    Vault
	names    *Names
	detector *detect.Detector
	units    []*unitPlan
	imported bool // an earlier cell imports nbseal
}

func (p *planner) run(ctx context.Context) error {
	p.find()
	if err := p.nameAll(ctx); err != nil {
		return err
	}
	if err := p.findAgain(ctx); err != nil {
		return err
	}
	for _, u := range p.units {
		if err := p.rewrite(u); err != nil {
			return err
		}
	}
	if err := p.splice(); err != nil {
		return err
	}
	p.report()
	return p.verify()
}

// find collects what the detector sees in each unit.
func (p *planner) find() {
	find := scan.Finder{Detector: p.detector}
	p.nb.Units(func(u *notebook.Unit) bool {
		up := &unitPlan{unit: u}
		find.In(u, func(m detect.Match) {
			if find.Ignored(m) {
				return
			}
			up.marks = append(up.marks, &mark{parts: m.Parts, match: &m, f: p.finding(u, m.Parts, &m), store: isKept(u)})
		})
		p.units = append(p.units, up)
		return true
	})
}

// isKept reports whether a credential in the unit goes to the vault. An output
// only repeats what a cell printed.
func isKept(u *notebook.Unit) bool { return u.Place.Where != finding.Output }

func isPython(u *notebook.Unit, nb *notebook.Notebook) bool {
	return u.Place.Where == finding.Source && u.CellType == "code" && isPythonName(nb.Language)
}

func isPythonName(language string) bool {
	return language == "python" || language == "ipython" || language == "xeus-python"
}

func (p *planner) finding(u *notebook.Unit, parts []detect.Span, m *detect.Match) finding.Finding {
	if m != nil {
		return scan.Finding(p.plan.Path, u, *m)
	}
	f := finding.Finding{Rule: "known-value", Title: "a value found elsewhere", Severity: finding.High, Preview: "…"}
	f.Location = u.Locate(parts[0].Start, parts[len(parts)-1].End)
	f.Location.Path = p.plan.Path
	return f
}

// nameAll decides under which name each credential is kept.
func (p *planner) nameAll(ctx context.Context) error {
	for _, u := range p.units {
		values := p.values(u)
		for i, m := range u.marks {
			if !m.store || m.reason != "" {
				continue
			}
			name, fresh, err := p.names.pick(ctx, p.vault, wish(m), values[i])
			if err != nil {
				return err
			}
			m.name, m.fresh = name, fresh
			if fresh {
				p.plan.secrets = append(p.plan.secrets, named{name, values[i]})
			}
		}
	}
	return nil
}

// values are what is to be stored for each mark of a unit. In Python source
// that is the value of the literal, and a mark that cannot be rewritten learns
// its reason here.
func (p *planner) values(u *unitPlan) []secret.Value {
	out := make([]secret.Value, len(u.marks))
	for i, m := range u.marks {
		out[i] = secretOf(u.unit, m.parts)
	}
	switch {
	case isPython(u.unit, p.nb):
		for i, o := range p.python(u).Outcomes {
			u.marks[i].reason = o.Reason
			if o.Reason == "" {
				out[i] = o.Value
			}
		}
	case u.unit.Place.Where == finding.Attachment:
		for _, m := range u.marks {
			m.reason = "it is in an attached file; remove the attachment"
		}
	case u.unit.Place.Where == finding.Source && u.unit.CellType == "code":
		for _, m := range u.marks {
			m.reason = fmt.Sprintf("%s source is not rewritten; store it with nbseal set and read it from the environment", p.nb.Language)
		}
	}
	return out
}

func secretOf(u *notebook.Unit, parts []detect.Span) secret.Value {
	var b []byte
	for _, s := range parts {
		b = append(b, u.Text[s.Start:s.End]...)
	}
	return secret.New(b)
}

// python plans the rewriting of a cell's source.
func (p *planner) python(u *unitPlan) pysource.Result {
	creds := make([]pysource.Cred, len(u.marks))
	for i, m := range u.marks {
		creds[i].Name = cmp.Or(m.name, fmt.Sprintf("UNNAMED_%d", i))
		for _, s := range m.parts {
			creds[i].Ranges = append(creds[i].Ranges, pysource.Range{Start: s.Start, End: s.End})
		}
	}
	return pysource.Rewrite(string(u.unit.Text), creds)
}

// splice applies the changes of all units to the source.
func (p *planner) splice() error {
	buf := edit.New(p.plan.src)
	for _, u := range p.units {
		if len(u.changes) == 0 {
			continue
		}
		if err := u.unit.Rewrite(buf, u.changes); err != nil {
			return fmt.Errorf("cell %d: %w", u.unit.Place.Cell, err)
		}
	}
	out, err := buf.Bytes()
	if err != nil {
		return err
	}
	p.plan.out = out
	return nil
}

// report fills in the plan's lists.
func (p *planner) report() {
	for _, u := range p.units {
		if len(u.changes) > 0 || len(u.marks) > 0 {
			p.plan.units = append(p.plan.units, u)
		}
		for _, m := range u.marks {
			switch {
			case m.reason != "":
				p.plan.Left = append(p.plan.Left, Unresolved{m.f, m.reason})
			case m.store:
				p.plan.Moved = append(p.plan.Moved, Moved{m.f, m.name, m.fresh, m.code})
			default:
				p.plan.Gone = append(p.plan.Gone, Redacted{m.f.Location, m.f.Title, m.marker()})
			}
		}
	}
	byPlace := func(a, b finding.Location) int { return a.Compare(b) }
	slices.SortStableFunc(p.plan.Moved, func(a, b Moved) int { return byPlace(a.Finding.Location, b.Finding.Location) })
	slices.SortStableFunc(p.plan.Gone, func(a, b Redacted) int { return byPlace(a.Location, b.Location) })
	slices.SortStableFunc(p.plan.Left, func(a, b Unresolved) int { return byPlace(a.Finding.Location, b.Finding.Location) })
}

// verify reads the result as a stranger would. It must be a notebook; what still
// looks like a credential there, and was not left on purpose, is reported too.
func (p *planner) verify() error {
	nb, err := notebook.Parse(p.plan.out)
	if err != nil {
		return fmt.Errorf("the result would not be a notebook (%w); nothing was changed", err)
	}
	left, find := p.plan.Left, scan.Finder{Detector: p.detector}
	nb.Units(func(u *notebook.Unit) bool {
		find.In(u, func(m detect.Match) {
			f := scan.Finding(p.plan.Path, u, m)
			if !find.Ignored(m) && !slices.ContainsFunc(left, func(l Unresolved) bool { return l.Finding.Secret.Equal(f.Secret) }) {
				p.plan.Left = append(p.plan.Left, Unresolved{f, "what stands here now still looks like a credential"})
			}
		})
		return true
	})
	return nil
}
