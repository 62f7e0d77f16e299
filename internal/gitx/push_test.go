package gitx_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/gitx"
)

func must(t *testing.T, g gitx.Git, args ...string) string {
	t.Helper()
	out, err := g.Line(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func commit(t *testing.T, g gitx.Git, subject string) string {
	t.Helper()
	must(t, g, "commit", "-q", "--allow-empty", "-m", subject)
	return must(t, g, "rev-parse", "HEAD")
}

// subjects are those of the commits that pushes would bring to a remote.
func subjects(t *testing.T, g gitx.Git, remote, stdin string) string {
	t.Helper()
	pushes, err := gitx.ParsePushes(strings.NewReader(stdin))
	if err != nil {
		t.Fatal(err)
	}
	tips, not, err := g.NotPushed(t.Context(), remote, pushes)
	if err != nil {
		t.Fatal(err)
	}
	graph, err := g.Graph(t.Context(), gitx.Range{Tips: tips, Not: not})
	if err != nil {
		t.Fatal(err)
	}
	var ids []gitx.ID
	for i := range graph.Len() {
		ids = append(ids, graph.ID(i))
	}
	commits, err := g.Describe(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, c := range commits {
		list = append(list, c.Subject)
	}
	return strings.Join(list, " ")
}

func TestNotPushed(t *testing.T) {
	g := repository(t)
	null := strings.Repeat("0", 40)
	one := commit(t, g, "one")
	far := t.TempDir()
	must(t, g, "init", "-q", "--bare", far)
	must(t, g, "remote", "add", "far", far)
	must(t, g, "push", "-q", "far", "HEAD:refs/heads/x")
	must(t, g, "remote", "add", "farther", filepath.Join(far, "no"))
	two := commit(t, g, "two")
	must(t, g, "tag", "-a", "-m", "x", "t")
	tag := must(t, g, "rev-parse", "t")
	elsewhere := strings.Repeat("ab", 20) // a commit that is not here
	for _, c := range []struct{ remote, stdin, want string }{
		{"far", "refs/heads/m " + two + " refs/heads/m " + null + "\n", "two"},
		{"farther", "refs/heads/m " + two + " refs/heads/m " + null + "\n", "two one"},
		{"https://example.org/x", "refs/heads/m " + two + " refs/heads/m " + one + "\n", "two"},
		{"farther", "refs/heads/m " + two + " refs/heads/m " + elsewhere + "\n", "two one"},
		{"far", "(delete) " + null + " refs/heads/m " + two + "\n", ""},
		{"far", "refs/tags/t " + tag + " refs/tags/t " + null + "\n", "two"},
		{"far", "", ""},
	} {
		if got := subjects(t, g, c.remote, c.stdin); got != c.want {
			t.Errorf("%s, %q: %q, want %q", c.remote, c.stdin, got, c.want)
		}
	}
	if _, err := gitx.ParsePushes(strings.NewReader("a b c\n")); err == nil || !strings.HasPrefix(err.Error(), "line 1: ") {
		t.Errorf("three words: %v", err)
	}
	blob, err := g.Feed(t.Context(), strings.NewReader("x"), "hash-object", "-w", "--stdin")
	if err != nil {
		t.Fatal(err)
	}
	pushes, err := gitx.ParsePushes(strings.NewReader("refs/tags/b " + strings.TrimSpace(string(blob)) + " refs/tags/b " + null + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := g.NotPushed(t.Context(), "far", pushes); err == nil {
		t.Error("a blob may be pushed without being searched")
	}
}

// The graph's order depends on the commits alone, and reaching goes over more
// refs than one pass takes.
func TestReaching(t *testing.T) {
	g := repository(t)
	var b strings.Builder
	const n = 150
	for i := range n {
		// Clocks that run backwards: parents must come behind all the same.
		from := ""
		if i > 0 && i%50 != 0 {
			from = "from :" + strconv.Itoa(i) + "\n"
		}
		b.WriteString("commit refs/heads/b" + strconv.Itoa(i+1) + "\nmark :" + strconv.Itoa(i+1) + "\ncommitter A <a> " + strconv.Itoa(2_000_000-i) + " +0000\ndata 0\n" + from + "\n")
	}
	if _, err := g.Feed(t.Context(), strings.NewReader(b.String()), "fast-import", "--quiet"); err != nil {
		t.Fatal(err)
	}
	refs, broken, err := g.Refs(t.Context())
	if err != nil || len(refs) != n || broken != nil {
		t.Fatalf("%d refs, %v, %v", len(refs), broken, err)
	}
	graph, err := g.Graph(t.Context(), gitx.Range{All: true})
	if err != nil || graph.Len() != n || len(graph.Heads()) != 3 {
		t.Fatalf("%d commits, %v", graph.Len(), err)
	}
	var tips []gitx.ID
	for i := range n {
		for _, r := range refs {
			if r.Name == "refs/heads/b"+strconv.Itoa(i+1) {
				tips = append(tips, r.Commit)
			}
		}
	}
	groups := [][]int{{graph.Index(tips[0])}, {graph.Index(tips[49]), graph.Index(tips[120])}}
	got := [2]int{}
	graph.Reaching(tips, groups, func(tip, group int) {
		got[group]++
		if group == 0 && tip >= 50 || group == 1 && tip != 49 && tip < 120 {
			t.Errorf("%d reaches group %d", tip, group)
		}
	})
	if got != [2]int{50, 31} {
		t.Errorf("%v tips", got)
	}
	reach := graph.Reachable(tips[70:71])
	count := 0
	for _, yes := range reach {
		if yes {
			count++
		}
	}
	if count != 21 {
		t.Errorf("%d commits are reached", count)
	}
}

// Blobs reads on after objects that are not there, and gives contents whole
// whether or not they are read to their end.
func TestBlobs(t *testing.T) {
	g := repository(t)
	var ids []gitx.ID
	for _, content := range []string{"", "a\n", strings.Repeat("x", 300_000), "b"} {
		out, err := g.Feed(t.Context(), strings.NewReader(content), "hash-object", "-w", "--stdin")
		if err != nil {
			t.Fatal(err)
		}
		id, err := gitx.ParseID(strings.TrimSpace(string(out)))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	path := filepath.Join(g.Dir, ".git", "objects", ids[1].String()[:2], ids[1].String()[2:])
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	b := g.Reading(false).Blobs(t.Context())
	defer b.Close()
	for range 2 {
		if err := b.Ask(ids...); err != nil {
			t.Fatal(err)
		}
		var sizes []int64
		for range ids {
			o, err := b.Next()
			if err != nil {
				t.Fatal(err)
			}
			if o.Err != nil {
				o.Size = -1
			}
			sizes = append(sizes, o.Size)
			if o.Size == 1 {
				buf := make([]byte, 9)
				if n, err := b.Read(buf); string(buf[:n]) != "b" || err != nil {
					t.Errorf("reads %q, %v", buf[:n], err)
				}
			}
		}
		if sizes[0] != 0 || sizes[1] != -1 || sizes[2] != 300_000 || sizes[3] != 1 {
			t.Errorf("%v", sizes)
		}
	}
}
