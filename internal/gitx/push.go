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
func ParsePushes(in io.Reader) ([]Push, error) {
	return parsePushes(in, 4, func(words []string) (p Push, ids [2]string) {
		return Push{Ref: words[0], Remote: words[2]}, [2]string{words[1], words[3]}
	})
}

// ParseReceived reads what git tells a pre-receive hook on its standard input:
// https://git-scm.com/docs/githooks#pre-receive. Of the pushes Ref is not known.
// Errors name the line.
func ParseReceived(in io.Reader) ([]Push, error) {
	return parsePushes(in, 3, func(words []string) (p Push, ids [2]string) {
		return Push{Remote: words[2]}, [2]string{words[1], words[0]}
	})
}

// parsePushes reads lines of so many words; ids are those of Commit and Old.
func parsePushes(in io.Reader, words int, of func([]string) (Push, [2]string)) (list []Push, err error) {
	s := bufio.NewScanner(in)
	for n := 1; s.Scan(); n++ {
		line := strings.SplitN(s.Text(), " ", words)
		if len(line) != words || strings.Contains(line[words-1], " ") {
			return nil, fmt.Errorf("line %d: such a hook is told %d words a line, here are others", n, words)
		}
		p, ids := of(line)
		var ok1, ok2 bool
		p.Commit, ok1 = parseID([]byte(ids[0]))
		p.Old, ok2 = parseID([]byte(ids[1]))
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
	tips, not, err = g.ends(ctx, pushes)
	if err != nil || remote == "" || strings.Contains(remote, ":") || strings.HasPrefix(remote, ".") {
		return tips, not, err
	}
	known, err := g.reached(ctx, "refs/remotes/"+remote+"/")
	return tips, append(not, known...), err
}

// NotReceived is what pushes would bring to this repository: the commits that
// come, and those that its refs reach already.
func (g Git) NotReceived(ctx context.Context, pushes []Push) (tips, not []ID, err error) {
	if tips, not, err = g.ends(ctx, pushes); err != nil {
		return nil, nil, err
	}
	known, err := g.reached(ctx, "refs/")
	return tips, append(not, known...), err
}

// ends are the commits that pushes bring, and those that they replace. What is
// replaced and is not here cannot be excluded, and need not.
func (g Git) ends(ctx context.Context, pushes []Push) (tips, old []ID, err error) {
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
			return nil, nil, fmt.Errorf("%s names no commit: what it names cannot be searched", p.Remote)
		}
		tips = append(tips, commits...)
	}
	old, err = g.Commits(ctx, old)
	return tips, old, err
}

// reached are the commits that refs of that prefix name.
func (g Git) reached(ctx context.Context, prefix string) (list []ID, err error) {
	refs, broken, err := g.Refs(ctx)
	if err != nil {
		return nil, err
	}
	if len(broken) > 0 {
		return nil, errors.New(broken[0])
	}
	for _, r := range refs {
		if strings.HasPrefix(r.Name, prefix) && !r.Commit.IsNull() {
			list = append(list, r.Commit)
		}
	}
	return list, nil
}
