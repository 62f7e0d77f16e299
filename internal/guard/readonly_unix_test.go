//go:build unix

package guard_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nbseal/nbseal/internal/gitx"
	"github.com/nbseal/nbseal/internal/guard"
)

// TestReadOnly installs where nothing can be written. Permissions do not bind
// root, who becomes somebody else for it.
func TestReadOnly(t *testing.T) {
	if dir := os.Getenv("GUARD_TEST_READONLY"); dir != "" {
		installReadOnly(t, dir)
		return
	}
	u := newUser(t)
	dir := u.repository()
	git := filepath.Join(dir, ".git")
	if err := os.Chmod(git, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(git, 0o755)
	before := snapshot(t, dir)
	// Where it was built, others may not look.
	program := filepath.Join(u.home, "guard.test")
	u.put(program, u.read(os.Args[0]), 0o755)
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestReadOnly$")
	cmd.Env = append(os.Environ(), "GUARD_TEST_READONLY="+dir, "GUARD_TEST_SELF="+u.self)
	cmd.Dir = "/"
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		for _, d := range []string{u.home, dir} {
			for ; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
				if info, err := os.Stat(d); err == nil && d != git {
					if err := os.Chmod(d, info.Mode().Perm()|0o555); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		before = snapshot(t, dir)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	same(t, before, snapshot(t, dir))
}

func installReadOnly(t *testing.T, dir string) {
	plan, err := guard.Install(t.Context(), guard.Options{Git: gitx.Git{Dir: dir}, Self: os.Getenv("GUARD_TEST_SELF")})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Apply(t.Context()); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("got %v", err)
	}
}
