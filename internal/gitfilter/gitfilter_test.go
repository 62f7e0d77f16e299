package gitfilter_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/gitfilter"
)

// flush and line are what git writes, made without the code under test.
const flush = "0000"

func line(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }

func lines(texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		b.WriteString(line(text + "\n"))
	}
	return b.String() + flush
}

// packets cuts content as git does.
func packets(content string) string {
	var b strings.Builder
	for len(content) > 0 {
		n := min(len(content), 65516)
		b.WriteString(line(content[:n]))
		content = content[n:]
	}
	return b.String() + flush
}

var greeting = lines("git-filter-client", "version=2", "version=42") +
	lines("capability=clean", "capability=smudge", "capability=not-yet-invented")

// afterGreeting cuts off what the filter says first: it repeats what it knows of git's list.
func afterGreeting(out string) (rest string, ok bool) {
	const server, clean, smudge = "0016git-filter-server\n000eversion=2\n0000", "0015capability=clean\n", "0016capability=smudge\n"
	for _, capabilities := range []string{clean + smudge, smudge + clean, clean} {
		if rest, ok = strings.CutPrefix(out, server+capabilities+flush); ok {
			return rest, true
		}
	}
	return "", false
}

func ask(command, path, content string) string {
	return lines("command="+command, "pathname="+path) + packets(content)
}

// reply is one answer of the filter, as git reads it.
type reply struct {
	status  string
	content string
	last    string // status after the content
}

// parse reads answers as git does (apply_multi_file_filter in git's convert.c).
func parse(t testing.TB, out string) []reply {
	t.Helper()
	rest, ok := afterGreeting(out)
	if !ok {
		t.Fatalf("no greeting in %.80q", out)
	}
	next := func() (string, bool) {
		n, err := strconv.ParseUint(rest[:4], 16, 16)
		if err != nil || n > 65520 || 0 < n && n < 5 || int(n) > len(rest) {
			t.Fatalf("a packet that git does not take: %.40q", rest)
		}
		data := rest[4:max(n, 4)]
		rest = rest[max(n, 4):]
		return data, n != 0
	}
	status := func() (s string) {
		for text, more := next(); more; text, more = next() {
			s = strings.TrimSuffix(strings.TrimPrefix(text, "status="), "\n")
		}
		return s
	}
	var all []reply
	for rest != "" {
		r := reply{status: status()}
		if r.status == "success" {
			var b strings.Builder
			for data, more := next(); more; data, more = next() {
				b.WriteString(data)
			}
			r.content, r.last = b.String(), status()
		}
		all = append(all, r)
	}
	return all
}

func upper(_ context.Context, f gitfilter.File) ([]byte, error) {
	switch {
	case strings.HasPrefix(f.Path, "fail"):
		return nil, errors.New("refused")
	case strings.HasPrefix(f.Path, "abort"):
		return nil, fmt.Errorf("no settings: %w", gitfilter.ErrAbort)
	case strings.HasPrefix(f.Path, "panic"):
		panic(string(f.Content))
	}
	return bytes.ToUpper(f.Content), nil
}

func serve(t testing.TB, f gitfilter.Filter, in string) (string, error) {
	t.Helper()
	var out strings.Builder
	err := f.Serve(t.Context(), strings.NewReader(in), &out)
	return out.String(), err
}

func TestServe(t *testing.T) {
	random := make([]byte, 3*65516+1)
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	all := string(random)
	var in strings.Builder
	in.WriteString(greeting)
	var want []reply
	for _, n := range []int{0, 1, 65515, 65516, 65517, 2 * 65516, len(all)} {
		in.WriteString(ask("clean", "a", all[:n]) + ask("smudge", "a", all[:n]))
		want = append(want, reply{"success", string(bytes.ToUpper(random[:n])), ""}, reply{"success", all[:n], ""})
	}
	in.WriteString(ask("clean", "fail", "a") + ask("clean", "b", "b") + ask("clean", "abort", "a") + ask("smudge", "fail", "a"))
	want = append(want, reply{status: "error"}, reply{"success", "B", ""}, reply{status: "abort"}, reply{"success", "a", ""})

	var refused []string
	out, err := serve(t, gitfilter.Filter{Clean: upper, Refused: func(path string, err error) {
		refused = append(refused, path+": "+err.Error())
	}}, in.String())
	if err != nil {
		t.Fatal(err)
	}
	if got := parse(t, out); !slices.Equal(got, want) {
		t.Errorf("%d answers, not the expected %d, or others", len(got), len(want))
	}
	if want := []string{"fail: refused", "abort: no settings: no file can be cleaned"}; !slices.Equal(refused, want) {
		t.Errorf("told of %q", refused)
	}
}

// What later gits may say is passed over, and every path arrives as it is.
func TestForwardCompatible(t *testing.T) {
	for _, path := range []string{"a=b", "a\nb", "a\n", "\xff\xfe", " ", "/abs", strings.Repeat("p", 65000)} {
		var got string
		in := lines("git-filter-client", "version=3", "version=2", "mood=fine") +
			lines("capability=smudge", "capability=delay", "capability=clean", "capability", "capability=clean") +
			lines("command=clean", "pathname="+path, "ref=refs/heads/a", "treeish=0", "blob=1", "can-delay=1", "new=a=b", "=") + packets("x")
		out, err := serve(t, gitfilter.Filter{Clean: func(_ context.Context, f gitfilter.File) ([]byte, error) {
			got = f.Path
			return f.Content, nil
		}}, in)
		if err != nil || got != path {
			t.Errorf("path %.40q arrives as %.40q, %v", path, got, err)
		}
		if !strings.Contains(out, "0016capability=smudge\n0015capability=clean\n0000") {
			t.Errorf("capabilities: %q", out)
		}
	}
	// Lines without a line break at their end, digits in upper case, an empty packet.
	out, err := serve(t, gitfilter.Filter{Clean: upper}, line("git-filter-client")+line("version=2")+flush+line("capability=clean")+flush+
		line("command=clean")+"000Epathname=n"+flush+"0004"+line("x")+"0004"+flush)
	if want := "0016git-filter-server\n000eversion=2\n00000015capability=clean\n0000" + "0013status=success\n0000" + "0005X0000" + "0000"; err != nil || out != want {
		t.Errorf("answers %q, %v", out, err)
	}
}

// After anything that git should not have sent there is an error that says what
// was expected, and no success.
func TestBroken(t *testing.T) {
	const secret = "content-that-stays-private"
	head := lines("command=clean", "pathname=a")
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", "before the conversation began"},
		{"a person", "hello\n", "git's greeting, \"git-filter-client\" and its versions, got a packet length that is not hexadecimal"},
		{"another client", lines("git-upload-client", "version=2"), "got another line"},
		{"no version", lines("git-filter-client", "version=1"), "expected version 2"},
		{"no capabilities", lines("git-filter-client", "version=2"), "list of capabilities, and the input ended"},
		{"cannot clean", lines("git-filter-client", "version=2") + lines("capability=smudge"), "expected a git that can clean"},
		{"endless list", lines("git-filter-client", "version=2") + strings.Repeat(line("capability=x"), 2000), "more than 1000 lines"},
		{"cut in a length", greeting + "00", "and the input ended"},
		{"cut in a list", greeting + line("command=clean\n"), "and the input ended"},
		{"cut in a line", greeting + "0040command", "and the input ended"},
		{"no content", greeting + head, "expected content or a flush packet, and the input ended"},
		{"cut in content", greeting + head + "0100" + secret, "and the input ended"},
		{"no flush", greeting + head + line(secret), "and the input ended"},
		{"bad length", greeting + head + "00g0" + secret, "byte 171: expected content or a flush packet, got a packet length"},
		{"signed length", greeting + head + "-001" + secret, "got a packet length"},
		{"delimiter", greeting + head + "0001" + secret, "got the packet length 0001"},
		{"length 3", greeting + head + "0003" + secret, "got the packet length 0003"},
		{"too long", greeting + head + "fff1" + strings.Repeat("a", 0xfff1-4) + flush, "got the packet length fff1"},
		{"unknown command", greeting + ask("burn", "a", secret), `expected the command "clean" or "smudge", got another`},
		{"delayed blobs", greeting + lines("command=list_available_blobs"), "got another"},
		{"no command", greeting + lines("pathname=a") + packets(secret), "got 0 commands"},
		{"empty request", greeting + flush + packets(secret), "got 0 commands"},
		{"two commands", greeting + lines("command=clean", "command=smudge", "pathname=a") + packets(secret), "got 2 commands"},
		{"no path", greeting + lines("command=clean") + packets(secret), "got 0 pathnames"},
		{"two paths", greeting + lines("command=clean", "pathname=a", "pathname=b") + packets(secret), "got 2 pathnames"},
		{"empty path", greeting + lines("command=clean", "pathname=") + packets(secret), "empty or has a NUL"},
		{"NUL in path", greeting + lines("command=clean", "pathname=a\x00b") + packets(secret), "empty or has a NUL"},
		{"no equals sign", greeting + lines("command=clean", secret, "pathname=a") + packets(""), "got a line without ="},
		{"content as request", greeting + packets(secret), "got a line without ="},
		{"empty line", greeting + "0004" + flush, "got a line without ="},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := serve(t, gitfilter.Filter{Clean: upper}, c.in)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "private") {
				t.Errorf("content in %v", err)
			}
			if strings.Contains(out, "status=") {
				t.Errorf("answers %q", out)
			}
			if strings.Contains(c.want, "ended") != errors.Is(err, io.ErrUnexpectedEOF) && c.in != "" {
				t.Errorf("ErrUnexpectedEOF in %v", err)
			}
		})
	}
}

func TestLimit(t *testing.T) {
	var refused error
	out, err := serve(t, gitfilter.Filter{Clean: upper, Limit: 70_000, Refused: func(_ string, err error) { refused = err }},
		greeting+ask("clean", "a", strings.Repeat("a", 70_001))+ask("smudge", "a", strings.Repeat("a", 200_000))+ask("clean", "b", strings.Repeat("b", 70_000)))
	if err != nil {
		t.Fatal(err)
	}
	want := []reply{{status: "error"}, {status: "error"}, {"success", strings.Repeat("B", 70_000), ""}}
	if !slices.Equal(parse(t, out), want) {
		t.Error("other answers")
	}
	if !errors.Is(refused, gitfilter.ErrTooLarge) || refused.Error() != "the file is too large: more than 70000 bytes" {
		t.Errorf("told of %v", refused)
	}
}

// A defect refuses its file and ends the conversation; it does not tell content.
func TestPanic(t *testing.T) {
	index := func(_ context.Context, f gitfilter.File) ([]byte, error) { return f.Content[:cap(f.Content)+1], nil }
	for name, clean := range map[string]func(context.Context, gitfilter.File) ([]byte, error){"upper": upper, "index": index} {
		var refused error
		out, err := serve(t, gitfilter.Filter{Clean: clean, Refused: func(_ string, err error) { refused = err }},
			greeting+ask("clean", "panic", "private")+ask("clean", "b", "b"))
		where := "gitfilter_test.TestPanic.func"
		if name == "upper" {
			where = "gitfilter_test.upper:"
		}
		for _, err := range []error{err, refused} {
			if err == nil || strings.Contains(err.Error(), "private") || !strings.Contains(err.Error(), "a defect in nbseal: panic at ") || !strings.Contains(err.Error(), where) {
				t.Errorf("%s: error %v", name, err)
			}
		}
		if got := parse(t, out); !slices.Equal(got, []reply{{status: "error"}}) {
			t.Errorf("%s: answers %v", name, got)
		}
	}
}

func TestContentIsZeroed(t *testing.T) {
	var kept [][]byte
	_, err := serve(t, gitfilter.Filter{Clean: func(_ context.Context, f gitfilter.File) ([]byte, error) {
		kept = append(kept, f.Content)
		if f.Path == "fail" {
			return nil, errors.New("refused")
		}
		return f.Content, nil
	}}, greeting+ask("clean", "a", strings.Repeat("a", 100_000))+ask("clean", "fail", strings.Repeat("b", 5<<20)))
	if err != nil || len(kept) != 2 {
		t.Fatal(len(kept), err)
	}
	for _, content := range kept {
		if bytes.ContainsAny(content, "ab") {
			t.Error("content is in memory after its answer")
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	f := gitfilter.Filter{Clean: func(_ context.Context, f gitfilter.File) ([]byte, error) {
		cancel(why)
		return f.Content, nil
	}}
	var out strings.Builder
	err := f.Serve(ctx, strings.NewReader(greeting+ask("clean", "a", "a")), &out)
	if err != why || len(parse(t, out.String())) != 0 {
		t.Errorf("answers %q, %v", &out, err)
	}
}

// narrow is a pipe whose reader goes away.
type narrow struct{ room int }

var errNarrow = errors.New("gone")

func (n *narrow) Write(p []byte) (int, error) {
	if n.room < len(p) {
		return 0, errNarrow
	}
	n.room -= len(p)
	return len(p), nil
}

func TestReaderGone(t *testing.T) {
	for _, room := range []int{0, 40, 100, 200_000} {
		err := gitfilter.Filter{Clean: upper}.Serve(t.Context(), strings.NewReader(greeting+ask("clean", "a", strings.Repeat("a", 300_000))), &narrow{room})
		if !errors.Is(err, errNarrow) || !strings.HasPrefix(err.Error(), "answering git: ") {
			t.Errorf("room for %d: %v", room, err)
		}
	}
}

// endless is content without an end, in packets of the largest size.
type endless struct {
	packet []byte
	rest   []byte
	left   int
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.left == 0 {
			return 0, io.EOF
		}
		e.left--
		e.rest = e.packet
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestMemoryIsBounded(t *testing.T) {
	const limit = 1 << 20
	allocated := func(limit int64) uint64 {
		in := io.MultiReader(strings.NewReader(greeting+lines("command=clean", "pathname=a")),
			&endless{packet: []byte("fff0" + strings.Repeat("a", 65516)), left: 1000})
		var m0, m1 runtime.MemStats
		runtime.ReadMemStats(&m0)
		err := gitfilter.Filter{Clean: upper, Limit: limit}.Serve(t.Context(), in, io.Discard)
		runtime.ReadMemStats(&m1)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
		return m1.TotalAlloc - m0.TotalAlloc
	}
	if got := allocated(limit); got > 4*limit {
		t.Errorf("%d bytes allocated for a limit of %d", got, limit)
	}
	// The measure itself: content within the limit is held.
	if got := allocated(1 << 30); got < 60<<20 {
		t.Errorf("%d bytes allocated for 62 MiB of content", got)
	}
}
