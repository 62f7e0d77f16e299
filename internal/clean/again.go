package clean

import (
	"bytes"
	"strings"

	"github.com/nbseal/nbseal/internal/detect"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/notebook"
	"github.com/nbseal/nbseal/internal/secret"
)

// A value that was redacted is looked for where nothing around it says that it
// is a credential. minAgain is the length in bytes from which it does not occur
// by chance; maxAgain bounds how many are looked for, and so the time.
const minAgain, maxAgain = 12, 32

// isTelling reports whether the finding's value is worth looking for.
func isTelling(f finding.Finding) bool {
	return f.Severity > finding.Low && f.Secret.Len() >= minAgain && !strings.Contains(Marker(f.Rule), string(f.Secret.Reveal()))
}

// redactAgain redacts the values of the rounds before in a unit. It reports
// whether there were any.
func (r *round) redactAgain(u *notebook.Unit) bool {
	some := false
	for i := 0; !some && i < len(*r.again) && r.isRedacted(u); i++ {
		known := (*r.again)[i]
		value := known.Secret.Reveal()
		for at := 0; ; {
			k := bytes.Index(u.Text[at:], value)
			if k < 0 {
				break
			}
			place := detect.Span{Start: at + k, End: at + k + len(value)}
			at = place.End
			if !r.redact(u, []detect.Span{place}, known.Rule) {
				break
			}
			f := known
			f.Location = u.Locate(place.Start, place.End)
			f.Location.Path, f.Secret, some = r.path, secret.Value{}, true
			r.redacted = append(r.redacted, f)
		}
	}
	return some
}
