package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"time"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/nbseal/nbseal/internal/agent"
	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/hardening"
	"github.com/nbseal/nbseal/internal/report"
	"github.com/nbseal/nbseal/internal/store"
)

// How long the store stays open: when asked to, and after a prompt of another
// verb.
const (
	unlockFor  = 8 * time.Hour
	promptFor  = 15 * time.Minute
	promptIdle = 5 * time.Minute
)

const unlockHelp = `Open the store for a while, so that the passphrase is asked for once.

Usage: nbseal unlock [FLAGS]

Asks for the passphrase and leaves a process behind, the agent, which holds the
key to the store in memory: notebooks and commands of yours read secrets without
being asked until it ends. It ends after the time given, when the session ends, or
with nbseal lock. Other verbs that ask for the passphrase leave it for 5 minutes
after the last use, 15 at most; with NBSEAL_AGENT=off they leave none.

Flags:
  --for TIME    how long, as 30m or 8h (8h)
  --idle TIME   end sooner, this long after the last use

Example:
  nbseal unlock --for 8h
  jupyter lab
`

const lockHelp = `Close the store: end the agent that nbseal unlock has left.

Usage: nbseal lock

Example:
  nbseal lock
`

const statusHelp = `Tell where the store is, and whether it is open.

Usage: nbseal status [--format text|json]

Example:
  nbseal status
`

func (a *app) unlockCommand() *cobra.Command {
	var limits agent.Limits
	cmd := &cobra.Command{
		Use: "unlock", Long: unlockHelp, Short: "open the store for a while", Args: cobra.NoArgs,
		RunE: interruptible(func(ctx context.Context, _ []string) error { return a.unlock(ctx, limits) }),
	}
	cmd.Flags().DurationVar(&limits.Total, "for", unlockFor, "how long")
	cmd.Flags().DurationVar(&limits.Idle, "idle", 0, "end sooner, this long after the last use")
	return cmd
}

func (a *app) lockCommand() *cobra.Command {
	return &cobra.Command{
		Use: "lock", Long: lockHelp, Short: "close the store", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			socket, _, err := a.socket()
			if err != nil {
				return err
			}
			err = agent.NewClient(socket).Lock()
			if errors.Is(err, agent.ErrNotRunning) {
				a.ui.note("the store is locked already")
				return nil
			}
			return err
		},
	}
}

func (a *app) statusCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "status", Long: statusHelp, Short: "tell whether the store is open", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.status(format) },
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// socket is where the agent for the store's identity is, and where that is.
func (a *app) socket() (socket, identity string, err error) {
	dir, err := store.DefaultDir(a.Getenv)
	if err != nil {
		return "", "", err
	}
	if identity, err = store.IdentityPath(dir); err != nil {
		return "", "", err
	}
	return agent.SocketPath(a.Getenv, identity), identity, nil
}

func (a *app) unlock(ctx context.Context, limits agent.Limits) error {
	if limits.Total <= 0 || limits.Idle < 0 {
		return errors.New("--for and --idle want a time such as 30m or 8h")
	}
	if a.Getenv("NBSEAL_IDENTITY_FILE") != "" {
		return errors.New("NBSEAL_IDENTITY_FILE names a key without a passphrase: there is nothing to unlock")
	}
	if err := a.startAgent(ctx, limits, true); err != nil {
		if errors.Is(err, store.ErrLocked) {
			return hinted(err, noTerminalHint)
		}
		return err
	}
	a.ui.note("the store is open for %v; nbseal lock closes it", limits.Total)
	return nil
}

func (a *app) status(format string) error {
	if format != "text" && format != "json" {
		return fmt.Errorf("unknown format %q; there are text and json", format)
	}
	dir, err := store.DefaultDir(a.Getenv)
	if err != nil {
		return err
	}
	if _, err := store.Open(dir); err != nil {
		return a.advise(err, nil)
	}
	socket, _, err := a.socket()
	if err != nil {
		return err
	}
	st, err := agent.NewClient(socket).Status()
	open := err == nil
	if err != nil && !errors.Is(err, agent.ErrNotRunning) {
		return err
	}
	keyFile := a.Getenv("NBSEAL_IDENTITY_FILE")
	if format == "json" {
		return a.writeJSON(struct {
			Store   string `json:"store"`
			KeyFile string `json:"key_file,omitempty"`
			Open    bool   `json:"open"`
			Left    int    `json:"left_seconds,omitempty"`
			Process int    `json:"process,omitempty"`
		}{dir, keyFile, open || keyFile != "", int(st.Left.Seconds()), st.Process})
	}
	fmt.Fprintf(a.Stdout, "store %s\n", report.Printable(dir))
	switch {
	case keyFile != "":
		fmt.Fprintf(a.Stdout, "open: its key is in %s, without a passphrase\n", report.Printable(keyFile))
	case open:
		fmt.Fprintf(a.Stdout, "open for %v, by process %d\n", st.Left.Round(time.Second), st.Process)
		if !st.Locked {
			fmt.Fprintln(a.Stdout, "its memory may be swapped out: this system does not let it be locked")
		}
	default:
		fmt.Fprintln(a.Stdout, "locked")
	}
	return nil
}

// heldIdentity asks the agent, and where there is none has one started, which
// asks for the passphrase: so those who come at once ask once.
type heldIdentity struct {
	app    *app
	client agent.Client
	alone  age.Identity // asks by itself, for those who want no agent
}

func (h *heldIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	key, err := h.client.Unwrap(stanzas)
	if !errors.Is(err, agent.ErrNotRunning) {
		return key, err
	}
	if h.app.Getenv("NBSEAL_AGENT") == "off" {
		return h.alone.Unwrap(stanzas)
	}
	if err := h.app.startAgent(context.Background(), agent.Limits{Total: promptFor, Idle: promptIdle}, false); err != nil {
		return nil, err
	}
	return h.client.Unwrap(stanzas)
}

// The agent is this program, started as "nbseal agent". It asks for the passphrase
// on the terminal that it shares with who started it, says on its standard output
// how that went, and then leaves the session.

// started is what an agent says, once.
type started struct {
	Error      string `json:"error,omitempty"`
	Passphrase bool   `json:"passphrase,omitempty"` // it was wrong
	Locked     bool   `json:"locked,omitempty"`     // nobody could be asked
}

// startAgent returns when an agent with these limits answers. Of those who call
// it at once, in as many processes as there may be, one is asked. To renew is to
// replace an agent that is running.
func (a *app) startAgent(ctx context.Context, limits agent.Limits, renew bool) error {
	socket, identity, err := a.socket()
	if err != nil {
		return err
	}
	if _, err := os.Stat(identity); errors.Is(err, fs.ErrNotExist) {
		_, err := a.sealedIdentity(identity)
		return err
	}
	if err := os.MkdirAll(filepath.Dir(socket), 0o700); err != nil {
		return fmt.Errorf("making the agent's directory: %w", err)
	}
	unlock, err := atomicfile.Lock(ctx, socket+".lock")
	if err != nil {
		return err
	}
	defer func() { _ = unlock() }()
	if !renew {
		if _, err := agent.NewClient(socket).Status(); err == nil {
			return nil // another was asked while this one waited
		}
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	cmd := exec.Command(self, "agent", "--for", limits.Total.String(), "--idle", limits.Idle.String())
	cmd.Env = a.Env
	keepFiles()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting the agent: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the agent: %w", err)
	}
	var said started
	err = json.NewDecoder(io.LimitReader(out, 64<<10)).Decode(&said)
	switch {
	case err != nil:
		return errors.New("the agent ended before it began")
	case said.Passphrase:
		return store.ErrPassphrase
	case said.Locked:
		return fmt.Errorf("%w: %w", store.ErrLocked, errNoTerminal)
	case said.Error != "":
		return errors.New(said.Error)
	}
	return cmd.Process.Release()
}

func (a *app) agentCommand() *cobra.Command {
	var limits agent.Limits
	cmd := &cobra.Command{
		Use: "agent", Hidden: true, Args: cobra.NoArgs,
		Long: "What nbseal unlock starts. There is no reason to do so by hand.\n\nUsage: nbseal agent --for TIME --idle TIME\n\nExample:\n  nbseal unlock\n",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.agent(cmd.Context(), limits) },
	}
	cmd.Flags().DurationVar(&limits.Total, "for", 0, "how long")
	cmd.Flags().DurationVar(&limits.Idle, "idle", 0, "how long without use")
	return cmd
}

func (a *app) agent(ctx context.Context, limits agent.Limits) error {
	listener, id, err := a.beginAgent()
	var said started
	if err != nil {
		said = started{err.Error(), errors.Is(err, store.ErrPassphrase), errors.Is(err, store.ErrLocked)}
	}
	if err == nil {
		err = leaveSession()
	}
	if encodeErr := json.NewEncoder(a.Stdout).Encode(said); err == nil {
		err = encodeErr
	}
	if err != nil {
		return exitCode(exitFailed)
	}
	a.Stdout.Close()
	debug.FreeOSMemory() // the passphrase took 256 MB to try
	locked := hardening.LockMemory() == nil
	return agent.Serve(ctx, listener, id, limits, locked)
}

func (a *app) beginAgent() (l *net.UnixListener, id *store.Identity, err error) {
	if err := hardening.Process(); err != nil {
		return nil, nil, err
	}
	socket, path, err := a.socket()
	if err != nil {
		return nil, nil, err
	}
	sealed, err := a.sealedIdentity(path)
	if err != nil {
		return nil, nil, err
	}
	if id, err = sealed.Open(); err != nil {
		return nil, nil, err
	}
	if err := agent.NewClient(socket).Lock(); err != nil && !errors.Is(err, agent.ErrNotRunning) {
		return nil, nil, err
	}
	l, err = agent.Listen(socket)
	return l, id, err
}
