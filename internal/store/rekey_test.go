package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

func newIdentity(t *testing.T) *store.Identity {
	t.Helper()
	id, err := store.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// who is a recipient with a name.
func who(t *testing.T, id *store.Identity, name string) store.Recipient {
	t.Helper()
	r, err := store.ParseRecipient(id.Recipients()[0])
	if err != nil {
		t.Fatal(err)
	}
	r.Name = name
	return r
}

func closed(t *testing.T, s *store.Store, name string, id age.Identity) {
	t.Helper()
	if _, err := s.Get(name, id); !errors.Is(err, store.ErrLocked) {
		t.Errorf("%s is open to one who is no recipient: %v", name, err)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestChangeRecipients(t *testing.T) {
	s, me := newStore(t)
	ana, bob := newIdentity(t), newIdentity(t)
	about := store.About{Note: ptr("n")}
	for _, n := range []string{"A", "team/B", "team/sub/C", "other/D"} {
		if err := s.PutAbout(t.Context(), n, secret.New([]byte(n)), about); err != nil {
			t.Fatal(err)
		}
	}
	before := info(t, s, "team/B")
	done, err := s.ChangeRecipients(t.Context(), store.RecipientsChange{Folder: "team", Add: []store.Recipient{who(t, ana, "Ana"), who(t, bob, "Bob, laptop")}}, me)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(done.Secrets, []string{"team/B", "team/sub/C"}) || len(done.Rotate) != 0 || len(done.Recipients) != 3 || done.Recipients[2].Name != "Bob, laptop" {
		t.Errorf("got %+v", done)
	}
	for _, n := range done.Secrets {
		want(t, s, n, n, me)
		want(t, s, n, n, ana)
		notes(t, s, n, ana, store.Notes{Note: "n"})
	}
	if after := info(t, s, "team/B"); after != before {
		t.Errorf("the record changed from %+v to %+v", before, after)
	}
	closed(t, s, "A", ana)
	closed(t, s, "other/D", ana)

	// A group of its own inside of the other is left alone.
	if _, err := s.ChangeRecipients(t.Context(), store.RecipientsChange{Folder: "team/sub", Remove: []string{"Ana"}}, me); err != nil {
		t.Fatal(err)
	}
	closed(t, s, "team/sub/C", ana)
	want(t, s, "team/sub/C", "team/sub/C", bob)
	done, err = s.ChangeRecipients(t.Context(), store.RecipientsChange{Folder: "team", Remove: []string{bob.Recipients()[0]}}, me)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(done.Rotate, []string{"team/B"}) || !slices.Equal(done.Removed, bob.Recipients()) {
		t.Errorf("got %+v", done)
	}
	closed(t, s, "team/B", bob)
	want(t, s, "team/sub/C", "team/sub/C", bob)

	groups, err := s.Groups()
	if err != nil || len(groups) != 3 {
		t.Fatal(groups, err)
	}
	for i, w := range []string{" A other/D", "team team/B", "team/sub team/sub/C"} {
		if got := groups[i].Folder + " " + strings.Join(groups[i].Secrets, " "); got != w {
			t.Errorf("group %q, want %q", got, w)
		}
	}
	if list, from, err := s.Recipients("team/new/deep"); err != nil || from != "team" || len(list) != 2 || list[1].Name != "Ana" {
		t.Errorf("got %v from %q, %v", list, from, err)
	}
	// The same again changes nothing, a new name is no new recipient.
	for range 2 {
		done, err = s.ChangeRecipients(t.Context(), store.RecipientsChange{Folder: "team", Add: []store.Recipient{who(t, ana, "Ana B.")}}, me)
		if err != nil || len(done.Recipients) != 2 || done.Recipients[1].Name != "Ana B." || len(done.Rotate) != 0 {
			t.Errorf("got %+v, %v", done, err)
		}
	}
	if len(done.Secrets) != 0 {
		t.Errorf("encrypted %q anew for nothing", done.Secrets)
	}
}

func TestChangeRecipientsRefuses(t *testing.T) {
	s, me := newStore(t)
	ana := newIdentity(t)
	put(t, s, "A", "a")
	pq, err := store.NewPostQuantumIdentity()
	if err != nil {
		t.Fatal(err)
	}
	read := func() string {
		var all string
		for _, f := range []string{".age-recipients", "A.age"} {
			b, err := os.ReadFile(filepath.Join(s.Dir(), f))
			if err != nil {
				t.Fatal(err)
			}
			all += string(b)
		}
		return all
	}
	before := read()
	for what, c := range map[string]struct {
		change store.RecipientsChange
		ids    []age.Identity
		want   error
	}{
		"mixed":    {store.RecipientsChange{Add: []store.Recipient{who(t, pq, "")}}, []age.Identity{me}, store.ErrMixed},
		"lockout":  {store.RecipientsChange{Add: []store.Recipient{who(t, ana, "")}, Remove: me.Recipients()}, []age.Identity{me}, store.ErrLockout},
		"stranger": {store.RecipientsChange{Add: []store.Recipient{who(t, ana, "")}}, []age.Identity{ana}, store.ErrLocked},
		"nobody":   {store.RecipientsChange{Add: []store.Recipient{who(t, ana, "")}}, nil, store.ErrLockout},
		"last":     {store.RecipientsChange{Remove: me.Recipients()}, []age.Identity{me}, nil},
		"unknown":  {store.RecipientsChange{Remove: []string{"Zoe"}}, []age.Identity{me}, nil},
		"outside":  {store.RecipientsChange{Folder: "../x", Add: []store.Recipient{who(t, ana, "")}}, []age.Identity{me}, store.ErrName},
	} {
		if _, err := s.ChangeRecipients(t.Context(), c.change, c.ids...); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if read() != before {
		t.Error("a refused change changed something")
	}
	// Post-quantum among themselves.
	if _, err := s.ChangeRecipients(t.Context(), store.RecipientsChange{Folder: "pq", Add: []store.Recipient{who(t, pq, "")}, Remove: me.Recipients()}, me, pq); err != nil {
		t.Fatal(err)
	}
	put(t, s, "pq/A", "x")
	want(t, s, "pq/A", "x", pq)
	closed(t, s, "pq/A", me)
}

func TestRecipientsFile(t *testing.T) {
	s, me := newStore(t)
	ana := newIdentity(t)
	file := filepath.Join(s.Dir(), ".age-recipients")
	text := "# nbseal's store\r\n\n# Me\n" + me.Recipients()[0] + "\n\n# Ana\n" + ana.Recipients()[0] + "\n# the end"
	if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ChangeRecipients(t.Context(), store.RecipientsChange{Remove: []string{"Ana"}}, me); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if want := "# nbseal's store\n\n# Me\n" + me.Recipients()[0] + "\n\n# the end\n"; err != nil || string(got) != want {
		t.Errorf("the file is %q, %v", got, err)
	}
	for what, bad := range map[string]string{
		"identity": "AGE-SECRET" + "-KEY-1QQQQ", "ecdsa": "ecdsa-sha2-nistp256 AAAA x", "cut": me.Recipients()[0][:40], "nonsense": "hello", "blank": "  ", "long": "age1" + strings.Repeat("q", 9000),
	} {
		if err := os.WriteFile(file, []byte("# x\n"+bad+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := s.Put(t.Context(), "A", secret.New([]byte("x")))
		if err == nil || !strings.Contains(err.Error(), "line 2") || len(bad) > 5 && strings.Contains(err.Error(), bad[4:]) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Killed at any moment, every secret opens for the old or the new recipients, and
// what is left to do is done by resuming.
func TestChangeOfRecipientsSurvivesKill(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	interrupted, finished := 0, 0
	times := (*rounds + 2) / 3
	for round := range times {
		s, me := newStore(t)
		old, fresh := newIdentity(t), newIdentity(t)
		if _, err := s.ChangeRecipients(t.Context(), store.RecipientsChange{Add: []store.Recipient{who(t, old, "Old")}}, me); err != nil {
			t.Fatal(err)
		}
		var names []string
		for i := range 8 {
			n := fmt.Sprintf("f%d/N%d", i%2, i)
			names = append(names, n)
			expires := expiry(i)
			if err := s.PutAbout(t.Context(), n, secret.New(payload(n, i)), store.About{Note: ptr("n"), Expires: &expires}); err != nil {
				t.Fatal(err)
			}
		}
		key := filepath.Join(t.TempDir(), "key")
		if err := store.WriteIdentityFile(key, me); err != nil {
			t.Fatal(err)
		}
		cmd := rekeyCommand(t, s.Dir(), key, fresh.Recipients()[0], "Old")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		after := time.Duration(random.Int64N(int64(60 * time.Millisecond)))
		if round%3 != 0 {
			// Not before it has begun.
			for i := 0; i < 20_000 && !exists(filepath.Join(s.Dir(), ".nbseal.rekey")); i++ {
				time.Sleep(time.Millisecond / 2)
			}
			after /= 4
		}
		time.Sleep(after) // the moment of death is what is being varied
		_ = cmd.Process.Kill()
		_ = cmd.Wait()

		_, list, pending, err := s.PendingRecipients()
		if err != nil || pending && len(list) != 2 {
			t.Fatalf("seed %d, round %d: %v, %v", seed, round, list, err)
		}
		check := func(what string) {
			for i, n := range names {
				v, err := s.Get(n, me)
				if err != nil {
					t.Fatalf("seed %d, round %d, %s: %v", seed, round, what, err)
				}
				if got, err := index(n, v); err != nil || got != i {
					t.Errorf("%s: %d, %v", n, got, err)
				}
				if in := info(t, s, n); !in.Recorded || !in.Expires.Equal(expiry(i)) {
					t.Errorf("%s: %s has the record %+v", what, n, in)
				}
			}
		}
		check("killed")
		if pending {
			interrupted++
			if _, err := s.ChangeRecipients(t.Context(), store.RecipientsChange{Remove: []string{"Old"}}, me); !errors.Is(err, store.ErrPending) {
				t.Errorf("got %v", err)
			}
			done, err := s.ResumeRecipients(t.Context(), me)
			if err != nil || !slices.Equal(done.Rotate, slices.Sorted(slices.Values(names))) {
				t.Fatalf("resuming: %+v, %v", done, err)
			}
			check("resumed")
		}
		list, _, err = s.Recipients("")
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(list, func(r store.Recipient) bool { return r.Text == fresh.Recipients()[0] }) {
			finished++
			for _, n := range names {
				closed(t, s, n, old)
				if _, err := s.Get(n, fresh); err != nil {
					t.Error(err)
				}
				notes(t, s, n, fresh, store.Notes{Note: "n"})
			}
		} else {
			want(t, s, names[0], string(payload(names[0], 0)), old)
		}
		if done, err := s.ResumeRecipients(t.Context(), me); err != nil || len(done.Secrets) != 0 {
			t.Errorf("there was more to resume: %+v, %v", done, err)
		}
	}
	t.Logf("seed %d: %d rounds, %d killed in the middle and resumed, %d ended with the new recipients", seed, times, interrupted, finished)
	if interrupted == 0 {
		t.Error("no kill fell into a change")
	}
}
