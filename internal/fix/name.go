package fix

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/nbseal/nbseal/internal/secret"
)

// pick gives the name for a value: the one it goes by already, or the first
// free one of wish, wish_2, wish_3…
func (n *Names) pick(ctx context.Context, vault Vault, wish string, v secret.Value) (name string, fresh bool, err error) {
	for _, known := range n.list {
		if known.value.Equal(v) {
			return known.name, false, nil
		}
	}
	for i := 1; ; i++ {
		name = wish
		if i > 1 {
			name = fmt.Sprintf("%s_%d", wish, i)
		}
		if n.has(name) {
			continue
		}
		taken, same, err := vault.Holds(ctx, name, v)
		if err != nil {
			return "", false, fmt.Errorf("looking for %s in the store: %w", name, err)
		}
		if !taken || same {
			n.list = append(n.list, named{name, v})
			return name, !taken, nil
		}
	}
}

func (n *Names) has(name string) bool {
	for _, known := range n.list {
		if known.name == name {
			return true
		}
	}
	return false
}

// vague are names that say no more than that something is a credential; the
// rule's name is better if it knows the service.
var vague = map[string]bool{
	"": true, "KEY": true, "API_KEY": true, "APIKEY": true, "TOKEN": true, "ACCESS_TOKEN": true, "AUTH_TOKEN": true,
	"SECRET": true, "SECRET_KEY": true, "CLIENT_SECRET": true, "CREDENTIAL": true, "CREDENTIALS": true, "AUTH": true,
	"AUTHORIZATION": true, "BEARER": true, "X_API_KEY": true, "API_TOKEN": true, "HEADERS": true, "PRIVATE_KEY": true,
	"URL": true, "URI": true, "DATA": true, "VALUE": true,
}

// wish is the name a credential should have: that of the variable or key it was
// given to, or of its kind.
func wish(m *mark) string {
	name, rule := constant(m.f.Name), constant(m.f.Rule)
	if strings.HasPrefix(rule, "GENERIC_") {
		rule = strings.TrimPrefix(rule, "GENERIC_")
		if vague[name] && name != "" {
			return name
		}
	}
	if vague[name] {
		name = rule
	}
	// A password inside of a URL: engine_url says what it is for, not what it is.
	for _, suffix := range [...]string{"_URL", "_URI", "_DSN"} {
		if before, is := strings.CutSuffix(name, suffix); is && before != "" && strings.HasSuffix(rule, "URL") {
			name = before + "_PASSWORD"
		}
	}
	if name == "" || unicode.IsDigit(rune(name[0])) {
		name = "SECRET_" + name
	}
	return strings.TrimRight(name, "_")
}

// maxName bounds a name made from a notebook, in bytes.
const maxName = 64

// constant writes a name as constants are: dbPassword and db-password both
// become DB_PASSWORD. Other than ASCII letters and digits nothing remains.
func constant(s string) string {
	var b strings.Builder
	var last rune
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			b.WriteRune(unicode.ToUpper(r))
		case 'A' <= r && r <= 'Z':
			if 'a' <= last && last <= 'z' {
				b.WriteByte('_')
			}
			b.WriteRune(r)
		default:
			if b.Len() > 0 && last != '_' {
				b.WriteByte('_')
			}
			r = '_'
		}
		last = r
		if b.Len() >= maxName {
			break
		}
	}
	return strings.Trim(b.String(), "_")
}
