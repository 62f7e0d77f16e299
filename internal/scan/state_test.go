package scan_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/scan"
)

// With a state a scan says what one without it says, and reads what is new.
func TestState(t *testing.T) {
	r := newRepo(t)
	path := filepath.Join(t.TempDir(), "state.json")
	run := func(opt scan.HistoryOptions, rules ...[]byte) (fresh string, files int) {
		t.Helper()
		want, full := r.history(opt)
		var err error
		if opt.State, err = scan.OpenState(path, opt, rules...); err != nil {
			t.Fatal(err)
		}
		fresh = opt.State.Fresh
		opt.Git = r.gitx()
		got := new(events)
		s, err := scan.History(t.Context(), opt, got)
		if err != nil {
			t.Fatal(err)
		}
		if got.want(t, want.lines...); strings.Join(got.fingerprints, "") != strings.Join(want.fingerprints, "") {
			t.Error("other fingerprints")
		}
		if s.Complete != full.Complete || s.Findings != full.Findings || s.Suppressed != full.Suppressed || s.Unread != full.Unread {
			t.Errorf("%+v, without a state %+v", s, full)
		}
		if err := opt.State.Write(); err != nil {
			t.Fatal(err)
		}
		return fresh, s.Files
	}
	check := func(name, wantFresh string, wantFiles int) {
		t.Helper()
		if fresh, files := run(scan.HistoryOptions{}); fresh != wantFresh || files != wantFiles {
			t.Errorf("%s: %q, %d files read, want %q, %d", name, fresh, files, wantFresh, wantFiles)
		}
	}
	r.load(120, 1) // one with a credential
	check("first", "there is no state yet", 120)
	check("nothing new", "", 1)
	r.git("read-tree", "HEAD")
	r.put("n1.ipynb", "{") // cannot be read
	r.put("b.py", leaky(50)+strings.TrimSpace(leaky(7))+" # nbseal:ignore\n")
	r.commit(500, "new")
	check("new", "", 3)
	r.put("b.py", "x = 1\n")
	r.commit(501, "gone")
	check("gone", "", 4)
	check("gone", "", 3)
	b, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(b), token(50)) || strings.Contains(string(b), "hf_") {
		t.Errorf("%v: the state holds a credential:\n%s", err, b)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	// History is rewritten: the tip is gone, everything is read again.
	r.git("reset", "-q", "--soft", "HEAD~2")
	r.commit(502, "otherwise")
	check("rewritten", "", 122)
	check("unchanged", "", 2)
	const other = "the state was made by another nbseal, with other rules or for other paths"
	if fresh, _ := run(scan.HistoryOptions{}, []byte("rules")); fresh != other {
		t.Errorf("other rules: %q", fresh)
	}
	if fresh, _ := run(scan.HistoryOptions{Paths: []string{"*.py"}}); fresh != other {
		t.Errorf("other paths: %q", fresh)
	}
	for content, why := range map[string]string{"{": "the state is damaged", `{"version":7}`: "the state has another version"} {
		write(t, filepath.Dir(path), "state.json", []byte(content))
		check(content, why, 122)
	}
	if _, err := scan.OpenState(path, scan.HistoryOptions{Revs: []string{"HEAD"}}); err == nil {
		t.Error("a range may have a state")
	}
}

// No state is kept of what is not whole.
func TestStateOfShallowClone(t *testing.T) {
	r := newRepo(t)
	r.load(5, 1)
	c := r.at(t.TempDir())
	c.git("clone", "-q", "--depth=2", "file://"+filepath.ToSlash(r.dir), ".")
	path := filepath.Join(t.TempDir(), "state.json")
	opt := scan.HistoryOptions{Git: c.gitx()}
	s, err := scan.OpenState(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	opt.State = s
	if _, err := scan.History(t.Context(), opt, new(events)); err != nil || s.Unkept == "" || s.Write() != nil {
		t.Errorf("%v, %q", err, s.Unkept)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it was written")
	}
}
