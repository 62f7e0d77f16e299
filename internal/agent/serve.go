package agent

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"filippo.io/age"
)

// lookout is how often an agent makes sure that its socket is still there.
const lookout = 15 * time.Second

// maxClients bounds how many conversations there are at once.
const maxClients = 64

// Listen makes the socket, and its directory with mode 0700. It is ErrRunning if
// an agent answers there; what one left behind that was killed is removed.
func Listen(path string) (*net.UnixListener, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, wrap("making the agent's directory", err)
	}
	if err := checkDir(dir); err != nil {
		return nil, wrap("using the agent's directory", err)
	}
	switch _, err := NewClient(path).Status(); {
	case err == nil:
		return nil, ErrRunning
	case !errors.Is(err, ErrNotRunning):
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, wrap("removing a socket that nobody answers at", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, wrap("making the agent's socket", err)
	}
	// The directory keeps others out until this is done, and afterwards.
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, wrap("making the agent's socket", err)
	}
	return l, nil
}

// Serve answers at l with the identity until a limit is reached, a client says
// so, the socket is gone or the context is cancelled; these are no errors. Then it
// closes l, which removes the socket. Locked is for Status alone.
func Serve(ctx context.Context, l *net.UnixListener, id age.Identity, limits Limits, locked bool) error {
	return serve(ctx, l, &server{identity: id, limits: limits, lookout: lookout, locked: locked})
}

func serve(ctx context.Context, l *net.UnixListener, s *server) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s.stop, s.began, s.used = stop, time.Now(), time.Now()
	socket, err := os.Lstat(l.Addr().String())
	if err != nil {
		l.Close()
		return wrap("looking at the agent's socket", err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { s.watch(ctx, l, socket) })
	slots := make(chan struct{}, maxClients)
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			stop()
			l.Close()
			wg.Wait()
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return wrap("waiting for clients", err)
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			defer conn.Close()
			s.answer(conn)
		})
	}
}

type server struct {
	identity age.Identity
	limits   Limits
	lookout  time.Duration
	locked   bool

	stop  context.CancelFunc
	began time.Time

	mu   sync.Mutex
	used time.Time
}

// watch closes the listener when it is time. It does not remove a socket that
// another agent has made in the meantime.
func (s *server) watch(ctx context.Context, l *net.UnixListener, socket os.FileInfo) {
	defer l.Close()
	path := l.Addr().String()
	for {
		wait := s.lookout
		if left, ends := s.left(); ends {
			wait = min(wait, left)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		now, err := os.Lstat(path)
		if err != nil || !os.SameFile(now, socket) {
			l.SetUnlinkOnClose(false)
			return
		}
		if left, ends := s.left(); ends && left <= 0 {
			return
		}
	}
}

// left is how long until the agent ends if nobody asks, and whether it does. The
// clock goes on while a computer sleeps, unlike the one that timers go by.
func (s *server) left() (left time.Duration, ends bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now().Round(0)
	if s.limits.Total > 0 {
		left, ends = s.limits.Total-now.Sub(s.began.Round(0)), true
	}
	if s.limits.Idle > 0 {
		if idle := s.limits.Idle - now.Sub(s.used.Round(0)); !ends || idle < left {
			left, ends = idle, true
		}
	}
	return left, ends
}

func (s *server) answer(conn *net.UnixConn) {
	if checkPeer(conn) != nil {
		return
	}
	_ = conn.SetDeadline(time.Now().Add(timeout))
	a := answer{Version: version}
	var r request
	if err := readMessage(conn, &r); err != nil || r.Version != version {
		a.Error = "bad-request"
	} else {
		s.do(r, &a)
	}
	_ = json.NewEncoder(conn).Encode(a) // a client that has gone needs no answer
	clear(a.FileKey)
	if r.Op == "lock" && a.Error == "" {
		s.stop()
	}
}

func (s *server) do(r request, a *answer) {
	left, ends := s.left()
	switch {
	case r.Op == "lock":
	case ends && left <= 0: // the computer slept past the end
		a.Error = "failed"
		s.stop()
	case r.Op == "status":
		a.Status = &Status{Process: os.Getpid(), Left: left, Locked: s.locked}
	case r.Op == "unwrap":
		key, err := s.identity.Unwrap(fromWire(r.Stanzas))
		switch {
		case errors.Is(err, age.ErrIncorrectIdentity):
			a.Error = "no-match"
		case err != nil:
			a.Error = "failed"
		default:
			a.FileKey = key
			s.mu.Lock()
			s.used = time.Now()
			s.mu.Unlock()
		}
	default:
		a.Error = "bad-request"
	}
}
