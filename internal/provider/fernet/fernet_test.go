package fernet_test

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	crypt "github.com/nbseal/nbseal/internal/fernet"
	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/provider/fernet"
	"github.com/nbseal/nbseal/internal/provider/providertest"
	"github.com/nbseal/nbseal/internal/secret"
)

const scheme = manifest.SchemeFernet

func TestConformance(t *testing.T) {
	h := provider.Host{Dir: t.TempDir()}
	key := crypt.NewKey()
	keyed := func(req provider.Request, key secret.Value) provider.Request {
		req.Ref.Key = &manifest.Reference{Scheme: manifest.SchemeEnv, Rest: "KEY"}
		req.Key = key
		return req
	}
	seal := func(message []byte) []byte {
		token, err := crypt.Seal(key, message, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := seal([]byte(`{"A": "` + providertest.Canary() + `"}`))
	broken := map[string]provider.Request{}
	for what, req := range providertest.BrokenFiles(t, h, scheme) {
		broken[what] = keyed(req, key.Text())
	}
	broken["another key"] = keyed(providertest.Write(t, h, scheme, "good", "A", good), crypt.NewKey().Text())
	broken["no key"] = keyed(providertest.Ask(scheme, "good", "A"), secret.New([]byte(providertest.Canary())))
	broken["cut off"] = keyed(providertest.Write(t, h, scheme, "cut", "A", good[:len(good)-5]), key.Text())
	broken["no JSON"] = keyed(providertest.Write(t, h, scheme, "text", "A", seal([]byte(providertest.Canary()))), key.Text())
	providertest.Run(t, providertest.Source{
		Provider: fernet.New(h),
		Holds:    providertest.Holds{Lines: true, Max: provider.MaxValue + 1},
		Put: func(t *testing.T, value []byte) provider.Request {
			text, err := json.Marshal(map[string]string{"A": string(value)})
			if err != nil {
				t.Fatal(err)
			}
			return keyed(providertest.Write(t, h, scheme, "creds.enc", "A", seal(text)), key.Text())
		},
		Unknown: map[string]provider.Request{"no name": keyed(providertest.Ask(scheme, "good", "B"), key.Text()), "no file": keyed(providertest.Ask(scheme, "x", "B"), key.Text())},
		Broken:  broken,
	})
	if _, err := fernet.New(h).Get(t.Context(), broken["another key"]); !errors.Is(err, crypt.ErrKey) {
		t.Errorf("got %v", err)
	}
}

// TestPython reads what Python's cryptography has written.
func TestPython(t *testing.T) {
	h := provider.Host{Dir: t.TempDir()}
	const script = `
import json, sys
from cryptography.fernet import Fernet
key = Fernet.generate_key()
open(sys.argv[1], "wb").write(Fernet(key).encrypt(json.dumps({"DB": {"password": "pä\n"}}).encode()))
print(key.decode())`
	key, err := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c", script, h.Dir+"/mycreds.enc").Output()
	if err != nil {
		t.Fatal(err)
	}
	req := providertest.Ask(scheme, "mycreds.enc", "DB.password")
	req.Key = secret.New(key)
	if v, err := fernet.New(h).Get(t.Context(), req); err != nil || string(v.Reveal()) != "pä\n" {
		t.Errorf("got %d bytes, %v", v.Len(), err)
	}
	req.Ref.Rest = "mycreds.enc"
	if v, err := fernet.New(h).Get(t.Context(), req); err != nil || !strings.HasPrefix(string(v.Reveal()), `{"DB"`) {
		t.Errorf("got %d bytes, %v", v.Len(), err)
	}
}
