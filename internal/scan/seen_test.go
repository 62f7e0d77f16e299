package scan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nbseal/nbseal/internal/scan"
)

// TestHistoryOfUnchangedText: what was read before and held nothing is looked at
// again where something around it makes a credential of it.
func TestHistoryOfUnchangedText(t *testing.T) {
	r := newRepo(t)
	value := token(1)[3:14] + "-4x" // it has no form of its own
	shows := func(source string, n int) string {
		return fmt.Sprintf(`{"cells":[{"cell_type":"code","execution_count":%d,"metadata":{},"source":["%s"],"outputs":[`+
			`{"output_type":"execute_result","execution_count":1,"metadata":{},"data":{"text/plain":["'%s'"]}}]}],"metadata":{},"nbformat":4,"nbformat_minor":4}`, n, source, value)
	}
	for i, source := range []string{"city", "city", "db_password", "town", "db_password", "city"} {
		r.put("nb.ipynb", shows(source, i))
		r.put(fmt.Sprint("copy", i, ".ipynb"), shows(source, i))
		r.commit(i, fmt.Sprint("version ", i, " ", source))
	}
	got, _ := r.history(scan.HistoryOptions{})
	for _, f := range got.findings {
		if !strings.HasSuffix(f.Commit.Subject, "db_password") {
			t.Errorf("found in %s of %q", f.Location.Path, f.Commit.Subject)
		}
	}
	if len(got.findings) != 3 || got.findings[2].Commit.Versions != 2 {
		t.Errorf("%d findings, want one in nb.ipynb, of 2 versions, and one in each of two copies:\n%s", len(got.findings), strings.Join(got.lines, "\n"))
	}
}
