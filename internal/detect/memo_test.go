package detect

import (
	"reflect"
	"testing"
)

// TestMemo: what was seen in one place and found to be nothing is found where
// its name or its language makes it a credential.
func TestMemo(t *testing.T) {
	if n := reflect.TypeFor[Input]().NumField(); n != 3 {
		t.Errorf("Input has %d fields, and a slot knows 3", n)
	}
	d := New()
	winter := "Winter" + ".frost7"
	value := []byte(newFake(11).of(alnum, 32))
	count := func(in Input) int {
		n := 0
		d.Find(in, func(Match) { n++ })
		return n
	}
	for range 3 {
		if n := count(Input{Text: value, Key: "title"}); n != 0 {
			t.Errorf("%d found under a name that says nothing", n)
		}
		if n := count(Input{Text: value, Key: "api_key"}); n != 1 {
			t.Errorf("%d found under the name of a key", n)
		}
		if n := count(Input{Text: []byte("password = " + winter), Language: Python}); n != 0 {
			t.Errorf("%d found in an expression", n)
		}
		if n := count(Input{Text: []byte("password = " + winter)}); n != 1 {
			t.Errorf("%d found in a setting", n)
		}
	}
}
