package transfer

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/gitx"
	"github.com/nbseal/nbseal/internal/secret"
)

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=n", "-c", "user.email=e@example.org"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func kinds(p *Plan) string {
	var all []string
	for _, s := range p.Steps {
		all = append(all, string(s.Kind))
	}
	return strings.Join(all, " ")
}

// keep is a store that holds what was read.
func keep(s *Source) func(context.Context, string) (secret.Value, error) {
	all := values(s)
	return func(_ context.Context, name string) (secret.Value, error) {
		v, ok := all[name]
		if !ok {
			return secret.Value{}, errors.New("no such secret")
		}
		return secret.New([]byte(v)), nil
	}
}

func source(t *testing.T, path, text string, mode os.FileMode) (*Source, *Plan) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	s, err := Read(t.Context(), path, Options{Format: Dotenv})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(t.Context(), gitx.Git{})
	if err != nil {
		t.Fatal(err)
	}
	return s, p
}

func TestPlanWithoutGit(t *testing.T) {
	s, p := source(t, filepath.Join(t.TempDir(), ".env"), "A=1\nB=\nnothing\n", 0o644)
	want := "private remove"
	if runtime.GOOS == "windows" {
		want = "remove"
	}
	if kinds(p) != want || len(p.Lost) != 1 || p.Tracked {
		t.Errorf("%s, lost %+v", kinds(p), p.Lost)
	}
	for _, step := range p.Steps {
		if err := p.Apply(t.Context(), step, keep(s)); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(p.Path); step.Kind == Private && (err != nil || info.Mode().Perm() != 0o600) {
			t.Errorf("%v %v", info, err)
		}
	}
	if _, err := os.Lstat(p.Path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the file is still there")
	}
}

func TestPlanWithGit(t *testing.T) {
	top := t.TempDir()
	git(t, top, "init", "-q")
	if err := os.WriteFile(filepath.Join(top, ".gitignore"), []byte("*.pyc\r\nbuild"), 0o640); err != nil {
		t.Fatal(err)
	}
	names := []string{".env", "sub dir/a[1]*.env", "#x", "!y", "end "}
	if runtime.GOOS == "windows" {
		names = []string{".env", "sub dir/a[1].env", "#x", "!y"}
	}
	for _, name := range names {
		path := filepath.Join(top, filepath.FromSlash(name))
		_, p := source(t, path, "A=1\n", 0o600)
		if kinds(p) != "ignore remove" {
			t.Fatalf("%q: %s", name, kinds(p))
		}
		if err := p.Apply(t.Context(), p.Steps[0], nil); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if p, err := PlanFile(t.Context(), gitx.Git{}, path); err != nil || len(p.Steps) != 0 {
			t.Errorf("%q: %s, %v", name, kinds(p), err)
		}
	}
	text, err := os.ReadFile(filepath.Join(top, ".gitignore"))
	if err != nil || !strings.HasPrefix(string(text), "*.pyc\r\nbuild\r\n/.env\r\n/sub dir/") {
		t.Errorf("%q", text)
	}
	if status := git(t, top, "status", "--porcelain"); status != "?? .gitignore" {
		t.Errorf("git still sees %q", status)
	}

	_, p := source(t, filepath.Join(top, "tracked"), "A=1\n", 0o600)
	if p.Tracked {
		t.Error("it is not tracked yet")
	}
	git(t, top, "add", "tracked")
	if p, err = PlanFile(t.Context(), gitx.Git{}, filepath.Join(top, "tracked")); err != nil || !p.Tracked || kinds(p) != "ignore" || len(p.Notes) != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	if err := p.Apply(t.Context(), p.Steps[0], nil); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(top, "sub dir", ".gitignore"), []byte("!kept\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, p = source(t, filepath.Join(top, "sub dir", "kept"), "A=1\n", 0o600)
	if err := p.Apply(t.Context(), p.Steps[0], nil); err == nil || !strings.Contains(err.Error(), "still does not ignore") {
		t.Errorf("a later rule: %v", err)
	}
}

func TestRemoveRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	s, p := source(t, path, "A=1\nB=2\n", 0o600)
	step := p.Steps[len(p.Steps)-1]
	stored := keep(s)
	for name, test := range map[string]func(context.Context, string) (secret.Value, error){
		"none": nil,
		"other value": func(ctx context.Context, name string) (secret.Value, error) {
			if name == "B" {
				return secret.New([]byte("3")), nil
			}
			return stored(ctx, name)
		},
		"error": func(context.Context, string) (secret.Value, error) { return secret.Value{}, errors.New("locked") },
	} {
		if err := p.Apply(t.Context(), step, test); !errors.Is(err, ErrNotStored) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(path, []byte("A=1\nB=2\nC=3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(t.Context(), step, stored); !errors.Is(err, atomicfile.ErrChanged) {
		t.Errorf("a changed file: %v", err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
	// A name that the caller did not store.
	s, p = source(t, path, "A=1\nB=2\n", 0o600)
	stored = keep(s)
	s.Items[1].Name = "ELSE"
	if err := p.Apply(t.Context(), p.Steps[len(p.Steps)-1], stored); !errors.Is(err, ErrNotStored) || !strings.Contains(err.Error(), "ELSE") {
		t.Errorf("an item that is not stored: %v", err)
	}
}
