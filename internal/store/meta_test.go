package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

func ptr[T any](v T) *T { return &v }

// at is s with a clock that stands.
func at(t *testing.T, s *store.Store, when time.Time) *store.Store {
	t.Helper()
	s, err := store.Open(s.Dir(), store.Clock(func() time.Time { return when }))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func info(t *testing.T, s *store.Store, name string) store.Info {
	t.Helper()
	i, err := s.Info(name)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func notes(t *testing.T, s *store.Store, name string, id *store.Identity, want store.Notes) {
	t.Helper()
	if got, err := s.Notes(name, id); err != nil || got != want {
		t.Errorf("notes of %s: %+v, %v", name, got, err)
	}
}

func TestMetadata(t *testing.T) {
	s, id := newStore(t)
	day := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s = at(t, s, day)
	about := store.About{Note: ptr("for the report\nof Ana"), Revoke: ptr("https://example.org/tokens"), Expires: ptr(day.AddDate(0, 0, 90))}
	if err := s.PutAbout(t.Context(), "team/A", secret.New([]byte("x")), about); err != nil {
		t.Fatal(err)
	}
	i := info(t, s, "team/A")
	if !i.Created.Equal(day) || !i.Changed.Equal(day) || !i.Expires.Equal(*about.Expires) || !i.Recorded || !i.HasNote || !i.HasRevoke || i.Damaged != nil {
		t.Errorf("got %+v", i)
	}
	if i.Expired(day) || !i.Expired(*about.Expires) {
		t.Error("it expires when it does not")
	}
	notes(t, s, "team/A", id, store.Notes{Note: *about.Note, Revoke: *about.Revoke})
	want(t, s, "team/A", "x", id)

	// A new value keeps what is about the name, not what is about the old value.
	s = at(t, s, day.AddDate(0, 1, 0))
	put(t, s, "team/A", "y")
	i = info(t, s, "team/A")
	if !i.Created.Equal(day) || !i.Changed.Equal(day.AddDate(0, 1, 0)) || !i.Expires.IsZero() || !i.Recorded {
		t.Errorf("got %+v", i)
	}
	notes(t, s, "team/A", id, store.Notes{Note: *about.Note, Revoke: *about.Revoke})

	// Without a new value.
	if err := s.Annotate(t.Context(), "team/A", store.About{Note: ptr(""), Expires: about.Expires}); err != nil {
		t.Fatal(err)
	}
	if i = info(t, s, "team/A"); i.HasNote || !i.Expires.Equal(*about.Expires) || !i.Changed.Equal(day.AddDate(0, 1, 0)) {
		t.Errorf("got %+v", i)
	}
	notes(t, s, "team/A", id, store.Notes{Revoke: *about.Revoke})
	if err := s.Annotate(t.Context(), "B", about); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("got %v", err)
	}

	// What goes takes it along.
	if err := s.Remove(t.Context(), "team/A"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(s.Dir(), "team")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

// What another program did with the value is noticed.
func TestMetadataOfAnotherValue(t *testing.T) {
	s, id := newStore(t)
	about := store.About{Note: ptr("n"), Expires: ptr(time.Now().AddDate(1, 0, 0))}
	for _, n := range []string{"A", "B"} {
		if err := s.PutAbout(t.Context(), n, secret.New([]byte(n)), about); err != nil {
			t.Fatal(err)
		}
	}
	a, b := filepath.Join(s.Dir(), "A.age"), filepath.Join(s.Dir(), "B.age")
	if err := os.Rename(b, a); err != nil {
		t.Fatal(err)
	}
	if i := info(t, s, "A"); i.Recorded || !i.Expires.IsZero() || !i.HasNote || i.Changed.IsZero() {
		t.Errorf("got %+v", i)
	}
	// A secret that comes to a name anew starts anew.
	put(t, s, "B", "new")
	if i := info(t, s, "B"); i.HasNote || !i.Recorded {
		t.Errorf("got %+v", i)
	}
	// A damaged record is told, and is in nobody's way to the value.
	if err := os.WriteFile(filepath.Join(s.Dir(), ".A.nbseal.json"), []byte("<<<<<<< HEAD\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, s, "A", "B", id)
	if i := info(t, s, "A"); i.Damaged == nil || !strings.Contains(i.Damaged.Error(), ".A.nbseal.json") {
		t.Errorf("got %+v", i)
	}
	if err := s.Put(t.Context(), "A", secret.New([]byte("z"))); err == nil {
		t.Error("overwrote a damaged record")
	}
	want(t, s, "A", "B", id)
	// So is a secret without a record.
	if err := os.Remove(filepath.Join(s.Dir(), ".A.nbseal.json")); err != nil {
		t.Fatal(err)
	}
	if i := info(t, s, "A"); i.Damaged != nil || i.Recorded || !i.Created.IsZero() || i.Changed.IsZero() {
		t.Errorf("got %+v", i)
	}
	if err := s.Annotate(t.Context(), "A", about); err != nil {
		t.Fatal(err)
	}
	if i := info(t, s, "A"); !i.Recorded || !i.HasNote || i.Expires.IsZero() {
		t.Errorf("got %+v", i)
	}
}

func TestMetadataIsNotInClear(t *testing.T) {
	s, _ := newStore(t)
	if err := s.PutAbout(t.Context(), "A", secret.New([]byte(canary)), store.About{Note: ptr(canary), Revoke: ptr(canary)}); err != nil {
		t.Fatal(err)
	}
	searchPlaintext(t, s.Dir())
	for what, about := range map[string]store.About{
		"long": {Note: ptr(strings.Repeat("x", store.MaxNote+1))}, "lines": {Revoke: ptr("a\nb")}, "escape": {Note: ptr("\x1b[2J")}, "turned": {Note: ptr("\u202e")}, "bytes": {Note: ptr("\xff")},
	} {
		if err := s.Annotate(t.Context(), "A", about); err == nil {
			t.Errorf("%s: taken", what)
		}
	}
}
