package secret_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/secret"
)

func TestValueNeverPrints(t *testing.T) {
	const canary = "canary-plaintext-0123456789"
	v := secret.New([]byte(canary))
	wrapped := struct {
		Public  secret.Value
		private secret.Value
		Ptr     *secret.Value
		Any     any
		List    []secret.Value
		Map     map[string]secret.Value
	}{v, v, &v, v, []secret.Value{v}, map[string]secret.Value{"k": v}}

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%T", "%c", "%U", "%e", "%t"} {
		fmt.Fprintf(&out, verb+"\n", v)
		fmt.Fprintf(&out, verb+"\n", &v)
		fmt.Fprintf(&out, verb+"\n", wrapped)
	}
	fmt.Fprintln(&out, v, wrapped, errors.Join(fmt.Errorf("opening %v", v)))
	if err := json.NewEncoder(&out).Encode(wrapped); err != nil {
		t.Fatal(err)
	}
	if err := xml.NewEncoder(&out).Encode(v); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewEncoder(&out).Encode(v); err == nil {
		t.Error("gob encodes a Value")
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v, "w", wrapped)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v, "w", wrapped)

	got := out.String()
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), "99 97 110 97 114 121"} {
		if strings.Contains(got, form) {
			t.Errorf("output holds the plaintext as %.12q…", form)
		}
	}
	if strings.Count(got, secret.Mask) < 20 {
		t.Errorf("the mask is missing from the output:\n%s", got)
	}
}

func TestValueEqualAndWipe(t *testing.T) {
	a, b := secret.New([]byte("same")), secret.New([]byte("same"))
	if !a.Equal(b) || a.Equal(secret.New([]byte("other"))) || a.Equal(secret.Value{}) {
		t.Error("Equal is wrong")
	}
	copied, bytes := a, a.Reveal()
	a.Wipe()
	if copied.Len() != 0 || string(bytes) != "\x00\x00\x00\x00" {
		t.Errorf("after Wipe a copy still holds %d bytes", copied.Len())
	}
	secret.Value{}.Wipe()
	if (secret.Value{}).Len() != 0 {
		t.Error("the zero Value is not empty")
	}
}
