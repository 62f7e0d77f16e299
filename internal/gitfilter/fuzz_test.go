package gitfilter_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/gitfilter"
)

// Whatever comes in: no panic, no answer that git does not take, no success for
// anything but what Clean was given whole, and content of what was asked for.
func FuzzServe(f *testing.F) {
	request := ask("clean", "a", "content") + ask("smudge", "b", "y") + ask("clean", "fail", "")
	for _, in := range []string{request, request[:40], request + "0001", lines("command=list_available_blobs"), ask("clean", "panic", "p"), "fff1", "0004", ""} {
		f.Add([]byte(in), true)
		f.Add([]byte(greeting+in), false)
	}
	f.Fuzz(func(t *testing.T, in []byte, greet bool) {
		all := in
		if greet {
			all = append([]byte(greeting), in...)
		}
		var cleaned []string
		filter := gitfilter.Filter{Limit: 1 << 20, Clean: func(ctx context.Context, f gitfilter.File) ([]byte, error) {
			if f.Path == "" || strings.ContainsRune(f.Path, 0) {
				t.Errorf("path %q", f.Path)
			}
			result, err := upper(ctx, f)
			if err == nil {
				cleaned = append(cleaned, string(result))
			}
			return result, err
		}}
		out, err := serve(t, filter, string(all))
		if _, ok := afterGreeting(out); !ok {
			if err == nil || strings.Contains(out, "status=") {
				t.Errorf("no greeting, error %v, answers %q", err, out)
			}
			return
		}
		smudges := bytes.Count(all, []byte("command=smudge"))
		for _, r := range parse(t, out) {
			switch {
			case r.status != "success":
			case len(cleaned) > 0 && r.content == cleaned[0]:
				cleaned = cleaned[1:]
			case smudges > 0:
				smudges--
			default:
				t.Errorf("success for what was not asked: %.80q", r.content)
			}
		}
		if len(cleaned) > 0 {
			t.Errorf("%d files cleaned and not answered", len(cleaned))
		}
	})
}

// However git cuts the content, Clean gets it byte for byte, and git gets what
// Clean gives.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("content"), "a.nb", uint16(3), uint16(1))
	f.Add([]byte{}, "a\nb", uint16(0), uint16(0))
	f.Add(bytes.Repeat([]byte{0}, 300), "p=q", uint16(65515), uint16(999))
	f.Fuzz(func(t *testing.T, content []byte, path string, cut, times uint16) {
		if path == "" || strings.ContainsRune(path, 0) || len(path) > 65000 {
			t.Skip() // git sends no such path
		}
		result := bytes.Repeat(content, int(times%1000))
		if len(result) > 1<<20 {
			result = result[:1<<20]
		}
		var in strings.Builder
		in.WriteString(greeting)
		for _, command := range []string{"clean", "smudge"} {
			in.WriteString(lines("pathname="+path, "command="+command))
			for rest := content; len(rest) > 0; {
				n := min(len(rest), 1+int(cut)%65516)
				in.WriteString(line(string(rest[:n])))
				rest = rest[n:]
			}
			in.WriteString(flush)
		}
		out, err := serve(t, gitfilter.Filter{Clean: func(_ context.Context, f gitfilter.File) ([]byte, error) {
			if f.Path != path || !bytes.Equal(f.Content, content) {
				t.Errorf("cleans %q with %q, git sent %q with %q", f.Path, f.Content, path, content)
			}
			return result, nil
		}}, in.String())
		if err != nil {
			t.Fatal(err)
		}
		got := parse(t, out)
		if len(got) != 2 || got[0] != (reply{"success", string(result), ""}) || got[1] != (reply{"success", string(content), ""}) {
			t.Errorf("%d answers, or other bytes", len(got))
		}
	})
}
