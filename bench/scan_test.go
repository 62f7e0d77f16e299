//go:build unix

package bench_test

import (
	"bufio"
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

// readAll reads every file and counts its line ends: the least that a scan must do.
func readAll(b *testing.B, dir string) {
	b.Helper()
	var buf []byte
	eachFile(b, dir, func(f *os.File) (int, error) {
		info, err := f.Stat()
		if err != nil {
			return 0, err
		}
		if int64(cap(buf)) < info.Size() {
			buf = make([]byte, info.Size())
		}
		buf = buf[:info.Size()]
		_, err = io.ReadFull(f, buf)
		return bytes.Count(buf, []byte{'\n'}), err
	})
}

// scanLines goes through the lines of every file, as most programs do that look
// at lines.
func scanLines(b *testing.B, dir string) {
	b.Helper()
	buf := make([]byte, 1<<20)
	eachFile(b, dir, func(f *os.File) (lines int, err error) {
		s := bufio.NewScanner(f)
		s.Buffer(buf, scan.MaxSize)
		for s.Scan() {
			lines++
		}
		return lines, s.Err()
	})
}

// eachFile opens the files below dir, one after the other, and fails when there
// are no lines in them.
func eachFile(b *testing.B, dir string, count func(*os.File) (int, error)) {
	b.Helper()
	lines := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		n, err := count(f)
		lines += n
		return err
	})
	if err != nil || lines == 0 {
		b.Fatal("no lines", err)
	}
}

// measure scans dir and reports the speed, and the ratios to readAll and to
// scanLines in the same run.
func measure(b *testing.B, dir string, jobs int) {
	b.Helper()
	var reading, lines, scanning, wall time.Duration
	size := int64(0)
	readAll(b, dir)
	for b.Loop() {
		t0 := cpu(b)
		readAll(b, dir)
		t1 := cpu(b)
		scanLines(b, dir)
		t2, start := cpu(b), time.Now()
		s, err := scan.Paths(b.Context(), []string{dir}, scan.Options{Jobs: jobs}, silent{})
		if err != nil {
			b.Fatal(err, s)
		}
		reading, lines, scanning = reading+t1-t0, lines+t2-t1, scanning+cpu(b)-t2
		wall += time.Since(start)
		size += s.Bytes
	}
	b.ReportMetric(float64(size)/1e6/scanning.Seconds(), "MB/cpu-s")
	b.ReportMetric(float64(size)/1e6/wall.Seconds(), "MB/s")
	b.ReportMetric(scanning.Seconds()/reading.Seconds(), "x-reading")
	b.ReportMetric(scanning.Seconds()/lines.Seconds(), "x-lines")
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
