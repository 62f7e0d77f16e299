package store_test

import (
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/store"
)

// form is what the documents promise about names; ValidateName refuses some more.
var form = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`)

func TestValidateName(t *testing.T) {
	for _, s := range []string{"A", "_", "DB_PASSWORD", "openai/api-key", "a/1/_2", "v1.2", "CONSOLE", "NULL", "COM", "COM12", "x.age", strings.Repeat("n", 200)} {
		if err := store.ValidateName(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{
		"", "/", "a/", "/a", "a//b", ".", "..", "a/..", "../a", "a/../b", ".hidden", "a/.git", "-x", "1a", "a b", "a\\b", "a:b", "a\x00", "a\n",
		"ü", "a=b", "con", "NUL.txt", "a/Aux", "lpt0", "a.", "a./b", "x.age/b", "x.AGE/b", strings.Repeat("n", 201),
	} {
		err := store.ValidateName(s)
		if !errors.Is(err, store.ErrName) {
			t.Errorf("%q is a name", s)
		} else if len(s) > 3 && strings.Contains(err.Error(), s) {
			t.Errorf("the error quotes %q", s)
		}
	}
}

// FuzzValidateName: a name has the promised form and stays under any folder.
func FuzzValidateName(f *testing.F) {
	for _, s := range []string{"A", "a/b", "../x", "a/../../b", "a\\..\\b", "C:x", "nul", "a//b", "A\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if store.ValidateName(s) != nil {
			return
		}
		if !form.MatchString(s) || len(s) > store.MaxName || !filepath.IsLocal(s) || filepath.ToSlash(filepath.Clean(s)) != s {
			t.Errorf("%q is a name", s)
		}
		for seg := range strings.SplitSeq(s, "/") {
			if seg == "." || seg == ".." {
				t.Errorf("%q is a name", s)
			}
		}
	})
}
