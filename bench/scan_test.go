//go:build unix

package bench_test

import (
	"bytes"
	"os"
	"path/filepath"
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
func (silent) Unread(finding.Unread) error           { return nil }

// readAll reads every file and counts its lines: the least that a scan must do.
func readAll(b *testing.B, dir string) {
	b.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.ipynb"))
	if err != nil || len(files) == 0 {
		b.Fatal("no notebooks", err)
	}
	lines := 0
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			b.Fatal(err)
		}
		lines += bytes.Count(src, []byte{'\n'})
	}
	if lines == 0 {
		b.Fatal("no lines")
	}
}

// BenchmarkScan scans 32 MB of each mixture with one worker.
func BenchmarkScan(b *testing.B) {
	for _, mixture := range bench.Mixtures {
		b.Run(mixture, func(b *testing.B) {
			dir := b.TempDir()
			size, err := bench.Write(dir, mixture, 32<<20)
			if err != nil {
				b.Fatal(err)
			}
			var reading, scanning time.Duration
			readAll(b, dir)
			b.ResetTimer()
			for b.Loop() {
				t0 := cpu(b)
				readAll(b, dir)
				t1 := cpu(b)
				s, err := scan.Paths(b.Context(), []string{dir}, scan.Options{Jobs: 1}, silent{})
				if err != nil || !s.Complete {
					b.Fatal(err, s)
				}
				reading, scanning = reading+t1-t0, scanning+cpu(b)-t1
			}
			b.ReportMetric(float64(size)*float64(b.N)/1e6/scanning.Seconds(), "MB/cpu-s")
			b.ReportMetric(scanning.Seconds()/reading.Seconds(), "x-reading")
			b.ReportMetric(0, "ns/op")
		})
	}
}
