package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/secret"
)

const (
	metaSuffix = ".nbseal.json"

	// MaxNote is the longest note, or text that says where to revoke, in bytes.
	MaxNote = 4 << 10

	// maxMeta bounds a metadata file, in bytes: two texts for some hundred
	// recipients each.
	maxMeta = 1 << 20

	metaVersion = 1
)

// About is what is to be known about a secret. A nil field leaves what is there,
// an empty one removes it.
type About struct {
	Note    *string    // for people, in several lines if need be; encrypted
	Revoke  *string    // where to revoke it, an address or a command; one line, encrypted
	Expires *time.Time // when the value ceases to be valid; not encrypted
}

// Info is what can be known about a secret without opening it.
type Info struct {
	Name    string
	Created time.Time // zero if it is not recorded
	Changed time.Time // when the value was; of the file, if Recorded is false
	Expires time.Time // zero if it is not recorded for this value
	// Recorded says that the record is about the value that is there. Otherwise
	// another program wrote the value, or there is no record.
	Recorded  bool
	HasNote   bool
	HasRevoke bool
	Damaged   error // of the record, which then tells nothing
}

// Expired reports whether the value is no longer valid at that time.
func (i Info) Expired(at time.Time) bool { return !i.Expires.IsZero() && !i.Expires.After(at) }

// meta is the content of a metadata file. Dates are in clear, so that they can
// be watched where no key is; texts are armored age files for the recipients of
// the value.
type meta struct {
	Version int       `json:"version"`
	Created time.Time `json:"created,omitzero"`
	Note    string    `json:"note,omitempty"`
	Revoke  string    `json:"revoke,omitempty"`
	// Values are the records of the value that is there or is about to be, and
	// after it of the one before.
	Values []record `json:"values"`
}

// record is about one value, known by the digest of its file.
type record struct {
	SHA256  string    `json:"sha256"`
	Changed time.Time `json:"changed"`
	Expires time.Time `json:"expires,omitzero"`
}

func metaPath(n string) string { return path.Join(path.Dir(n), "."+path.Base(n)+metaSuffix) }

func (m *meta) empty() bool { return m.Version == 0 }

// texts are the fields that are encrypted, by what they are called in errors.
func (m *meta) texts() map[string]*string {
	return map[string]*string{"note": &m.Note, "revoke": &m.Revoke}
}

// of returns the record about a file.
func (m *meta) of(file []byte) (record, bool) {
	sum := digest(file)
	i := slices.IndexFunc(m.Values, func(r record) bool { return r.SHA256 == sum })
	if i < 0 {
		return record{}, false
	}
	return m.Values[i], true
}

func digest(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

// renew makes sealed the value that is about to be, and keeps what there is about
// the old file, which may be nil.
func (m *meta) renew(old, sealed []byte, now time.Time, about About) {
	now = now.UTC().Truncate(time.Second)
	next := record{SHA256: digest(sealed), Changed: now}
	if about.Expires != nil && !about.Expires.IsZero() {
		next.Expires = about.Expires.UTC().Truncate(time.Second)
	}
	if m.empty() {
		m.Version = metaVersion
		if old == nil {
			m.Created = now
		}
	}
	m.replace(old, next)
}

// follow says the same of sealed as of old: the value is the same.
func (m *meta) follow(old, sealed []byte) {
	if r, ok := m.of(old); ok {
		r.SHA256 = digest(sealed)
		m.replace(old, r)
	}
}

func (m *meta) replace(old []byte, next record) {
	before, ok := m.of(old)
	m.Values = []record{next}
	if old != nil && ok {
		m.Values = append(m.Values, before)
	}
}

// apply puts the texts of about into m.
func (m *meta) apply(about About, to []age.Recipient) error {
	for _, f := range []struct {
		what string
		text *string
		into *string
	}{{"note", about.Note, &m.Note}, {"text on where to revoke it", about.Revoke, &m.Revoke}} {
		if f.text == nil {
			continue
		}
		if *f.into = ""; *f.text == "" {
			continue
		}
		if err := checkText(*f.text, f.text == about.Revoke); err != nil {
			return fmt.Errorf("the %s: %w", f.what, err)
		}
		sealed, err := encryptText([]byte(*f.text), to)
		if err != nil {
			return err
		}
		*f.into = sealed
	}
	return nil
}

func checkText(s string, line bool) error {
	switch {
	case len(s) > MaxNote:
		return fmt.Errorf("it is longer than %d bytes", MaxNote)
	case !utf8.ValidString(s):
		return errors.New("it is not UTF-8")
	case line && strings.ContainsAny(s, "\n\t"):
		return errors.New("it is more than one line")
	case strings.ContainsFunc(s, func(r rune) bool { return isControl(r) && r != '\n' && r != '\t' }):
		return errors.New("it has characters that steer a terminal")
	}
	return nil
}

// readMeta returns an empty meta if there is no file.
func readMeta(root *os.Root, n string) (meta, error) {
	f, err := root.Open(metaPath(n))
	if errors.Is(err, fs.ErrNotExist) {
		return meta{}, nil
	} else if err != nil {
		return meta{}, err
	}
	defer f.Close()
	var m meta
	data, err := readAll(f, maxMeta)
	if err == nil && json.Unmarshal(data, &m) != nil {
		err = errors.New("it is damaged; a merge in git may have left its marks, and what is known about the secret is lost if the file is removed")
	} else if err == nil && m.Version != metaVersion {
		err = errors.New("another version of nbseal wrote it")
	}
	if err != nil {
		return meta{}, fmt.Errorf("reading %q: %w", metaPath(n), err)
	}
	return m, nil
}

func writeMeta(root *os.Root, n string, m meta) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if len(data) > maxMeta {
		return fmt.Errorf("what is to be known about it takes more than %d bytes for so many recipients", maxMeta)
	}
	return atomicfile.WriteIn(root, metaPath(n), append(data, '\n'), atomicfile.KeepMode())
}

// readBoth returns a secret's file and what is recorded about it, also while
// another process is writing both: records of the last two files are kept.
func readBoth(root *os.Root, n string) (meta, []byte, error) {
	var m meta
	var file []byte
	var err error
	for range 3 {
		if file, err = readFile(root, n+extension); err != nil {
			return meta{}, nil, err
		}
		if m, err = readMeta(root, n); err != nil {
			return meta{}, file, err
		}
		if _, ok := m.of(file); ok || m.empty() {
			break
		}
	}
	return m, file, nil
}

// Info returns what is known about a secret, without an identity. It is
// ErrNotExist if there is none of that name.
func (s *Store) Info(n string) (Info, error) {
	root, err := s.find(n)
	if err != nil {
		return Info{}, err
	}
	defer root.Close()
	return s.info(root, n)
}

// Infos returns what is known about all secrets, by name.
func (s *Store) Infos() ([]Info, error) {
	names, err := s.Names()
	if err != nil {
		return nil, err
	}
	root, err := s.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	list := make([]Info, 0, len(names))
	for _, n := range names {
		i, err := s.info(root, n)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since
		} else if err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	return list, nil
}

func (s *Store) info(root *os.Root, n string) (Info, error) {
	i := Info{Name: n}
	stat, err := root.Stat(n + extension)
	if err != nil {
		return i, fmt.Errorf("looking at %q: %w", s.file(n), err)
	}
	i.Changed = stat.ModTime()
	m, file, err := readBoth(root, n)
	if err != nil && file == nil {
		return i, fmt.Errorf("reading %q: %w", s.file(n), err)
	} else if err != nil {
		i.Damaged = err
		return i, nil
	}
	i.Created, i.HasNote, i.HasRevoke = m.Created, m.Note != "", m.Revoke != ""
	if r, ok := m.of(file); ok {
		i.Changed, i.Expires, i.Recorded = r.Changed, r.Expires, true
	}
	return i, nil
}

// Notes are the texts about a secret that are encrypted.
type Notes struct {
	Note, Revoke string
}

// Notes opens the texts about a secret, with the errors of [Store.Get]. Whoever
// can write to the store can have written them.
func (s *Store) Notes(n string, identities ...age.Identity) (Notes, error) {
	root, err := s.find(n)
	if err != nil {
		return Notes{}, err
	}
	defer root.Close()
	m, err := readMeta(root, n)
	if err != nil {
		return Notes{}, err
	}
	var got Notes
	for _, f := range []struct {
		what, sealed string
		into         *string
	}{{"note", m.Note, &got.Note}, {"text on where to revoke it", m.Revoke, &got.Revoke}} {
		if f.sealed == "" {
			continue
		}
		text, err := decrypt([]byte(f.sealed), identities)
		if err == nil {
			err = checkText(string(text.Reveal()), f.into == &got.Revoke)
		}
		if err != nil {
			return Notes{}, fmt.Errorf("opening the %s of %q: %w", f.what, n, err)
		}
		*f.into = string(text.Reveal())
	}
	return got, nil
}

// Annotate changes what is known about a secret, not its value. No identity is
// needed. It waits for other writers until ctx is done.
func (s *Store) Annotate(ctx context.Context, n string, about About) error {
	root, err := s.find(n)
	if err != nil {
		return err
	}
	root.Close()
	err = s.locked(ctx, func(root *os.Root) error {
		list, _, _, err := nearestRecipients(root, path.Dir(n))
		if err != nil {
			return err
		}
		stat, err := root.Stat(n + extension)
		if err != nil {
			return err
		}
		m, file, err := readBoth(root, n)
		if err != nil {
			return err
		}
		m.Version = metaVersion
		if err := m.apply(about, s.usable(list)); err != nil {
			return err
		}
		r, ok := m.of(file)
		if !ok { // another program wrote the value
			r = record{SHA256: digest(file), Changed: stat.ModTime().UTC().Truncate(time.Second)}
		}
		if about.Expires != nil {
			r.Expires = about.Expires.UTC().Truncate(time.Second)
		}
		m.Values = []record{r}
		return writeMeta(root, n, m)
	})
	if err != nil {
		return fmt.Errorf("noting something about %q: %w", n, err)
	}
	return nil
}

func encryptText(text []byte, to []age.Recipient) (string, error) {
	sealed, err := encrypt(secret.New(text), to)
	if err != nil {
		return "", err
	}
	return armored(sealed)
}

func reencryptText(sealed string, key []byte, to []age.Recipient) (string, error) {
	text, err := decrypt([]byte(sealed), []age.Identity{age.NewInjectedFileKeyIdentity(key)})
	if err != nil {
		return "", err
	}
	return encryptText(text.Reveal(), to)
}

// armored is the ASCII form of an age file.
func armored(sealed []byte) (string, error) {
	var out bytes.Buffer
	w := armor.NewWriter(&out)
	if _, err := w.Write(sealed); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return out.String(), nil
}
