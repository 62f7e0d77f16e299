package ruleset

import "testing"

func TestWindowed(t *testing.T) {
	for _, test := range []struct {
		regex string
		want  bool
	}{
		{`ghp_\w{36}`, true},
		{`(?:ghp|gho)_\w{36}`, true},
		{`gh[po]_\w{36}`, true},
		{`(?i)GHP_\w{36}`, true},
		{`(?:\bghp_|\bgho_)\w{3,9}$`, true},
		{`\w{1,3}(ghp_)?`, false},
		{`gh[a-z]_\w{36}`, false},
		{`ghp_\w+`, false},
		{`ghp_[\s\S]{0,999}[\s\S]{0,999}[\s\S]{0,999}`, false},
		{`(ghp_|x)y`, false},
		{`(ghp_|gho_){2}`, true},
	} {
		p, err := (&loader{budget: maxPrograms}).compile(test.regex)
		if err != nil {
			t.Fatal(err)
		}
		r := &Rule{pattern: p, keywords: []string{"ghp_", "gho_"}}
		if r.prepare(); r.windowed != test.want {
			t.Errorf("%s: windowed is %v", test.regex, r.windowed)
		}
	}
}
