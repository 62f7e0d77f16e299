package resolve

import (
	"slices"
	"testing"
)

func TestClosest(t *testing.T) {
	known := []string{"API_KEY", "APP_KEY", "DB_PASSWORD", "DB_PASSWORD_2", "X", "api-key"}
	for name, want := range map[string][]string{
		"API_KEY2": {"API_KEY", "APP_KEY", "api-key"}, "db_password": {"DB_PASSWORD", "DB_PASSWORD_2"}, "Y": {"X"}, "NOTHING": nil,
	} {
		if got := closest(name, known); !slices.Equal(got, want) {
			t.Errorf("closest to %s: %q, want %q", name, got, want)
		}
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"abc", "abc", 0}, {"ab", "ba", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
