package providertest

import "testing"

// pipe makes nothing: there are no pipes among files.
func pipe(*testing.T, string) {}
