// Package providertest holds what every provider must do: the suite that the
// tests of each run against its real source.
package providertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nbseal/nbseal/internal/provider"
)

// Holds is what values a source can have.
type Holds struct {
	Lines  bool // line ends
	Binary bool // any bytes
	Max    int  // bytes; more than provider.MaxValue if the source itself has no such bound
}

// Source is a provider and a real source for it.
type Source struct {
	Provider provider.Provider
	Holds    Holds

	// Put makes value what the request that it returns leads to.
	Put func(t *testing.T, value []byte) provider.Request

	// Unknown are requests for something that the source, which can be read, does
	// not have, by what they are; nil for a source that does not tell.
	Unknown map[string]provider.Request

	// Broken are requests whose source cannot be read, by what is wrong. Where
	// there is something in it, Canary is.
	Broken map[string]provider.Request

	// NoEmpty is set if the source cannot have an empty value.
	NoEmpty bool
}

// canary is in every value and broken source, and in no error.
var canary = sync.OnceValue(func() string { return "Canary" + rand.Text() })

// Canary is text that must not be in any error. It is new in each process.
func Canary() string { return canary() }

// Run runs the suite.
func Run(t *testing.T, s Source) {
	t.Run("values", s.values)
	t.Run("bounds", s.bounds)
	t.Run("unknown", func(t *testing.T) {
		for what, req := range s.Unknown {
			_, err := s.Provider.Get(t.Context(), req)
			if !errors.Is(err, provider.ErrNotFound) {
				t.Errorf("%s: got %v", what, err)
			}
			Judge(t, req, err)
		}
	})
	t.Run("broken", func(t *testing.T) {
		if len(s.Broken) == 0 {
			t.Error("nothing was tried")
		}
		for what, req := range s.Broken {
			v, err := s.Provider.Get(t.Context(), req)
			if err == nil {
				t.Errorf("%s: got a value of %d bytes", what, v.Len())
				continue
			}
			t.Logf("%s: %v", what, err)
			Judge(t, req, err)
		}
	})
	t.Run("context", s.context)
	t.Run("at once", func(t *testing.T) {
		want := []byte(Canary() + " at once")
		req := s.Put(t, want)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if v, err := s.Provider.Get(t.Context(), req); err != nil || !bytes.Equal(v.Reveal(), want) {
					t.Errorf("%d bytes, %v", v.Len(), err)
				}
			})
		}
		wg.Wait()
	})
}

func (s Source) values(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, c := range []struct {
		value         string
		lines, binary bool
	}{
		{value: Canary()},
		{value: "x"},
		{value: " " + Canary() + "\t "},
		{value: `q"u'o\te$HOME $(x) #no comment = & < > %41`},
		{value: "ünïcödé 密码 \U0001f511 \ufffd"},
		{value: "null"}, {value: "0123"}, {value: "{\"a\": 1}"}, {value: "true"}, {value: "1e400"},
		{value: "one\ntwo\n", lines: true}, {value: "\n", lines: true}, {value: "a\r\nb\r", lines: true},
		{value: string(all), lines: true, binary: true}, {value: "\xff", binary: true}, {value: "a\x00b", binary: true},
	} {
		if c.lines && !s.Holds.Lines || c.binary && !s.Holds.Binary {
			continue
		}
		s.same(t, []byte(c.value))
	}
}

func (s Source) same(t *testing.T, value []byte) {
	t.Helper()
	req := s.Put(t, value)
	v, err := s.Provider.Get(t.Context(), req)
	if err != nil || !bytes.Equal(v.Reveal(), value) {
		t.Errorf("%.80q became %.80q, %v", value, v.Reveal(), err)
	}
}

func (s Source) bounds(t *testing.T) {
	s.same(t, bytes.Repeat([]byte("a"), min(s.Holds.Max, provider.MaxValue)))
	if s.Holds.Max > provider.MaxValue {
		req := s.Put(t, bytes.Repeat([]byte("a"), provider.MaxValue+1))
		if _, err := s.Provider.Get(t.Context(), req); !errors.Is(err, provider.ErrTooLong) {
			t.Errorf("one byte more: %v", err)
		}
	}
	if !s.NoEmpty {
		req := s.Put(t, nil)
		_, err := s.Provider.Get(t.Context(), req)
		if !errors.Is(err, provider.ErrEmpty) {
			t.Errorf("an empty value: %v", err)
		}
		Judge(t, req, err)
	}
}

func (s Source) context(t *testing.T) {
	req := s.Put(t, []byte(Canary()))
	cause := errors.New("that is enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	start := time.Now()
	_, err := s.Provider.Get(ctx, req)
	if !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	Judge(t, req, err)
	if d := time.Since(start); d > time.Second {
		t.Errorf("it took %v", d)
	}
}

// Judge looks at an error of a provider.
func Judge(t *testing.T, req provider.Request, err error) {
	t.Helper()
	var e *provider.Error
	if !errors.As(err, &e) {
		t.Errorf("not an error of a provider: %v", err)
		return
	}
	if e.Scheme != req.Ref.Scheme || !strings.HasPrefix(err.Error(), req.Ref.Scheme+"://: ") {
		t.Errorf("it does not name the scheme: %v", err)
	}
	if strings.Contains(err.Error()+e.Hint, Canary()) || strings.ContainsAny(err.Error()+e.Hint, "\n\r") {
		t.Errorf("it quotes a value, or is longer than a line: %v", err)
	}
}
