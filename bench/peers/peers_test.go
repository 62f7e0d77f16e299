//go:build unix

// Package peers compares the speed of nbseal with that of gitleaks and
// betterleaks, as libraries, on the same notebooks in one run. It is a module of
// its own, so that nbseal itself depends on no other scanner.
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

	betterleaks "github.com/betterleaks/betterleaks/detect"
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

// peer is another scanner: with its own default rules, and as a library with
// its default engine for regular expressions, which is Go's.
type peer struct {
	name string
	scan func(src []byte)
}

func peers(b *testing.B) []peer {
	b.Helper()
	g, err := gitleaks.NewDetectorDefaultConfig()
	if err != nil {
		b.Fatal(err)
	}
	l, err := betterleaks.NewDetectorDefaultConfig()
	if err != nil {
		b.Fatal(err)
	}
	return []peer{
		{"gitleaks", func(src []byte) { g.DetectBytes(src) }},
		{"betterleaks", func(src []byte) { l.DetectString(string(src)) }},
	}
}

// compare reports the speeds of all and how many times faster nbseal is.
func compare(b *testing.B, dir string) {
	b.Helper()
	others := peers(b)
	ours, theirs := time.Duration(0), make([]time.Duration, len(others))
	size := int64(0)
	for b.Loop() {
		start := cpu(b)
		s, err := scan.Paths(b.Context(), []string{dir}, scan.Options{Jobs: 1}, silent{})
		if err != nil {
			b.Fatal(err)
		}
		ours, size = ours+cpu(b)-start, size+s.Bytes
		for i, p := range others {
			start := cpu(b)
			each(b, dir, p.scan)
			theirs[i] += cpu(b) - start
		}
	}
	b.ReportMetric(float64(size)/1e6/ours.Seconds(), "nbseal-MB/cpu-s")
	for i, p := range others {
		b.ReportMetric(theirs[i].Seconds()/ours.Seconds(), "x-"+p.name)
		b.ReportMetric(float64(size)/1e6/theirs[i].Seconds(), p.name+"-MB/cpu-s")
	}
	b.ReportMetric(0, "ns/op")
}

// each reads the files of dir.
func each(b *testing.B, dir string, read func(src []byte)) {
	b.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		src, err := os.ReadFile(path)
		if err == nil {
			read(src)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkPeers compares on 4 MB of each mixture. The first scan of each includes
// building its tables.
func BenchmarkPeers(b *testing.B) {
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

// BenchmarkPeersCorpus compares on the folder that NBSEAL_BENCH_PEERS names.
func BenchmarkPeersCorpus(b *testing.B) {
	dir := os.Getenv("NBSEAL_BENCH_PEERS")
	if dir == "" {
		b.Skip("NBSEAL_BENCH_PEERS names no folder")
	}
	compare(b, dir)
}
