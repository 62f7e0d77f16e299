package agent

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
)

// Client asks the agent at a socket. It is an [age.Identity].
type Client struct{ path string }

// NewClient returns a client of the agent whose socket has that path. Nothing is
// looked at until it is asked.
func NewClient(path string) Client { return Client{path} }

// Unwrap returns the file key in one of the stanzas, or age.ErrIncorrectIdentity,
// or ErrNotRunning.
func (c Client) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	a, err := c.ask(request{Op: "unwrap", Stanzas: toWire(stanzas)})
	switch {
	case err != nil:
		return nil, err
	case a.Error == "no-match":
		return nil, age.ErrIncorrectIdentity
	case a.Error != "":
		return nil, fmt.Errorf("asking the agent: it answers %q", a.Error)
	}
	return a.FileKey, nil
}

// Status tells how the agent stands, or ErrNotRunning.
func (c Client) Status() (Status, error) {
	a, err := c.ask(request{Op: "status"})
	if err == nil && a.Status == nil {
		err = fmt.Errorf("asking the agent: it answers %q", a.Error)
	}
	if err != nil {
		return Status{}, err
	}
	return *a.Status, nil
}

// Lock ends the agent, and returns when its socket is gone; or ErrNotRunning.
func (c Client) Lock() error {
	if _, err := c.ask(request{Op: "lock"}); err != nil {
		return err
	}
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Lstat(c.path); errors.Is(err, os.ErrNotExist) {
			return nil
		}
	}
	return errors.New("the agent does not end")
}

func (c Client) ask(r request) (answer, error) {
	if err := checkDir(filepath.Dir(c.path)); errors.Is(err, os.ErrNotExist) {
		return answer{}, ErrNotRunning
	} else if err != nil {
		return answer{}, wrap("asking the agent", err)
	}
	conn, err := net.DialTimeout("unix", c.path, timeout)
	if err != nil {
		return answer{}, ErrNotRunning // no socket, or nobody behind it
	}
	defer conn.Close()
	if err := checkPeer(conn.(*net.UnixConn)); err != nil {
		return answer{}, wrap("asking the agent", err)
	}
	_ = conn.SetDeadline(time.Now().Add(timeout))
	r.Version = version
	if err := json.NewEncoder(conn).Encode(r); err != nil {
		return answer{}, wrap("asking the agent", err)
	}
	var a answer
	if err := readMessage(conn, &a); err != nil {
		return answer{}, wrap("asking the agent", err)
	}
	if a.Version != version {
		return answer{}, errors.New("the agent is of another version; nbseal lock ends it")
	}
	return a, nil
}

// readMessage reads one line.
func readMessage(r io.Reader, into any) error {
	line, err := bufio.NewReader(io.LimitReader(r, maxMessage+1)).ReadBytes('\n')
	defer clear(line)
	if err != nil {
		return errors.New("the message is not whole, or too long")
	}
	if err := json.Unmarshal(line, into); err != nil {
		return errors.New("the message is no JSON object of its kind")
	}
	return nil
}
