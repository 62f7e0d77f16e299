//go:build unix

package bench_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/gitx"
)

// addForm is a way in which git is told to treat notebooks.
type addForm struct {
	name, key string // key and value are a setting of filter.test
	value     string
	once      bool // it takes minutes: the first round will do
}

// cost is what a command and all that it started took.
type cost struct{ cpu, wall time.Duration }

// children is the processor time of all processes that were waited for.
func children(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// sample returns count notebooks, evenly spread over those of a folder.
func sample(b *testing.B, folder string, count int) (files [][]byte, size int64) {
	b.Helper()
	var all []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && filepath.Ext(path) == ".ipynb" {
			all = append(all, path)
		}
		return err
	})
	if err != nil || len(all) < count {
		b.Fatalf("%d notebooks in %s, fewer than %d: %v", len(all), folder, count, err)
	}
	for i := range count {
		content, err := os.ReadFile(all[i*len(all)/count])
		if err != nil {
			b.Fatal(err)
		}
		files, size = append(files, content), size+int64(len(content))
	}
	return files, size
}

// add makes a repository of the files, with the form's filter, adds them all and
// returns what that took and the tree.
func (f addForm) add(b *testing.B, files [][]byte) (c cost, tree string) {
	b.Helper()
	dir := b.TempDir()
	git := gitx.Git{Dir: dir, Env: []string{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "HOME=" + dir}}
	run := func(args ...string) string {
		out, err := git.Line(b.Context(), args...)
		if err != nil {
			b.Fatal(err)
		}
		return out
	}
	write := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	run("init", "-q")
	if f.key != "" {
		run("config", "filter.test."+f.key, f.value)
		run("config", "filter.test.required", "true")
		write(".git/info/attributes", []byte("*.ipynb filter=test\n"))
	}
	// Public notebooks hold credentials, at which git add would stop.
	write("nbseal.toml", []byte("[clean]\nsource = \"redact\"\n"))
	for i, content := range files {
		write(fmt.Sprintf("%03d.ipynb", i), content)
	}
	start, before := time.Now(), children(b)
	run("add", ".")
	c = cost{children(b) - before, time.Since(start)}
	if n := strings.Count(run("ls-files"), ".ipynb"); n != len(files) {
		b.Fatalf("%s: %d files of %d were added", f.name, n, len(files))
	}
	tree = run("write-tree")
	if err := os.RemoveAll(dir); err != nil {
		b.Fatal(err)
	}
	return c, tree
}

// BenchmarkGitAdd is git add of 500 notebooks of the folder that
// NBSEAL_BENCH_CORPUS names, in a fresh repository each time: without a filter,
// with nbseal's long-running one, with nbseal started for each file, and with
// nbstripout started for each file if NBSEAL_BENCH_NBSTRIPOUT is its command.
// Medians over the rounds, -benchtime 5x say; nbstripout has one.
func BenchmarkGitAdd(b *testing.B) {
	corpus := os.Getenv("NBSEAL_BENCH_CORPUS")
	if corpus == "" {
		b.Skip("NBSEAL_BENCH_CORPUS names no folder")
	}
	files, size := sample(b, corpus, 500)
	exe := filepath.Join(b.TempDir(), "nbseal")
	build := exec.CommandContext(b.Context(), "go", "build", "-o", exe, "github.com/nbseal/nbseal/cmd/nbseal")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	forms := []addForm{
		{name: "none"},
		{name: "filter-process", key: "process", value: exe + " filter-process"},
		{name: "clean", key: "clean", value: exe + " clean --path %f"},
	}
	if command := os.Getenv("NBSEAL_BENCH_NBSTRIPOUT"); command != "" {
		forms = append(forms, addForm{name: "nbstripout", key: "clean", value: command, once: true})
	}
	costs, trees := map[string][]cost{}, map[string]string{}
	for round := 0; b.Loop(); round++ {
		for _, f := range forms {
			if f.once && round > 0 {
				continue
			}
			c, tree := f.add(b, files)
			costs[f.name], trees[f.name] = append(costs[f.name], c), tree
		}
	}
	if trees["filter-process"] != trees["clean"] || trees["none"] == trees["nbstripout"] {
		b.Errorf("the filters did not do what they should: %v", trees)
	}
	b.Logf("%d notebooks, %.1f MB", len(files), float64(size)/1e6)
	none := median(costs["none"])
	for _, f := range forms {
		m := median(costs[f.name])
		b.Logf("%-14s %7.2f CPU s %7.2f s, %.2f times the CPU of none, %.2f times its wall", f.name, m.cpu.Seconds(), m.wall.Seconds(),
			m.cpu.Seconds()/none.cpu.Seconds(), m.wall.Seconds()/none.wall.Seconds())
		b.ReportMetric(m.cpu.Seconds(), f.name+"-cpu-s")
	}
	b.ReportMetric(0, "ns/op")
}

// median is that of each figure for itself.
func median(list []cost) cost {
	var m cost
	for _, figure := range []struct {
		to   *time.Duration
		from func(cost) time.Duration
	}{
		{&m.cpu, func(c cost) time.Duration { return c.cpu }},
		{&m.wall, func(c cost) time.Duration { return c.wall }},
	} {
		var values []time.Duration
		for _, c := range list {
			values = append(values, figure.from(c))
		}
		slices.Sort(values)
		*figure.to = values[len(values)/2]
	}
	return m
}
