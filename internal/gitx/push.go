package gitx

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Push is one ref that git is about to push.
type Push struct {
	Ref    string // here
	Commit ID     // what it is to be; the null id: it is to be deleted
	Remote string // the ref there
	Old    ID     // what it is there; the null id: it is not there yet
}

// ParsePushes reads what git tells a pre-push hook on its standard input:
// https://git-scm.com/docs/githooks#_pre_push. Errors name the line.
func ParsePushes(in io.Reader) (list []Push, err error) {
	s := bufio.NewScanner(in)
	for n := 1; s.Scan(); n++ {
		words := strings.Split(s.Text(), " ")
		if len(words) != 4 {
			return nil, fmt.Errorf("line %d: a pre-push hook is told four words, here are %d", n, len(words))
		}
		p := Push{Ref: words[0], Remote: words[2]}
		var ok1, ok2 bool
		p.Commit, ok1 = parseID([]byte(words[1]))
		p.Old, ok2 = parseID([]byte(words[3]))
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("line %d: not an object's id", n)
		}
		list = append(list, p)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("reading what is pushed: %w", err)
	}
	return list, nil
}

// NotPushed is what pushes would bring to a remote: the commits to push, and
// those that it is known to have. The remote is what git tells the hook first, a
// name or an address; of an address only the old ids of the pushes are known.
func (g Git) NotPushed(ctx context.Context, remote string, pushes []Push) (tips, not []ID, err error) {
	var old []ID
	for _, p := range pushes {
		if !p.Old.IsNull() {
			old = append(old, p.Old)
		}
		if p.Commit.IsNull() {
			continue
		}
		commits, err := g.Commits(ctx, []ID{p.Commit})
		if err != nil {
			return nil, nil, err
		}
		if len(commits) == 0 {
			return nil, nil, fmt.Errorf("%s names no commit: what it names cannot be searched", p.Ref)
		}
		tips = append(tips, commits...)
	}
	// What the remote has and this clone does not cannot be excluded, and need not.
	if not, err = g.Commits(ctx, old); err != nil {
		return nil, nil, err
	}
	if remote == "" || strings.Contains(remote, ":") || strings.HasPrefix(remote, ".") {
		return tips, not, nil
	}
	refs, broken, err := g.Refs(ctx)
	if err != nil {
		return nil, nil, err
	}
	if len(broken) > 0 {
		return nil, nil, errors.New(broken[0])
	}
	for _, r := range refs {
		if strings.HasPrefix(r.Name, "refs/remotes/"+remote+"/") && !r.Commit.IsNull() {
			not = append(not, r.Commit)
		}
	}
	return tips, not, nil
}
