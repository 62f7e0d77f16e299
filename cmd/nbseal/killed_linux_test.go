package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// descendant waits for a program that a process has started, itself or by a
// shell, and returns its id.
func descendant(t *testing.T, pid int, program string) int {
	t.Helper()
	for start := time.Now(); time.Since(start) < 30*time.Second; time.Sleep(time.Millisecond) {
		for todo := []int{pid}; len(todo) > 0; todo = todo[1:] {
			if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", todo[0])); strings.TrimSpace(string(name)) == program {
				return todo[0]
			}
			list, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", todo[0], todo[0])) // gone: none
			for _, child := range strings.Fields(string(list)) {
				id, err := strconv.Atoi(child)
				if err != nil {
					t.Fatal(err)
				}
				todo = append(todo, id)
			}
		}
	}
	t.Fatalf("%s was not started", program)
	return 0
}

// TestKilledAdd: when git or its filter is killed in the middle of git add, the
// files and the index are as they were, and the next git add does it all.
func TestKilledAdd(t *testing.T) {
	const many = 400
	nbseal, p := build(t), newPlace(t)
	p.run(0, nbseal, "install")
	p.run(0, "git", "add", ".")
	token := credentials()["HF"]
	for n := range many {
		content := page("!env", fmt.Sprint(n, " HF_TOKEN=", token, "\n", strings.Repeat("key = token\n", 2000)))
		if err := os.WriteFile(filepath.Join(p.dir, fmt.Sprintf("nb%03d.ipynb", n)), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := func() string { return p.run(0, "sh", "-c", "cat *.ipynb | cksum") }
	before, index := files(), p.run(0, "git", "ls-files", "--stage")
	for _, victim := range []string{"nbseal", "git"} {
		add := exec.Command("git", "add", "-A")
		add.Dir, add.Env = p.dir, []string{"HOME=" + p.home, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1"}
		if err := add.Start(); err != nil {
			t.Fatal(err)
		}
		filter := descendant(t, add.Process.Pid, "nbseal")
		pid := map[string]int{"nbseal": filter, "git": add.Process.Pid}[victim]
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err := add.Wait(); err == nil {
			t.Fatalf("git add ended well without %s", victim)
		}
		if victim == "git" { // it could not take its lock away, and says so the next time
			p.run(128, "git", "add", "-A")
			if err := os.Remove(filepath.Join(p.dir, ".git", "index.lock")); err != nil {
				t.Fatal(err)
			}
		}
		if files() != before || p.run(0, "git", "ls-files", "--stage") != index {
			t.Errorf("%s killed: files or the index are not as before", victim)
		}
	}
	p.run(0, "git", "add", "-A")
	if list := p.run(0, "git", "ls-files"); strings.Count(list, ".ipynb") != many {
		t.Errorf("not all was added afterwards")
	}
	if p.run(1, "git", "grep", "-c", "--cached", token) != "" || files() != before {
		t.Error("a credential is in the index, or a file has changed")
	}
}
