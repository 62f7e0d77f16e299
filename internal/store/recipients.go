package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/plugin"
	"filippo.io/age/tag"
)

const (
	recipientsName = ".age-recipients"

	// maxRecipients bounds a recipients file, in bytes: 500 of the longest.
	maxRecipients = 1 << 20

	// maxLine bounds a line of it, in bytes, as age does.
	maxLine = 8 << 10

	// maxLabel is the longest name of a recipient, in bytes.
	maxLabel = 200
)

// ErrMixed says that post-quantum and classic recipients stand together.
var ErrMixed = errors.New("post-quantum and classic recipients do not mix")

// Recipient is whom a value can be encrypted to: a native age recipient, classic
// (age1…) or post-quantum (age1pq1…), a tagged one (age1tag1…, age1tagpq1…), one
// of a plugin (age1NAME1…) or a public SSH key (ssh-ed25519, ssh-rsa). A
// passphrase is none: age allows it for a file alone, and whoever encrypts to it
// could decrypt as well.
type Recipient struct {
	Text string // as it stands in a recipients file, without a comment
	Name string // whose it is, as the file says; may be empty
	Kind string // x25519, post-quantum, tag, tag-pq, ssh-ed25519, ssh-rsa, or plugin NAME

	line   int // in its file, from 1; 0 if it is from elsewhere
	parsed age.Recipient
}

// ParseRecipient reads one recipient, of an SSH key with its comment, which
// becomes the name. Errors do not quote s: it may be a key that is to stay secret.
func ParseRecipient(s string) (Recipient, error) {
	r := Recipient{Text: s}
	var err error
	switch kind, _, _ := strings.Cut(s, " "); {
	case strings.HasPrefix(s, "AGE-"), strings.HasPrefix(s, "-----BEGIN"):
		return r, errors.New("it is an identity, which is to stay secret, and not a recipient")
	case strings.HasPrefix(s, "age1pq1"):
		r.Kind = "post-quantum"
		r.parsed, err = age.ParseHybridRecipient(s)
	case strings.HasPrefix(s, "age1tagpq1"):
		r.Kind = "tag-pq"
		r.parsed, err = tag.ParseRecipient(s)
	case strings.HasPrefix(s, "age1tag1"):
		r.Kind = "tag"
		r.parsed, err = tag.ParseRecipient(s)
	case strings.HasPrefix(s, "age1") && strings.Count(s, "1") > 1:
		var name string
		name, _, err = plugin.ParseRecipient(s)
		r.Kind = pluginKind + name
	case strings.HasPrefix(s, "age1"):
		r.Kind = "x25519"
		r.parsed, err = age.ParseX25519Recipient(s)
	case kind == "ssh-ed25519", kind == "ssh-rsa":
		r.Kind = kind
		r.parsed, err = agessh.ParseRecipient(s)
		if fields := strings.Fields(s); err == nil && len(fields) >= 2 {
			r.Text, r.Name = fields[0]+" "+fields[1], label(strings.Join(fields[2:], " "))
		}
	case strings.HasPrefix(kind, "ecdsa-"), strings.HasPrefix(kind, "sk-"), strings.HasPrefix(kind, "ssh-"):
		return r, errors.New("age encrypts to SSH keys of the kinds ssh-ed25519 and ssh-rsa only")
	default:
		return r, errors.New("it is not a recipient: age1…, ssh-ed25519 … or ssh-rsa …")
	}
	if err != nil {
		return r, errors.New("it is damaged or incomplete")
	}
	return r, nil
}

const pluginKind = "plugin "

// label is s if it can be shown as the name of a recipient.
func label(s string) string {
	if len(s) > maxLabel || !utf8.ValidString(s) || strings.ContainsFunc(s, isControl) {
		return ""
	}
	return s
}

// isControl reports whether a character can move a terminal's cursor or hide
// what stands beside it.
func isControl(r rune) bool {
	return r < ' ' || 0x7f <= r && r < 0xa0 || 0x200b <= r && r <= 0x200f || 0x2028 <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 || r == 0xfeff
}

// String names the recipient for people.
func (r Recipient) String() string {
	text := r.Text
	if len(text) > 30 {
		text = text[:20] + "…" + text[len(text)-6:]
	}
	if r.Name != "" {
		return r.Name + " (" + text + ")"
	}
	return text
}

// postQuantum reports whether age wants the recipient among others of its like;
// of a plugin's that is not known before the plugin runs.
func (r Recipient) postQuantum() (is, known bool) {
	return r.Kind == "post-quantum" || r.Kind == "tag-pq", !strings.HasPrefix(r.Kind, pluginKind)
}

// parseRecipients reads a recipients file as age and passage do. A comment in
// the line above a recipient names it.
func parseRecipients(text []byte) ([]Recipient, error) {
	var list []Recipient
	name, n := "", 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if comment, ok := strings.CutPrefix(line, "#"); ok || line == "" {
			name = label(strings.TrimSpace(comment))
			continue
		}
		if len(line) > maxLine {
			return nil, fmt.Errorf("line %d is longer than %d bytes", n, maxLine)
		}
		r, err := ParseRecipient(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if name != "" {
			r.Name = name
		}
		r.line, name = n, ""
		list = append(list, r)
	}
	if len(list) == 0 {
		return nil, errors.New("there is no recipient in it")
	}
	return list, checkMix(list)
}

// checkMix is ErrMixed if age would refuse to encrypt to all of the list.
func checkMix(list []Recipient) error {
	var with, without *Recipient
	for i, r := range list {
		switch is, known := r.postQuantum(); {
		case known && is && with == nil:
			with = &list[i]
		case known && !is && without == nil:
			without = &list[i]
		}
	}
	if with != nil && without != nil {
		return fmt.Errorf("%w: %v is post-quantum, %v is not, and a file for both would be as weak as the weaker", ErrMixed, with, without)
	}
	return nil
}

// usable returns what age encrypts to.
func (s *Store) usable(list []Recipient) []age.Recipient {
	out := make([]age.Recipient, len(list))
	for i, r := range list {
		if name, ok := strings.CutPrefix(r.Kind, pluginKind); ok {
			out[i] = s.plugins.recipient(name, r.Text)
		} else {
			out[i] = r.parsed
		}
	}
	return out
}

// nearestRecipients returns the recipients for files in the folder dir, the text
// of their file and the folder it is in: that folder or the nearest above it.
func nearestRecipients(root *os.Root, dir string) (list []Recipient, text []byte, from string, err error) {
	for {
		p := path.Join(dir, recipientsName)
		text, err := readRecipients(root, p)
		if err == nil {
			list, err := parseRecipients(text)
			if err != nil {
				return nil, nil, "", fmt.Errorf("reading %q: %w", p, err)
			}
			return list, text, dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, "", fmt.Errorf("reading %q: %w", p, err)
		}
		if dir == "." {
			return nil, nil, "", fmt.Errorf("%w: its %s is gone", ErrNoStore, recipientsName)
		}
		dir = path.Dir(dir)
	}
}

func readRecipients(root *os.Root, p string) ([]byte, error) {
	f, err := root.Open(p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, maxRecipients)
}

// Group is a folder with a recipients file of its own: what is in it, and in
// the folders below without one, is encrypted to its recipients.
type Group struct {
	Folder     string // "" is the whole store
	Recipients []Recipient
	Secrets    []string // paths of the files without their ".age", sorted
}

// Groups returns all groups, by folder.
func (s *Store) Groups() ([]Group, error) {
	root, err := s.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	groups, err := readGroups(root)
	if err != nil {
		return nil, fmt.Errorf("reading the recipients of store %q: %w", s.dir, err)
	}
	return groups, nil
}

func readGroups(root *os.Root) ([]Group, error) {
	byFolder := map[string]*Group{}
	err := walk(root, func(p string, d fs.DirEntry) error {
		n, ok := strings.CutSuffix(p, extension)
		dir := p
		if !d.IsDir() {
			dir = path.Dir(p)
			if !ok || !d.Type().IsRegular() {
				return nil
			}
		}
		list, _, from, err := nearestRecipients(root, dir)
		if err != nil {
			return err
		}
		if byFolder[from] == nil {
			byFolder[from] = &Group{Folder: strings.TrimPrefix(from, "."), Recipients: list}
		}
		if !d.IsDir() {
			byFolder[from].Secrets = append(byFolder[from].Secrets, n)
		}
		return nil
	})
	groups := make([]Group, 0, len(byFolder))
	for _, g := range byFolder {
		slices.Sort(g.Secrets)
		groups = append(groups, *g)
	}
	slices.SortFunc(groups, func(a, b Group) int { return strings.Compare(a.Folder, b.Folder) })
	return groups, err
}

// Recipients returns to whom the files in a folder are encrypted, "" for the
// store's own, and in which folder the file is that says so.
func (s *Store) Recipients(folder string) (list []Recipient, from string, err error) {
	dir, err := folderPath(folder)
	if err != nil {
		return nil, "", err
	}
	root, err := s.open()
	if err != nil {
		return nil, "", err
	}
	defer root.Close()
	list, _, from, err = nearestRecipients(root, dir)
	return list, strings.TrimPrefix(from, "."), err
}

// folderPath is the path of a folder under the root.
func folderPath(folder string) (string, error) {
	if folder == "" || folder == "." {
		return ".", nil
	}
	folder = strings.TrimSuffix(folder, "/")
	// A secret's name below it is the test of a folder's name.
	if err := ValidateName(folder + "/x"); err != nil {
		return "", fmt.Errorf("the folder %q: %w", folder, err)
	}
	return folder, nil
}
