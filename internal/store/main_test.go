package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

// TestMain also is the program that tests run, and kill, as a writer.
func TestMain(m *testing.M) {
	if os.Getenv("STORE_TEST_WRITER") != "" {
		if err := writer(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv("STORE_TEST_REKEY") != "" {
		if err := rekeyer(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// canary stands in every plaintext of writers.
const canary = "canary-77777777777"

// payload is the i-th value of a name: it says what it is, and its length and
// digest show whether it is whole.
func payload(name string, i int) []byte {
	head := fmt.Sprintf("%s %s %d ", canary, name, i)
	body := strings.Repeat(head, 1+(i*37)%700)
	sum := sha256.Sum256([]byte(body))
	return []byte(body + hex.EncodeToString(sum[:]))
}

// index is the i of a payload, or an error if it is torn.
func index(name string, v secret.Value) (int, error) {
	fields := bytes.Fields(v.Reveal())
	if len(fields) < 3 {
		return 0, fmt.Errorf("%s: torn value of %d bytes", name, v.Len())
	}
	i, err := strconv.Atoi(string(fields[2]))
	if err != nil || !bytes.Equal(payload(name, i), v.Reveal()) {
		return 0, fmt.Errorf("%s: torn value of %d bytes", name, v.Len())
	}
	return i, nil
}

// expiry is what is known about the i-th value of a name.
func expiry(i int) time.Time { return time.Unix(1_000_000_000+int64(i), 0) }

// writer puts the payloads from first to last of the names in turn and
// acknowledges each with a line "NAME I" on stdout. args: DIR FIRST LAST NAME…
func writer(args []string) error {
	s, err := store.Open(args[0])
	if err != nil {
		return err
	}
	first, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	last, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	for i := first; i <= last; i++ {
		for _, name := range args[3:] {
			expires := expiry(i)
			if err := s.PutAbout(context.Background(), name, secret.New(payload(name, i)), store.About{Expires: &expires}); err != nil {
				return err
			}
			if _, err := fmt.Printf("%s %d\n", name, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// rekeyer changes the recipients of a store: DIR KEYFILE ADD REMOVE.
func rekeyer(args []string) error {
	s, err := store.Open(args[0])
	if err != nil {
		return err
	}
	id, err := store.LoadIdentityFile(args[1])
	if err != nil {
		return err
	}
	r, err := store.ParseRecipient(args[2])
	if err != nil {
		return err
	}
	_, err = s.ChangeRecipients(context.Background(), store.RecipientsChange{Add: []store.Recipient{r}, Remove: args[3:]}, id)
	return err
}

// rekeyCommand is a process that is a rekeyer.
func rekeyCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, args...)
	cmd.Env = append(os.Environ(), "STORE_TEST_REKEY=1")
	cmd.Stderr = os.Stderr
	return cmd
}

// writerCommand is a process that is a writer.
func writerCommand(t *testing.T, dir string, first, last int, names ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, append([]string{dir, strconv.Itoa(first), strconv.Itoa(last)}, names...)...)
	cmd.Env = append(os.Environ(), "STORE_TEST_WRITER=1")
	cmd.Stderr = os.Stderr
	return cmd
}

// newStore is a new store and the identity that opens it.
func newStore(t *testing.T) (*store.Store, *store.Identity) {
	t.Helper()
	id, err := store.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Create(t.Context(), t.TempDir(), id.Recipients()...)
	if err != nil {
		t.Fatal(err)
	}
	return s, id
}
