package notebook

import "testing"

// TestParameterNames holds that a value is known by the name of the parameter
// whose value it is, be that what the object calls itself or the key it is at.
func TestParameterNames(t *testing.T) {
	const src = `{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {"widgets": {
		"sql_password": {"currentValue": "one of these", "label": null},
		"list": [{"name": "api_token", "default": "two of these"}],
		"input": {"deepnote_variable_name": "api_key", "deepnote_variable_value": "four of these"},
		"field": {"description": "Secret:", "value": "three of these"}}}}`
	nb, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"one of these": "sql_password", "two of these": "api_token", "three of these": "Secret:", "four of these": "api_key"}
	nb.Units(func(u *Unit) bool {
		text := string(u.Text)
		if name, ok := want[text]; ok && u.Name == name {
			delete(want, text)
		}
		return true
	})
	if len(want) > 0 {
		t.Errorf("without their names: %v", want)
	}
}
