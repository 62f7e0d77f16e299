//go:build unix

// Package peers compares the speed of nbseal with that of gitleaks, as
// libraries, on the same notebooks in one run. It is a module of its own, so
// that nbseal itself depends on no other scanner.
//
//	cd bench/peers && go test -bench . -benchtime 1x
package peers

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	gitleaks "github.com/zricethezav/gitleaks/v8/detect"

	"github.com/nbseal/nbseal/bench"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/scan"
)

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

// compare reports the speeds of both and how many times faster nbseal is.
func compare(b *testing.B, dir string) {
	b.Helper()
	peer, err := gitleaks.NewDetectorDefaultConfig()
	if err != nil {
		b.Fatal(err)
	}
	var ours, theirs time.Duration
	size := int64(0)
	for b.Loop() {
		t0 := cpu(b)
		s, err := scan.Paths(b.Context(), []string{dir}, scan.Options{Jobs: 1}, silent{})
		if err != nil {
			b.Fatal(err)
		}
		t1 := cpu(b)
		err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			src, err := os.ReadFile(path)
			if err == nil {
				peer.DetectBytes(src)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		ours, theirs, size = ours+t1-t0, theirs+cpu(b)-t1, size+s.Bytes
	}
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "x-faster")
	b.ReportMetric(float64(size)/1e6/ours.Seconds(), "nbseal-MB/cpu-s")
	b.ReportMetric(float64(size)/1e6/theirs.Seconds(), "gitleaks-MB/cpu-s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkGitleaks compares on 4 MB of each mixture, after a first scan that
// builds the tables of both.
func BenchmarkGitleaks(b *testing.B) {
	for _, mixture := range bench.Mixtures {
		b.Run(mixture, func(b *testing.B) {
			dir := b.TempDir()
			if _, err := bench.Write(dir, mixture, 4<<20); err != nil {
				b.Fatal(err)
			}
			compare(b, dir)
		})
	}
}

// BenchmarkGitleaksCorpus compares on the folder that NBSEAL_BENCH_PEERS names.
func BenchmarkGitleaksCorpus(b *testing.B) {
	dir := os.Getenv("NBSEAL_BENCH_PEERS")
	if dir == "" {
		b.Skip("NBSEAL_BENCH_PEERS names no folder")
	}
	compare(b, dir)
}
