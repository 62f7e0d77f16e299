package store_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nbseal/nbseal/internal/keyring"
	"github.com/nbseal/nbseal/internal/keyring/keyringtest"
	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

func TestIdentityInTheKeyring(t *testing.T) {
	address := keyringtest.Bus(t)
	keyringtest.Start(t, address)
	home := t.TempDir()
	env := map[string]string{"HOME": home, "DBUS_SESSION_BUS_ADDRESS": address}
	ring := keyring.Keyring{Getenv: environment(env)}
	never := store.Prompts{Passphrase: func(string) (secret.Value, error) {
		t.Error("asked for a passphrase")
		return secret.Value{}, errors.New("nobody is there")
	}}
	for what, make := range map[string]func() (*store.Identity, error){"classic": store.NewIdentity, "post-quantum": store.NewPostQuantumIdentity} {
		dir := filepath.Join(home, what, "store")
		id, err := make()
		if err != nil {
			t.Fatal(err)
		}
		s, err := store.Create(t.Context(), dir, id.Recipients()...)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, "A", "x")
		if err := store.SaveToKeyring(t.Context(), ring, dir, id); err != nil {
			t.Fatal(err)
		}
		if err := store.SaveToKeyring(t.Context(), ring, dir, id); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: an identity was overwritten: %v", what, err)
		}
		// Another's passphrase is not asked for when the keyring has what it takes.
		if err := store.SealIdentity(filepath.Join(home, what, "identity.age"), newIdentity(t), secret.New([]byte("p")), store.WorkFactor(8)); err != nil {
			t.Fatal(err)
		}
		k := keys(t, dir, env, never)
		want(t, s, "A", "x", k)
		if !slices.Contains(k.Found(), "the keyring") {
			t.Errorf("%s: found %q", what, k.Found())
		}
	}
}
