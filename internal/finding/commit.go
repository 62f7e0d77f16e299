package finding

import (
	"cmp"
	"strings"
	"time"
)

// MaxRefs is how many names each list of a Commit holds at most.
const MaxRefs = 100

// Commit is how a credential came into a git repository and how far it went: the
// first commit whose file has it at its path, and what reaches a commit that
// brought it in there. All of it is as this clone knows it.
type Commit struct {
	ID            string // in hexadecimal digits
	Author, Email string // may be bytes that are not UTF-8
	Date          time.Time
	Subject       string // the first line of the message

	Blob     string // the id of the file's content, which the location is in
	Versions int    // of the file that hold the credential, from 1

	InHead bool // HEAD's tree holds it still, at this path or another
	Pushed bool // a remote's branch reaches it, as far as this clone knows

	// What reaches it, by name, at most MaxRefs each: branches as "main", remotes'
	// as "origin/main", tags as "v1", others as "refs/stash". Refs counts them all.
	Branches, Remotes, Tags, Others []string
	Refs                            int
}

// Compare orders commits by date, then by id; nil is before all others.
func (c *Commit) Compare(d *Commit) int {
	switch {
	case c == nil || d == nil:
		return cmp.Compare(count(c), count(d))
	case !c.Date.Equal(d.Date):
		return c.Date.Compare(d.Date)
	}
	return strings.Compare(c.ID, d.ID)
}

func count(c *Commit) int {
	if c == nil {
		return 0
	}
	return 1
}
