package env_test

import (
	"os"
	"testing"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
	"github.com/nbseal/nbseal/internal/provider/env"
	"github.com/nbseal/nbseal/internal/provider/providertest"
)

func TestConformance(t *testing.T) {
	req := provider.Request{Name: "A", Ref: manifest.Reference{Scheme: manifest.SchemeEnv, Rest: "NBSEAL_TEST_A"}}
	none := req
	none.Ref.Rest = "NBSEAL_TEST_NONE"
	providertest.Run(t, providertest.Source{
		Provider: env.New(provider.Host{LookupEnv: os.LookupEnv}),
		Holds:    providertest.Holds{Lines: true, Max: provider.MaxValue + 1},
		Put: func(t *testing.T, value []byte) provider.Request {
			t.Setenv(req.Ref.Rest, string(value))
			return req
		},
		Unknown: map[string]provider.Request{"not set": none},
		Broken:  map[string]provider.Request{"not set": none},
	})
}
