package scan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/gitx"
)

// stateVersion is that of the file's format.
const stateVersion = 1

// maxState bounds the file, in bytes.
const maxState = 256 << 20

// State is what an earlier scan of a repository's whole history has read, so that
// the next one reads what is new and answers the same. It names commits, and the
// versions of files in which something was found or that could not be read: these
// are read again each time. It holds no credential and nothing made of one.
// The format is specified in docs/spec/history-state.md.
type State struct {
	// Fresh says why everything is read; "" if the state is used.
	Fresh string
	// Unkept says why there is nothing to write; "" if there is.
	Unkept string

	path string
	key  string
	file stateFile
}

type stateFile struct {
	Version int         `json:"version"`
	Key     string      `json:"key"`
	Tips    []string    `json:"tips"`
	Held    []stateHeld `json:"held"`
}

// stateHeld is a version of a file, and a commit that brought it in.
type stateHeld struct {
	Commit string `json:"commit"`
	Blob   string `json:"blob"`
	Path   string `json:"path"` // as strconv.QuoteToASCII has it
	Link   bool   `json:"link,omitempty"`
}

// OpenState reads the state that is kept at path. A state that was made by another
// program, with other rules or for other options is passed over, and so is one
// that is damaged; a file that is not there is a state in which nothing was read.
// The rules are the bytes of what the user's rules were read from.
func OpenState(path string, opt HistoryOptions, rules ...[]byte) (*State, error) {
	if !opt.all() || !opt.Since.IsZero() {
		return nil, errors.New("a state is of the whole history, not of a part of it")
	}
	key, err := stateKey(opt, rules)
	if err != nil {
		return nil, err
	}
	s := &State{path: path, key: key, Unkept: "the scan did not come to its end"}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		s.Fresh = "there is no state yet"
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening the state: %w", err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxState))
	if err != nil {
		return nil, fmt.Errorf("reading the state %q: %w", path, err)
	}
	var file stateFile
	switch err := json.Unmarshal(src, &file); {
	case err != nil:
		s.Fresh = "the state is damaged"
	case file.Version != stateVersion:
		s.Fresh = "the state has another version"
	case file.Key != key:
		s.Fresh = "the state was made by another nbseal, with other rules or for other paths"
	default:
		s.file = file
	}
	return s, nil
}

// stateKey is made of all that decides what a scan finds: the program itself
// among it, since what it reads and finds changes with each build.
func stateKey(opt HistoryOptions, rules [][]byte) (string, error) {
	h := sha256.New()
	program, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program: %w", err)
	}
	f, err := os.Open(program)
	if err != nil {
		return "", fmt.Errorf("reading this program: %w", err)
	}
	defer f.Close()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("reading this program: %w", err)
	}
	for _, r := range rules {
		fmt.Fprintf(h, " rules %q", r)
	}
	fmt.Fprintf(h, " paths %q lfs %v", opt.Paths, opt.SkipLFS)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// known tells of each commit whether it was read. A commit that is not reached
// any longer, as after history was rewritten, makes none known.
func (s *State) known(g *gitx.Graph) []bool {
	if s.Fresh != "" {
		return nil
	}
	var tips []gitx.ID
	for _, text := range s.file.Tips {
		if id, err := gitx.ParseID(text); err == nil {
			tips = append(tips, id)
		}
	}
	return g.Reachable(tips)
}

// recall adds what is to be read again.
func (s *State) recall(h *history) {
	if s.Fresh != "" {
		return
	}
	for _, e := range s.file.Held {
		commit, err1 := gitx.ParseID(e.Commit)
		blob, err2 := gitx.ParseID(e.Blob)
		path, err3 := strconv.Unquote(e.Path)
		at := h.graph.Index(commit)
		if errors.Join(err1, err2, err3) != nil || at < 0 {
			continue
		}
		p, ok := h.pathAt[path]
		if !ok {
			p = h.addPath(path)
		}
		h.changes = append(h.changes, change{h.addBlob(blob), p, int32(at), e.Link})
	}
}

// keep makes the next state of what a scan has read.
func (s *history) keep(state *State) {
	if s.partial {
		state.Unkept = "the history is not whole in this clone"
		return
	}
	state.Unkept = ""
	next := stateFile{Version: stateVersion, Key: state.key, Tips: []string{}, Held: []stateHeld{}}
	for _, id := range s.graph.Heads() {
		next.Tips = append(next.Tips, id.String())
	}
	for _, c := range s.changes {
		if s.leaks.held[c.blob] {
			next.Held = append(next.Held, stateHeld{
				s.graph.ID(int(c.commit)).String(), s.blobs[c.blob].String(), strconv.QuoteToASCII(s.paths[c.path]), c.link,
			})
		}
	}
	state.file = next
}

// Write keeps the state for the next scan, if the scan that it was given to came
// to its end. The file is private.
func (s *State) Write() error {
	if s.Unkept != "" {
		return nil
	}
	b, err := json.Marshal(s.file)
	if err == nil {
		err = atomicfile.Write(s.path, append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	return nil
}
