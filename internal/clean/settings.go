package clean

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/notebook"
)

// Outputs says what becomes of the outputs that stay.
type Outputs uint8

// What can become of outputs.
const (
	Redact Outputs = iota // a credential becomes a marker
	Keep                  // nothing changes, and a credential is an error
	Strip                 // they go, but for those that the notebook says stay; in these a credential becomes a marker
)

// Source says what becomes of a credential in a source.
type Source uint8

// What can become of a credential in a source.
const (
	Block        Source = iota // it is an error
	RedactSource               // it becomes a marker
)

// Settings say what is done to a notebook. The zero Settings redact outputs and
// metadata, refuse credentials in sources, and take nothing out.
type Settings struct {
	Outputs  Outputs
	Source   Source
	Strip    notebook.Strip // its Outputs is set by Outputs
	KeepKeys []string       // keys not to strip, though Strip.Keys has them
}

// The keys that nbstripout takes out: those it lists, and those that nbformat
// does not write (nbformat.v4.rwbase.strip_transient).
func nbstripoutKeys() []string {
	return []string{
		"metadata.signature", "metadata.widgets", "metadata.orig_nbformat", "metadata.orig_nbformat_minor",
		"cell.metadata.collapsed", "cell.metadata.ExecuteTime", "cell.metadata.execution", "cell.metadata.heading_collapsed",
		"cell.metadata.hidden", "cell.metadata.scrolled", "cell.metadata.trusted",
	}
}

// Set applies one setting, by its name in nbseal.toml and on the command line
// (docs/spec/clean.md). A value is of the kind that manifest.CleanKeys says.
func (s *Settings) Set(key string, value any) error {
	kind, known := manifest.CleanKeys()[key]
	if !known {
		return fmt.Errorf("there is no setting %q", key)
	}
	if fmt.Sprintf("%T", kind.Zero) != fmt.Sprintf("%T", value) {
		return fmt.Errorf("setting %s: a %T where a %T belongs", key, value, kind.Zero)
	}
	if word, ok := value.(string); ok {
		return s.setWord(key, word, kind.Words)
	}
	return s.set(key, value)
}

func (s *Settings) setWord(key, word string, words []string) error {
	n := slices.Index(words, word)
	if n < 0 {
		return fmt.Errorf("setting %s: there are %q, not %q", key, words, word)
	}
	switch key {
	case "outputs":
		s.Outputs = []Outputs{Redact, Keep, Strip}[n]
	case "source":
		s.Source = []Source{Block, RedactSource}[n]
	case "like":
		like := Settings{Outputs: Strip, Source: s.Source}
		like.Strip.Counts = true
		if word == "nbstripout" {
			like.Strip.IDs, like.Strip.Keys = true, nbstripoutKeys()
		} else {
			like.Strip.CellMetadata, like.Strip.Keys = true, []string{"metadata.language_info.version"}
		}
		*s = like
	}
	return nil
}

func (s *Settings) set(key string, value any) error {
	flag, _ := value.(bool)
	list, _ := value.([]string)
	number, _ := value.(int)
	list = slices.Clone(list)
	x := &s.Strip
	switch key {
	case "max-output":
		if number < 0 {
			return errors.New("setting max-output: it is less than 0")
		}
		x.MaxOutput = number
	case "keep-output-types":
		x.KeepOutputTypes = list
	case "drop-output-types":
		x.DropOutputTypes = list
	case "strip-counts":
		x.Counts = flag
	case "strip-ids":
		x.IDs = flag
	case "strip-keys", "keep-keys":
		for _, k := range list {
			if !manifest.IsStripKey(k) {
				return fmt.Errorf("setting %s: %q is no key such as metadata.widgets or cell.metadata.collapsed", key, k)
			}
		}
		if key == "keep-keys" {
			s.KeepKeys = list
			return nil
		}
		x.Keys = append(slices.Clip(x.Keys), list...)
	case "strip-cell-metadata":
		x.CellMetadata = flag
	case "keep-cell-metadata":
		x.KeepCellMetadata = list
	case "strip-notebook-metadata":
		x.NotebookMetadata = flag
	case "drop-empty-cells":
		x.EmptyCells = flag
	case "drop-tagged-cells":
		x.TaggedCells = list
	case "strip-init-cells":
		x.InitCells = flag
	}
	return nil
}

// strip is what is taken out, all settings taken together.
func (s *Settings) strip() notebook.Strip {
	x := s.Strip
	x.Outputs = s.Outputs == Strip
	x.Keys = slices.DeleteFunc(slices.Clone(x.Keys), func(k string) bool { return slices.Contains(s.KeepKeys, k) })
	return x
}

// Policy finds the settings that hold for a file: those of the nearest
// nbseal.toml at or above it, and then those of the command line. It reads a
// manifest once and is not safe for concurrent use.
type Policy struct {
	// Override is applied last; nil: nothing is.
	Override func(*Settings) error

	manifests map[string]*manifest.Manifest // by path
	found     map[string]string             // directory to the path of its manifest, "" for none
}

// For returns the settings for the file at path, which need not exist and is
// relative to the current directory or absolute. A manifest that cannot be read
// is an error, not passed over.
func (p *Policy) For(path string) (Settings, error) {
	var s Settings
	m, name, err := p.manifest(path)
	if err != nil {
		return s, err
	}
	if m != nil {
		for _, x := range m.Clean(name) {
			if err := s.Set(x.Key, x.Value); err != nil {
				return s, fmt.Errorf("%s: %w", m.Filename(), err)
			}
		}
	}
	if p.Override != nil {
		err = p.Override(&s)
	}
	return s, err
}

// manifest returns the manifest for a file, nil if there is none, and the file's
// path relative to it.
func (p *Policy) manifest(path string) (*manifest.Manifest, string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, "", fmt.Errorf("looking for %s: %w", manifest.Filename, err)
	}
	dir, rest := filepath.Dir(abs), filepath.Base(abs)
	if p.found == nil {
		p.found, p.manifests = map[string]string{}, map[string]*manifest.Manifest{}
	}
	// A file that is not in the work tree has settings too.
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir, rest = filepath.Dir(dir), filepath.Join(filepath.Base(dir), rest)
	}
	at, known := p.found[dir]
	if !known {
		if at, err = manifest.Find(dir); err != nil {
			return nil, "", err
		}
		p.found[dir] = at
	}
	if at == "" {
		return nil, "", nil
	}
	m := p.manifests[at]
	if m == nil {
		if m, err = manifest.Load(at); err != nil {
			return nil, "", err
		}
		p.manifests[at] = m
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil { // as Find does
		dir = real
	}
	rel, err := filepath.Rel(filepath.Dir(at), filepath.Join(dir, rest))
	if err != nil {
		return nil, "", fmt.Errorf("looking for %s: %w", manifest.Filename, err)
	}
	return m, filepath.ToSlash(rel), nil
}
