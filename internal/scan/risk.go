package scan

import (
	"bytes"
	"slices"
	"strings"
	"unicode"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/notebook"
	"github.com/nbseal/nbseal/internal/pysource"
	"github.com/nbseal/nbseal/internal/risk"
)

// riskCells are the code cells of one notebook.
type riskCells struct {
	cells   []risk.Cell
	numbers []int        // of the cells in the notebook
	tagged  map[int]bool // numbers of the cells that papermill takes parameters from
}

// add takes in a unit of the notebook and what was found in it.
func (c *riskCells) add(u *notebook.Unit, matches []detect.Match) {
	switch {
	case u.Place == nil:
	case u.Place.Where == finding.Metadata:
		if isParametersTag(u) {
			c.tag(u.Place.Cell)
		}
	case inKernel(u):
		cell := risk.Cell{Source: string(u.Text)}
		for _, m := range matches {
			for _, p := range m.Parts {
				cell.Credentials = append(cell.Credentials, pysource.Range{Start: p.Start, End: p.End})
			}
		}
		if listsParameters(quartoOptions(u.Text)) {
			c.tag(u.Place.Cell)
		}
		c.cells, c.numbers = append(c.cells, cell), append(c.numbers, u.Place.Cell)
	}
}

func (c *riskCells) tag(cell int) {
	if c.tagged == nil {
		c.tagged = map[int]bool{}
	}
	c.tagged[cell] = true
}

// find returns the risks in the cells, by location; none if the kernel is not
// Python's. units yields the notebook's units once more, as they were given to
// add: they alone know the places of risks, and few notebooks have any.
func (c *riskCells) find(path, kernel string, units func(yield func(*notebook.Unit) bool)) (list []foundRisk) {
	if language(kernel) != detect.Python {
		return nil
	}
	for i := range c.cells {
		c.cells[i].Parameters = c.tagged[c.numbers[i]]
	}
	events := risk.Find(c.cells)
	if len(events) == 0 {
		return nil
	}
	index := 0 // of the next cell
	units(func(u *notebook.Unit) bool {
		if !inKernel(u) {
			return true
		}
		silent := Finder{unit: u}
		for len(events) > 0 && events[0].Cell == index {
			e := events[0]
			events = events[1:]
			r := finding.Risk{Rule: e.Rule.ID, Title: e.Rule.Title, Advice: e.Rule.Advice, Name: e.Name, Location: u.Locate(e.Start, e.End)}
			r.Location.Path = path
			list = append(list, foundRisk{r, silent.ignored(e.Start, e.End, e.Rule.ID)})
		}
		index++
		return len(events) > 0
	})
	return list
}

// inKernel reports whether the unit is code that a Python kernel is given: its
// own language, or a cell magic's.
func inKernel(u *notebook.Unit) bool {
	return u.Place != nil && u.Place.Where == finding.Source && u.CellType == "code" &&
		(language(u.Language) == detect.Python || bytes.HasPrefix(bytes.TrimLeft(u.Text, " \t\r\n"), []byte("%%")))
}

// isParametersTag reports whether a cell's metadata have papermill's tag:
// https://papermill.readthedocs.io/en/latest/usage-parameterize.html.
func isParametersTag(u *notebook.Unit) bool {
	key := u.Place.Key
	switch {
	case u.Place.Cell == 0:
		return false
	case key == "options": // of a notebook that is kept as text
		return listsParameters(string(u.Text))
	}
	number, ok := strings.CutPrefix(key, "tags.")
	return ok && strings.Trim(number, "0123456789") == "" && string(u.Text) == "parameters"
}

// quartoOptions are the lines "#| key: value" that a source begins with.
func quartoOptions(text []byte) string {
	var b strings.Builder
	for line := range bytes.Lines(text) {
		option, ok := bytes.CutPrefix(line, []byte("#|"))
		if !ok {
			break
		}
		b.Write(option)
	}
	return b.String()
}

// listsParameters reports whether options have the tag: tags=["parameters"],
// "tags": ["parameters"], tags: [parameters], or a list of YAML's.
func listsParameters(options string) bool {
	_, rest, ok := strings.Cut(options, "tags")
	if !ok {
		return false
	}
	list, _, _ := strings.Cut(rest, "]")
	// The tag of the cell that papermill writes itself is "injected-parameters".
	return slices.Contains(strings.FieldsFunc(list, func(r rune) bool {
		return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), "parameters")
}
