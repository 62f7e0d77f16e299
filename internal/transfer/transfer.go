// Package transfer reads the files in which other tools keep credentials into
// names and values, and writes names and values into files that other tools
// read. It plans how a file that was read is made safe: private, ignored by git,
// removed.
//
// It prints nothing, asks nothing and knows no store: the caller is given what was
// found and what was left out, with the place of each, and decides. Whatever is
// in a file is either taken or listed as left out. Errors and all texts beside
// the values name files, lines and keys, and quote no value. No variable of the
// environment is read, no program but git is run.
//
// It does not judge whether a value is a credential: of a file of settings it
// takes every text. Plaintext is in memory while a file is read and may be
// copied there by the libraries that read JSON and YAML. A file that is removed
// may still be in backups, in snapshots and in the disk's free blocks.
//
// docs/spec/transfer.md describes the formats.
package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

const (
	// MaxFile is the greatest size of a file that is read, in bytes.
	MaxFile = 16 << 20
	// MaxValue is the greatest length of a value, in bytes.
	MaxValue = store.MaxValue
	// MaxItems is the greatest number of values in a file.
	MaxItems = 10_000
	// maxKey bounds what names the place of many values, in bytes.
	maxKey = 4096
)

var (
	// ErrFormat says that neither name nor content tell the format of a file.
	ErrFormat = errors.New("its format cannot be told")
	// ErrTooLarge reports more than MaxFile or MaxItems.
	ErrTooLarge = errors.New("too large to import")
	// ErrNoKey says that a file is encrypted and there is no one to ask for its key.
	ErrNoKey = errors.New("it is encrypted with Fernet, and there is no key")
)

// Role says what an item is for.
type Role string

const (
	Secret  Role = "secret"  // to be kept from others
	Login   Role = "login"   // who logs in: no secret, but of no use without one
	Setting Role = "setting" // where to: an address that the secret is for
)

// Item is one value that was taken from a file.
type Item struct {
	Name  string // a valid name of a secret; the caller may change it
	Value secret.Value
	Role  Role
	Key   string // what the file calls it, printable, as "machine example.org, password"
	Line  int    // from 1; 0 if lines mean nothing there
	Note  string // the service, if it is known
}

// Skip is something in a file that was not taken.
type Skip struct {
	Key  string // "" if it has no name
	Line int    // as in Item
	Why  string
	Lost bool // it is gone with the file: neither empty, nor a placeholder, nor stored under another key
}

// Source is what was read from a file.
type Source struct {
	Path    string // as it was given
	Format  Format
	Items   []Item // in the order of the file, no two of the same name; all must stay for Plan
	Skipped []Skip // in the order of the file, but for repeated keys

	sum [sha256.Size]byte // of the file as it was
}

// Options say how a file is read. The zero Options guess the format and open no
// Fernet file.
type Options struct {
	Format Format // "": told by name and content
	// Key is asked for the key of a Fernet file, once for each. The Value is
	// wiped.
	Key func(ctx context.Context, path string) (secret.Value, error)
	// Lax takes Fernet tokens that only Python's base64 takes.
	Lax bool
	// MaxAge is how old a Fernet token may be at Now; 0: any age.
	MaxAge time.Duration
	Now    time.Time
}

// Read reads the file at path, which must be a regular file or a link to one.
// Errors are those of Parse and of the system.
func Read(ctx context.Context, path string, opt Options) (*Source, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	return Parse(ctx, path, data, opt)
}

// Parse is Read for the content of a file, whose path serves for messages and
// for telling the format. The data are not kept. Errors name the path and the
// line; they wrap ErrFormat, ErrTooLarge, ErrNoKey and those of package fernet,
// or what opt.Key returned.
func Parse(ctx context.Context, path string, data []byte, opt Options) (*Source, error) {
	fail := func(err error) (*Source, error) { return nil, fmt.Errorf("importing %q: %w", path, err) }
	if len(data) > MaxFile {
		return fail(fmt.Errorf("%w: more than %d MiB", ErrTooLarge, MaxFile>>20))
	}
	text, err := decode(data)
	if err != nil {
		return fail(err)
	}
	defer clear(text)
	format := opt.Format
	if format == "" {
		format = Guess(path, text)
	}
	parse := parser(format)
	if parse == nil {
		if format == "" {
			return fail(ErrFormat)
		}
		return fail(fmt.Errorf("%w: there is no format %q", ErrFormat, format))
	}
	f := &file{ctx: ctx, path: path, text: text, opt: opt}
	if err := parse(f); err != nil {
		f.wipe()
		return fail(err)
	}
	s := &Source{Path: path, Format: format, Items: f.items, Skipped: f.skipped, sum: sha256.Sum256(data)}
	s.settle()
	return s, nil
}

// Wipe wipes the values of all items.
func (s *Source) Wipe() {
	for _, it := range s.Items {
		it.Value.Wipe()
	}
}

// file is a file while it is read.
type file struct {
	ctx     context.Context
	path    string
	text    []byte
	opt     Options
	items   []Item
	skipped []Skip
}

func (f *file) wipe() {
	for _, it := range f.items {
		it.Value.Wipe()
	}
}

// take takes a value, unless there is a reason not to. It makes the name valid.
func (f *file) take(it Item, value []byte) error {
	why := ""
	switch {
	case len(value) == 0:
		why = "it is empty"
	case len(value) > MaxValue:
		why = fmt.Sprintf("it is longer than %d MiB", MaxValue>>20)
	case placeholder(value):
		why = "it is a placeholder"
	}
	if why != "" {
		return f.leave(Skip{it.Key, it.Line, why, len(value) > MaxValue})
	}
	if len(f.items) == MaxItems {
		return fmt.Errorf("%w: more than %d values", ErrTooLarge, MaxItems)
	}
	if it.Role == "" {
		it.Role = Secret
	}
	it.Name, it.Key, it.Note = nameOf(it.Name), printable(it.Key), printable(it.Note)
	it.Value = secret.New(bytes.Clone(value))
	f.items = append(f.items, it)
	return nil
}

// skip lists what is in the file and nowhere else.
func (f *file) skip(key string, line int, why string) error {
	return f.leave(Skip{key, line, why, true})
}

func (f *file) leave(s Skip) error {
	if len(f.skipped) == MaxItems {
		return fmt.Errorf("%w: more than %d keys", ErrTooLarge, MaxItems)
	}
	s.Key = printable(s.Key)
	f.skipped = append(f.skipped, s)
	return nil
}

// printable escapes what a terminal would act on.
func printable(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return text
	}
	quoted := strconv.QuoteToGraphic(text)
	return quoted[1 : len(quoted)-1]
}

// tooLong is the error of a key longer than maxKey.
func tooLong(line int) error {
	return fmt.Errorf("line %d: a key is longer than %d bytes", line, maxKey)
}

// readFile returns the whole of a regular file.
func readFile(path string) ([]byte, error) {
	fd, err := os.OpenFile(path, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, err
	}
	defer fd.Close()
	info, err := fd.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("reading %q: it is not a regular file", path)
	case info.Size() > MaxFile:
		return nil, fmt.Errorf("reading %q: %w: more than %d MiB", path, ErrTooLarge, MaxFile>>20)
	}
	data, err := io.ReadAll(io.LimitReader(fd, MaxFile+1))
	if err != nil {
		clear(data)
		return nil, fmt.Errorf("reading %q: %w", filepath.Clean(path), err)
	}
	return data, nil
}

// decode returns a copy in UTF-8 without a byte order mark, with "\n" at the end
// of every line, as Python reads text. UTF-16 is what PowerShell's ">" writes.
func decode(data []byte) ([]byte, error) {
	var text []byte
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		var err error
		if text, err = decode16(data[2:], data[0] == 0xff); err != nil {
			return nil, err
		}
	default:
		text = bytes.Clone(bytes.TrimPrefix(data, []byte("\ufeff")))
	}
	text = lineFeeds(text)
	if i := invalid(text); i >= 0 {
		return nil, fmt.Errorf("line %d is not valid UTF-8", lineAt(text, i))
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, fmt.Errorf("line %d has a zero byte: this is no text", lineAt(text, i))
	}
	return text, nil
}

func decode16(data []byte, little bool) ([]byte, error) {
	if len(data)%2 != 0 {
		return nil, errors.New("it is UTF-16 with half a character at its end")
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 0; i < len(data); i += 2 {
		a, b := uint16(data[i]), uint16(data[i+1])
		if little {
			a, b = b, a
		}
		units = append(units, a<<8|b)
	}
	var text []byte
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if utf16.IsSurrogate(r) {
			if i+1 == len(units) {
				return nil, errors.New("it is UTF-16 with half a character at its end")
			}
			if r = utf16.DecodeRune(r, rune(units[i+1])); r == utf8.RuneError {
				return nil, fmt.Errorf("line %d is not valid UTF-16", lineAt(text, len(text)))
			}
			i++
		}
		text = utf8.AppendRune(text, r)
	}
	clear(units)
	return text, nil
}

// lineFeeds replaces, in place, "\r\n" and "\r" by "\n".
func lineFeeds(text []byte) []byte {
	out := text[:0]
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\r' {
			c = '\n'
			if i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
		}
		out = append(out, c)
	}
	clear(text[len(out):])
	return out
}

// invalid is the place of the first byte that is not UTF-8, or -1.
func invalid(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return -1
}

// lineAt is the line, from 1, that a place is on.
func lineAt(text []byte, at int) int { return 1 + bytes.Count(text[:at], []byte("\n")) }
