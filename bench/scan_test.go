//go:build unix

package bench_test

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/nbseal/nbseal/bench"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/scan"
)

// cpu is the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

type silent struct{}

func (silent) Finding(finding.Finding, string) error { return nil }
func (silent) Risk(finding.Risk) error               { return nil }
func (silent) Unread(finding.Unread) error           { return nil }

// readAll reads every file and counts its lines: the least that a scan must do.
func readAll(b *testing.B, dir string) {
	b.Helper()
	lines := 0
	var buf []byte
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if int64(cap(buf)) < info.Size() {
			buf = make([]byte, info.Size())
		}
		buf = buf[:info.Size()]
		if _, err := io.ReadFull(f, buf); err != nil {
			return err
		}
		lines += bytes.Count(buf, []byte{'\n'})
		return nil
	})
	if err != nil || lines == 0 {
		b.Fatal("no lines", err)
	}
}

// measure scans dir and reports the speed, and the ratio to readAll in the same run.
func measure(b *testing.B, dir string, jobs int) {
	b.Helper()
	var reading, scanning time.Duration
	size := int64(0)
	readAll(b, dir)
	for b.Loop() {
		t0 := cpu(b)
		readAll(b, dir)
		t1 := cpu(b)
		s, err := scan.Paths(b.Context(), []string{dir}, scan.Options{Jobs: jobs}, silent{})
		if err != nil {
			b.Fatal(err, s)
		}
		reading, scanning = reading+t1-t0, scanning+cpu(b)-t1
		size += s.Bytes
	}
	b.ReportMetric(float64(size)/1e6/scanning.Seconds(), "MB/cpu-s")
	b.ReportMetric(float64(size)/1e6/b.Elapsed().Seconds(), "MB/s")
	b.ReportMetric(scanning.Seconds()/reading.Seconds(), "x-reading")
	b.ReportMetric(0, "ns/op")
}

// generate makes notebooks of a mixture in a new folder.
func generate(b *testing.B, mixture string, size int64) string {
	b.Helper()
	dir := b.TempDir()
	if _, err := bench.Write(dir, mixture, size); err != nil {
		b.Fatal(err)
	}
	return dir
}

// BenchmarkScan scans 32 MB of each mixture with one worker.
func BenchmarkScan(b *testing.B) {
	for _, mixture := range bench.Mixtures {
		b.Run(mixture, func(b *testing.B) { measure(b, generate(b, mixture, 32<<20), 1) })
	}
}

// BenchmarkCorpus scans the folder of notebooks that NBSEAL_BENCH_CORPUS names.
func BenchmarkCorpus(b *testing.B) {
	dir := os.Getenv("NBSEAL_BENCH_CORPUS")
	if dir == "" {
		b.Skip("NBSEAL_BENCH_CORPUS names no folder")
	}
	measure(b, dir, 1)
}

// BenchmarkJobs scans with more workers: MB/s grows, MB/cpu-s should not fall.
func BenchmarkJobs(b *testing.B) {
	dir := generate(b, "images", 64<<20)
	for jobs := 1; jobs <= runtime.GOMAXPROCS(0); jobs *= 2 {
		b.Run(strconv.Itoa(jobs), func(b *testing.B) { measure(b, dir, jobs) })
	}
}

// BenchmarkSize scans one notebook, of 1 to 64 MB: the speed should stay.
func BenchmarkSize(b *testing.B) {
	for _, mb := range []int{1, 4, 16, 64} {
		b.Run(strconv.Itoa(mb)+"MB", func(b *testing.B) {
			dir := b.TempDir()
			if err := bench.WriteOne(filepath.Join(dir, "one.ipynb"), "text", mb<<20); err != nil {
				b.Fatal(err)
			}
			measure(b, dir, 1)
		})
	}
}
