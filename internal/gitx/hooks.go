package gitx

import "context"

// Hooks is the directory that git runs hooks from.
type Hooks struct {
	Dir   string // absolute; it need not exist
	Set   bool   // core.hooksPath says so
	Local bool   // this repository's configuration says so, not the user's or the system's
}

// Hooks finds the directory of the hooks that are in force.
func (r Repo) Hooks(ctx context.Context) (Hooks, error) {
	var h Hooks
	var err error
	if h.Dir, err = r.Path(ctx, "hooks"); err != nil {
		return h, err
	}
	if _, h.Set, err = r.Config(ctx, "core.hooksPath"); err != nil || !h.Set {
		return h, err
	}
	_, h.Local, err = r.Config(ctx, "core.hooksPath", "--local")
	if err != nil || h.Local {
		return h, err
	}
	// Without extensions.worktreeConfig this is --local over again.
	if on, _, err := r.Config(ctx, "extensions.worktreeConfig", "--bool"); err != nil || on != "true" {
		return h, err
	}
	_, h.Local, err = r.Config(ctx, "core.hooksPath", "--worktree")
	return h, err
}
