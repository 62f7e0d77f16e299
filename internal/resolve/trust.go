package resolve

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/provider"
)

// Grant is something that a manifest may do only when it is trusted.
type Grant struct {
	Name  string // of the secret
	Place string // "file:line:column"
	Does  string // with everything that the manifest wrote quoted for a terminal
	Asks  bool   // untrusted, a person can allow it for once
}

// Grants lists what trusting a manifest allows, in the order of the names.
func Grants(m *manifest.Manifest) []Grant {
	var list []Grant
	for _, name := range m.Names() {
		s, _ := m.Secret(name)
		for _, w := range wants(m, name, s.From) {
			list = append(list, Grant{Name: name, Place: m.Place(name), Does: w.does, Asks: w.asks})
		}
	}
	return list
}

type want struct {
	does string
	asks bool
}

// wants is what following a reference, and that of its key, takes beyond what an
// untrusted manifest may do.
func wants(m *manifest.Manifest, name string, ref manifest.Reference) []want {
	switch ref.Scheme {
	case manifest.SchemeStore:
		if ref.Rest == name {
			return nil // as without a manifest
		}
		return []want{{fmt.Sprintf("takes %q from the store", ref.Rest), true}}
	case manifest.SchemeEnv:
		if ref.Rest == name {
			return nil
		}
		return []want{{"takes the environment variable " + ref.Rest, true}}
	case manifest.SchemeDotenv, manifest.SchemeJSON, manifest.SchemeYAML, manifest.SchemeFernet:
		var list []want
		if !provider.Inside(ref.Path()) {
			list = append(list, want{does: fmt.Sprintf("reads the file %q", shown(m, ref.Path()))})
		}
		if ref.Key != nil {
			list = append(list, wants(m, name, *ref.Key)...)
		}
		return list
	case manifest.SchemeNetrc:
		return []want{{does: fmt.Sprintf("takes the entry of %q from your netrc file", ref.Path())}}
	case manifest.SchemeKeyring:
		service, user := ref.Account()
		return []want{{does: fmt.Sprintf("takes the entry of service %q and user %q from your keyring", service, user)}}
	case manifest.SchemeSOPS:
		return []want{{does: fmt.Sprintf("runs sops, which may reach servers, on the file %q", shown(m, ref.Path()))}}
	case manifest.SchemePrompt:
		return []want{{does: fmt.Sprintf("asks you for a value: %q", ref.Rest)}}
	case manifest.SchemeExec:
		quoted := make([]string, len(ref.Command))
		for i, arg := range ref.Command {
			quoted[i] = fmt.Sprintf("%q", arg)
		}
		return []want{{does: "runs the program " + strings.Join(quoted, " ")}}
	}
	return []want{{does: fmt.Sprintf("opens a connection: %q", ref)}}
}

// shown is where a path leads, as far as that is known without looking.
func shown(m *manifest.Manifest, path string) string {
	if path, err := (provider.Host{Dir: filepath.Dir(m.Filename())}).File(path); err == nil {
		return path
	}
	return path // ~/
}

// trust decides whether a reference may be followed, and reports whether the
// manifest is trusted, as far as that was needed.
func (r *Resolver) trust(ctx context.Context, name string, ref manifest.Reference) (trusted bool, err error) {
	needed := wants(r.o.Manifest, name, ref)
	if r.o.Trusted != nil && (len(needed) > 0 || isFile(ref)) {
		if trusted, err = r.trusted(); trusted || err != nil {
			return trusted, err
		}
	}
	for _, w := range needed {
		if w.asks && r.o.Trusted == nil {
			continue
		}
		if w.asks && r.o.Confirm != nil {
			yes, err := r.o.Confirm(ctx, name, w.does)
			if err != nil {
				return false, err
			}
			if yes {
				continue
			}
		}
		return false, fmt.Errorf("%w: for this name it %s; \"nbseal trust\" shows what it asks for, and allows it", ErrUntrusted, w.does)
	}
	return false, nil
}

// isFile reports whether a link could lead a reference out of the project.
func isFile(ref manifest.Reference) bool {
	switch ref.Scheme {
	case manifest.SchemeDotenv, manifest.SchemeJSON, manifest.SchemeYAML, manifest.SchemeFernet:
		return true
	}
	return false
}
