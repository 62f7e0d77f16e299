//go:build unix

package gitfilter_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/gitfilter"
	"github.com/nbseal/nbseal/internal/gitx"
)

// notebooks are 500 files for the benchmarks: those of the folder that
// NBSEAL_BENCH_CORPUS names, in the order of its walk, or else as many bytes as real
// notebooks have in the median.
func notebooks(b *testing.B) (files []string, size int64) {
	b.Helper()
	const count = 500
	if corpus := os.Getenv("NBSEAL_BENCH_CORPUS"); corpus != "" {
		err := filepath.WalkDir(corpus, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || filepath.Ext(name) != ".ipynb" {
				return err
			}
			content, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			files, size = append(files, string(content)), size+int64(len(content))
			if len(files) == count {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil || len(files) != count {
			b.Fatalf("%d notebooks in %s: %v", len(files), corpus, err)
		}
		return files, size
	}
	for i := range count {
		file := fmt.Sprint(i) + strings.Repeat(fmt.Sprintf("%d some text of a cell\n", i), 2000)
		files, size = append(files, file), size+int64(len(file))
	}
	return files, size
}

func BenchmarkServe(b *testing.B) {
	files, size := notebooks(b)
	var in strings.Builder
	in.WriteString(greeting)
	for i, file := range files {
		in.WriteString(ask("clean", fmt.Sprint(i), file))
	}
	f := gitfilter.Filter{Clean: func(_ context.Context, f gitfilter.File) ([]byte, error) { return f.Content, nil }}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if err := f.Serve(b.Context(), strings.NewReader(in.String()), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGit is what 500 files cost git: without a filter, and through one that
// changes nothing. The difference is the price of the protocol. cpu-ms is the
// time that git and the filter computed, which a busy machine does not change.
func BenchmarkGit(b *testing.B) {
	files, size := notebooks(b)
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	for _, command := range []string{"add", "checkout"} {
		for _, attributes := range []string{"", "*.ipynb filter=test"} {
			name := "none"
			if attributes != "" {
				name = "pass"
			}
			b.Run(command+"/"+name, func(b *testing.B) {
				b.SetBytes(size)
				var cpu time.Duration
				for b.Loop() {
					b.StopTimer()
					dir := b.TempDir()
					home := b.TempDir()
					git := gitx.Git{Dir: dir, Env: []string{"GIT_CONFIG_NOSYSTEM=1", "HOME=" + home, "XDG_CONFIG_HOME=", filterMode + "=pass"}}
					run := func(args ...string) {
						if _, err := git.Output(b.Context(), args...); err != nil {
							b.Fatal(err)
						}
					}
					run("init", "-q")
					run("config", "filter.test.process", "'"+filepath.ToSlash(self)+"'")
					run("config", "filter.test.required", "true")
					write := func(name, content string) {
						if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
							b.Fatal(err)
						}
					}
					write(".git/info/attributes", attributes)
					for i, file := range files {
						write(fmt.Sprintf("%d.ipynb", i), file)
					}
					args := []string{"add", "."}
					if command == "checkout" {
						run("add", ".")
						for i := range files {
							os.Remove(filepath.Join(dir, fmt.Sprintf("%d.ipynb", i)))
						}
						args = []string{"checkout", "-q", "--", "."}
					}
					cpu -= children(b)
					b.StartTimer()
					run(args...)
					b.StopTimer()
					cpu += children(b)
					b.StartTimer()
				}
				b.ReportMetric(float64(cpu.Milliseconds())/float64(b.N), "cpu-ms/op")
			})
		}
	}
}

// children is the time that processes started from here, and theirs, computed.
func children(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
