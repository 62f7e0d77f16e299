package prompt_test

import (
	"context"
	"errors"
	"testing"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/provider/prompt"
	"github.com/nbseal/nbseal/internal/provider/providertest"
	"github.com/nbseal/nbseal/internal/secret"
)

func TestConformance(t *testing.T) {
	var answer []byte
	ask := func(_ context.Context, name, text string) (secret.Value, error) {
		if name != "A" {
			t.Errorf("asked for %q", name)
		}
		if text == "never" {
			return secret.Value{}, provider.ErrNotFound
		}
		return secret.New(answer), nil
	}
	req := provider.Request{Name: "A", Ref: manifest.Reference{Scheme: manifest.SchemePrompt, Rest: "the token"}}
	never := req
	never.Ref.Rest = "never"
	providertest.Run(t, providertest.Source{
		Provider: prompt.New(provider.Host{Prompt: ask}),
		Holds:    providertest.Holds{Lines: true, Binary: true, Max: provider.MaxValue + 1},
		Put: func(_ *testing.T, value []byte) provider.Request {
			answer = append([]byte{}, value...)
			return req
		},
		Unknown: map[string]provider.Request{"no answer": never},
		Broken:  map[string]provider.Request{"no answer": never},
	})

	_, err := prompt.New(provider.Host{}).Get(t.Context(), req)
	if !errors.Is(err, provider.ErrLocked) {
		t.Errorf("where nobody can be asked: %v", err)
	}
	providertest.Judge(t, req, err)
}
