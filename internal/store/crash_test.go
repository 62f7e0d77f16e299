package store_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

// searchPlaintext fails if a file below dir, whatever its name, holds plaintext
// of writers. It returns the number of temporary files.
func searchPlaintext(t *testing.T, dir string) (temps int) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		if atomicfile.IsTemp(d.Name()) {
			temps++
		}
		data, err := os.ReadFile(p)
		if bytes.Contains(data, []byte(canary)) {
			t.Errorf("%s holds plaintext", p)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files, %v", files, err)
	}
	return temps
}

var rounds = flag.Int("rounds", 20, "how often the writers are killed")

// firstLine is a buffer that tells of the first write to any of its kind.
type firstLine struct {
	text bytes.Buffer
	tell func()
}

func (w *firstLine) Write(p []byte) (int, error) {
	w.tell()
	return w.text.Write(p)
}

// killed runs writers, each with its own names, kills them all with SIGKILL some
// time after they started, or after the first acknowledgement, and returns the
// last acknowledged payload of each name.
func killed(t *testing.T, dir string, first int, writers [][]string, working bool, after time.Duration) map[string]int {
	t.Helper()
	begun := make(chan struct{})
	tell := sync.OnceFunc(func() { close(begun) })
	var cmds []*exec.Cmd
	var outs []*firstLine
	for _, names := range writers {
		cmd := writerCommand(t, dir, first, first+1_000_000, names...)
		out := &firstLine{tell: tell}
		cmd.Stdout = out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		cmds, outs = append(cmds, cmd), append(outs, out)
	}
	if working {
		select {
		case <-begun:
		case <-time.After(30 * time.Second):
			t.Error("no writer gets anything done")
		}
	}
	time.Sleep(after) // the moment of death is what is being varied
	for _, cmd := range cmds {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
	}
	acked := map[string]int{}
	for i, cmd := range cmds {
		if err := cmd.Wait(); !errors.As(err, new(*exec.ExitError)) {
			t.Errorf("a writer ended by itself: %v", err)
		}
		lines := strings.Split(outs[i].text.String(), "\n")
		for _, line := range lines[:len(lines)-1] { // the last has no end
			var name string
			var n int
			if _, err := fmt.Sscan(line, &name, &n); err != nil {
				t.Fatalf("acknowledgement %q: %v", line, err)
			}
			acked[name] = n
		}
	}
	return acked
}

func TestNothingAcknowledgedIsLostByKill(t *testing.T) {
	s, id := newStore(t)
	writers := [][]string{{"A", "a1/x"}, {"B", "b1/x"}, {"C", "c1/y/z"}, {"D"}, {"E"}, {"F", "a1/f"}, {"G"}, {"H", "c1/h"}}
	known := map[string]int{}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	total, temps := 0, 0
	for round := range *rounds {
		first := round*1000 + 1
		after := 15*time.Millisecond + time.Duration(random.Int64N(int64(100*time.Millisecond)))
		for name, n := range killed(t, s.Dir(), first, writers, round%4 != 0, after) {
			known[name] = n
			total += n - first + 1
		}
		temps += searchPlaintext(t, s.Dir())
		for name, n := range known {
			v, err := s.Get(name, id)
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			// One more than acknowledged may have been written, or the first
			// of a round whose acknowledgements never came.
			got, err := index(name, v)
			if err != nil || got != n && got != n+1 && got != first {
				t.Errorf("round %d: %s holds payload %d, acknowledged was %d: %v", round, name, got, n, err)
			}
			known[name] = max(got, n)
			if info, err := s.Info(name); err != nil || !info.Recorded || !info.Expires.Equal(expiry(got)) {
				t.Errorf("round %d: %s holds payload %d with the record %+v, %v", round, name, got, info, err)
			}
		}
	}
	t.Logf("%d values acknowledged, %d temporary files left by kills", total, temps)
	if total < *rounds {
		t.Errorf("%d values were acknowledged in %d rounds: too few to tell anything", total, *rounds)
	}

	// A fresh store object sweeps before its first write.
	fresh, err := store.Open(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if err := fresh.Put(t.Context(), "LAST", secret.New([]byte("x"))); err != nil {
		t.Fatal(err)
	}
	if n := searchPlaintext(t, s.Dir()); n != 0 {
		t.Errorf("%d temporary files were not swept", n)
	}
}

func TestManyProcessesWriteAtOnce(t *testing.T) {
	const processes, puts = 6, 8
	s, id := newStore(t)
	var wg sync.WaitGroup
	for p := range processes {
		cmd := writerCommand(t, s.Dir(), 1, puts, "SHARED", "folder/shared", fmt.Sprintf("own/P%d", p))
		wg.Go(func() {
			if out, err := cmd.Output(); err != nil || bytes.Count(out, []byte("\n")) != 3*puts {
				t.Errorf("process %d: %v after %q", p, err, out)
			}
		})
	}
	// Readers see whole values all the while.
	done := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			v, err := s.Get("SHARED", id)
			if errors.Is(err, store.ErrNotExist) {
				continue
			} else if err != nil {
				t.Error(err)
				return
			}
			if _, err := index("SHARED", v); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	close(done)
	reader.Wait()

	names, err := s.Names()
	if err != nil || len(names) != processes+2 {
		t.Fatalf("names %q, %v", names, err)
	}
	for _, name := range names {
		v, err := s.Get(name, id)
		if err != nil {
			t.Fatal(err)
		}
		i, err := index(name, v)
		if err != nil || strings.HasPrefix(name, "own/") && i != puts {
			t.Errorf("%s holds payload %d, %v", name, i, err)
		}
	}
	if n := searchPlaintext(t, s.Dir()); n != 0 {
		t.Errorf("%d temporary files are left", n)
	}
}
