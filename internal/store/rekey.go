package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/nbseal/nbseal/internal/atomicfile"
)

// pendingName is the file that is there while recipients are being changed.
const pendingName = ".nbseal.rekey"

// Errors of changing recipients.
var (
	ErrPending = errors.New("a change of recipients was interrupted")
	ErrLockout = errors.New("the identities at hand would no longer open these secrets")
)

// RecipientsChange is what is to become of a folder's recipients.
type RecipientsChange struct {
	Folder string      // "" is the whole store
	Add    []Recipient // those that are there already are passed over, but for a new name
	Remove []string    // texts of recipients, or names that only one bears
}

// Rekeyed is what became of a folder's recipients.
type Rekeyed struct {
	Folder     string
	Recipients []Recipient // as they are now
	Removed    []string    // texts of those that were removed
	Secrets    []string    // what was encrypted anew, by path without ".age"
	// Rotate are the secrets that those removed could read, and still can in old
	// copies and in the history of git: only a new value at the place that issued
	// it ends that.
	Rotate []string
}

// pending is the content of the file pendingName.
type pending struct {
	Folder     string   `json:"folder"`
	Recipients string   `json:"recipients"` // the file's new content
	Removed    []string `json:"removed,omitempty"`
}

// ChangeRecipients gives a folder recipients of its own, those that it had or
// inherited, less and plus what c says, and encrypts anew what they are for. The
// identities must open all of that; if one file cannot be opened, nothing is
// changed. It is ErrMixed, ErrLockout or, when an earlier change has not come to
// its end, ErrPending.
//
// Killed in the middle it leaves each secret readable to the old recipients or
// to the new ones, and [Store.ResumeRecipients] does the rest.
func (s *Store) ChangeRecipients(ctx context.Context, c RecipientsChange, identities ...age.Identity) (Rekeyed, error) {
	dir, err := folderPath(c.Folder)
	if err != nil {
		return Rekeyed{}, err
	}
	var done Rekeyed
	err = s.locked(ctx, func(root *os.Root) error {
		if p, err := readPending(root); err != nil {
			return err
		} else if p != nil {
			return fmt.Errorf("%w in %q", ErrPending, p.Folder)
		}
		list, text, from, err := nearestRecipients(root, dir)
		if err != nil {
			return err
		}
		remove, err := pick(list, c.Remove)
		if err != nil {
			return err
		}
		newText := editRecipients(text, list, c.Add, remove)
		after, err := parseRecipients(newText)
		if err != nil {
			return err
		}
		if from == dir && bytes.Equal(text, newText) {
			done = Rekeyed{Folder: c.Folder, Recipients: after}
			return nil
		}
		if err := s.checkOpens(after, identities); err != nil {
			return err
		}
		p := pending{Folder: dir, Recipients: string(newText), Removed: remove}
		done, err = s.rekey(root, p, identities)
		return err
	})
	if err != nil {
		return Rekeyed{}, fmt.Errorf("changing recipients: %w", err)
	}
	return done, nil
}

// PendingRecipients returns what an interrupted change wants, and whether there
// is one. Whoever resumes it should see the recipients first.
func (s *Store) PendingRecipients() (folder string, list []Recipient, is bool, err error) {
	root, err := s.open()
	if err != nil {
		return "", nil, false, err
	}
	defer root.Close()
	p, err := readPending(root)
	if err != nil || p == nil {
		return "", nil, false, err
	}
	list, err = parseRecipients([]byte(p.Recipients))
	return strings.TrimPrefix(p.Folder, "."), list, true, err
}

// ResumeRecipients brings an interrupted change to its end. Without one it does
// nothing.
func (s *Store) ResumeRecipients(ctx context.Context, identities ...age.Identity) (Rekeyed, error) {
	var done Rekeyed
	err := s.locked(ctx, func(root *os.Root) error {
		p, err := readPending(root)
		if err != nil || p == nil {
			return err
		}
		done, err = s.rekey(root, *p, identities)
		return err
	})
	if err != nil {
		return Rekeyed{}, fmt.Errorf("resuming a change of recipients: %w", err)
	}
	return done, nil
}

func readPending(root *os.Root) (*pending, error) {
	f, err := root.Open(pendingName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := readAll(f, 2*maxRecipients)
	if err != nil {
		return nil, err
	}
	var p pending
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("reading %s: it is damaged", pendingName)
	}
	if _, err := folderPath(p.Folder); err != nil {
		return nil, fmt.Errorf("reading %s: %w", pendingName, err)
	}
	return &p, nil
}

// rekey does what p says; the store is locked.
func (s *Store) rekey(root *os.Root, p pending, identities []age.Identity) (Rekeyed, error) {
	list, err := parseRecipients([]byte(p.Recipients))
	if err != nil {
		return Rekeyed{}, err
	}
	files, err := governed(root, p.Folder)
	if err != nil {
		return Rekeyed{}, err
	}
	// All keys first: nothing is touched before it is known that all can be opened.
	keys := make([]fileKeys, len(files))
	for i, f := range files {
		if keys[i], err = s.fileKeys(root, f, identities); err != nil {
			return Rekeyed{}, fmt.Errorf("opening %q: %w", s.file(f), err)
		}
	}
	marker, err := json.Marshal(p)
	if err != nil {
		return Rekeyed{}, err
	}
	if err := atomicfile.MkdirIn(root, p.Folder); err != nil {
		return Rekeyed{}, err
	}
	if err := atomicfile.WriteIn(root, pendingName, marker); err != nil {
		return Rekeyed{}, err
	}
	if err := atomicfile.WriteIn(root, path.Join(p.Folder, recipientsName), []byte(p.Recipients), atomicfile.KeepMode()); err != nil {
		return Rekeyed{}, err
	}
	to := s.usable(list)
	for i, f := range files {
		if err := s.reencrypt(root, f, keys[i], to); err != nil {
			return Rekeyed{}, fmt.Errorf("encrypting %q anew: %w", s.file(f), err)
		}
	}
	if err := atomicfile.RemoveIn(root, pendingName); err != nil {
		return Rekeyed{}, err
	}
	done := Rekeyed{Folder: strings.TrimPrefix(p.Folder, "."), Recipients: list, Removed: p.Removed, Secrets: files}
	if len(p.Removed) > 0 {
		done.Rotate = files
	}
	return done, nil
}

// governed returns the files, by path without ".age", whose recipients are those
// of a folder, or would be if it had some. Links are not followed: what they lead
// to has a path of its own.
func governed(root *os.Root, folder string) ([]string, error) {
	var files []string
	err := walk(root, func(p string, d fs.DirEntry) error {
		if folder != "." && p != "." && p != folder && !strings.HasPrefix(p, folder+"/") {
			if d.IsDir() && !strings.HasPrefix(folder, p+"/") {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() && p != "." && p != folder && strings.HasPrefix(p, strings.TrimPrefix(folder+"/", "./")) {
			if _, err := root.Lstat(path.Join(p, recipientsName)); err == nil {
				return fs.SkipDir // a group of its own
			} else if !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if n, ok := strings.CutSuffix(p, extension); ok && d.Type().IsRegular() {
			files = append(files, n)
		}
		return nil
	})
	slices.Sort(files)
	return files, err
}

// fileKeys open a secret's file and the texts about it.
type fileKeys struct {
	value []byte
	texts map[string][]byte // by field of the metadata
}

func (s *Store) fileKeys(root *os.Root, f string, identities []age.Identity) (fileKeys, error) {
	sealed, err := readFile(root, f+extension)
	if err != nil {
		return fileKeys{}, err
	}
	k := fileKeys{texts: map[string][]byte{}}
	if k.value, err = fileKey(sealed, identities); err != nil {
		return fileKeys{}, err
	}
	m, err := readMeta(root, f)
	if err != nil {
		return fileKeys{}, err
	}
	for field, text := range m.texts() {
		if *text == "" {
			continue
		}
		if k.texts[field], err = fileKey([]byte(*text), identities); err != nil {
			return fileKeys{}, fmt.Errorf("its %s: %w", field, err)
		}
	}
	return k, nil
}

// reencrypt replaces a secret's file, and the texts about it, by others that open
// for the recipients.
func (s *Store) reencrypt(root *os.Root, f string, k fileKeys, to []age.Recipient) error {
	old, err := readFile(root, f+extension)
	if err != nil {
		return err
	}
	v, err := decrypt(old, []age.Identity{age.NewInjectedFileKeyIdentity(k.value)})
	if err != nil {
		return err
	}
	defer v.Wipe()
	sealed, err := encrypt(v, to)
	if err != nil {
		return err
	}
	m, err := readMeta(root, f)
	if err != nil {
		return err
	}
	if !m.empty() {
		for field, text := range m.texts() {
			if *text == "" {
				continue
			}
			if *text, err = reencryptText(*text, k.texts[field], to); err != nil {
				return err
			}
		}
		m.follow(old, sealed)
		if err := writeMeta(root, f, m); err != nil {
			return err
		}
	}
	// Other programs write without taking the lock.
	return atomicfile.WriteIn(root, f+extension, sealed, atomicfile.IfUnchanged(old), atomicfile.KeepMode())
}

// fileKey opens an age file's header alone.
func fileKey(sealed []byte, identities []age.Identity) ([]byte, error) {
	sealed, err := dearmor(sealed)
	if err != nil {
		return nil, err
	}
	var key []byte
	err = openWith(identities, func(watched []age.Identity) error {
		header, err := age.ExtractHeader(bytes.NewReader(sealed))
		if err != nil {
			return err
		}
		key, err = age.DecryptHeader(header, watched...)
		return err
	})
	return key, err
}

// checkOpens is ErrLockout unless one of the identities opens what is encrypted
// to all of the list: who changes recipients must be able to bring it to an end.
func (s *Store) checkOpens(list []Recipient, identities []age.Identity) error {
	var probe bytes.Buffer
	w, err := age.Encrypt(&probe, s.usable(list)...)
	if err != nil {
		return fmt.Errorf("encrypting to the recipients: %w", err)
	}
	if err := w.Close(); err != nil {
		return err
	}
	if _, err = fileKey(probe.Bytes(), identities); errors.Is(err, ErrLocked) {
		return ErrLockout
	}
	return err
}

// pick returns the texts of the recipients that are meant by their texts or names.
func pick(list []Recipient, wanted []string) ([]string, error) {
	var texts []string
	for _, w := range wanted {
		if r, err := ParseRecipient(w); err == nil {
			w = r.Text // without the comment of an SSH key
		}
		var found []string
		for _, r := range list {
			if r.Text == w || r.Name == w {
				found = append(found, r.Text)
			}
		}
		found = slices.Compact(found)
		switch {
		case len(found) == 0:
			return nil, errors.New("one of the recipients to be removed is not there")
		case len(found) > 1:
			return nil, fmt.Errorf("%d recipients are called %q", len(found), w)
		}
		texts = append(texts, found[0])
	}
	return texts, nil
}

// editRecipients returns the text of a recipients file without some recipients
// and the names above them, and with others at its end. The rest stays as it is.
func editRecipients(text []byte, list, add []Recipient, remove []string) []byte {
	gone := map[int]bool{} // lines
	lines := slices.Collect(strings.Lines(string(text)))
	drop := func(r Recipient) {
		gone[r.line] = true
		if r.line > 1 && strings.HasPrefix(lines[r.line-2], "#") {
			gone[r.line-1] = true
		}
	}
	have := map[string]bool{}
	for _, r := range list {
		renamed := slices.ContainsFunc(add, func(a Recipient) bool {
			return a.Text == r.Text && a.Name != "" && a.Name != r.Name
		})
		if slices.Contains(remove, r.Text) || renamed {
			drop(r)
		} else {
			have[r.Text] = true
		}
	}
	var out bytes.Buffer
	for i, line := range lines {
		if !gone[i+1] {
			out.WriteString(strings.TrimRight(line, "\r\n") + "\n")
		}
	}
	for _, r := range add {
		if have[r.Text] {
			continue
		}
		have[r.Text] = true
		if name := label(r.Name); name != "" {
			out.WriteString("# " + name + "\n")
		}
		out.WriteString(r.Text + "\n")
	}
	return out.Bytes()
}
