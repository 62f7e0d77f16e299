// Package agent holds an unlocked identity for a while, so that a passphrase is
// asked for once a day rather than once a cell, as ssh-agent does for keys.
//
// [Serve] answers on a socket in a directory that is its owner's alone, to
// processes of the same user alone where the system tells who they are. It
// gives out neither the identity nor values: a client sends the stanzas of an age
// file's header and gets that file's key, which opens that one file. It ends by
// itself: after an idle time, after a total time, when it is told to, and when its
// socket is gone, as it is at the end of a session that has a runtime directory.
//
// Whoever is the same user, or root, can ask it; that is what it is for. It knows
// nothing of stores and prompts for nothing.
//
// The protocol is specified in docs/spec/agent.md.
package agent

import (
	"errors"
	"fmt"
	"time"

	"filippo.io/age"
)

var (
	// ErrNotRunning reports that no agent answers at the socket.
	ErrNotRunning = errors.New("no agent is running")
	// ErrRunning reports that one does already.
	ErrRunning = errors.New("an agent is running already")
	// ErrPeer reports a socket or a directory that another user could have made.
	ErrPeer = errors.New("not this user's own")
)

// version is that of the protocol.
const version = 1

// maxMessage bounds a request and an answer, in bytes. An age header of 1,000
// recipients has some 200 kB.
const maxMessage = 1 << 20

// timeout bounds a conversation, which is one request and one answer.
const timeout = 10 * time.Second

// Limits say how long an agent stays.
type Limits struct {
	Idle  time.Duration // since the last file key was given out; 0: no matter
	Total time.Duration // since it began; 0: no matter
}

// Status is how an agent stands.
type Status struct {
	Process int           `json:"process"` // its id
	Left    time.Duration `json:"left"`    // until it ends if nobody asks; 0: it does not by itself
	Locked  bool          `json:"locked"`  // its memory is kept from being swapped out
}

// request and answer are messages, one JSON object and a line break each.
type request struct {
	Version int      `json:"v"`
	Op      string   `json:"op"` // "unwrap", "status", "lock"
	Stanzas []stanza `json:"stanzas,omitempty"`
}

type answer struct {
	Version int     `json:"v"`
	Error   string  `json:"error,omitempty"` // "no-match", "failed", "bad-request"
	FileKey []byte  `json:"file_key,omitempty"`
	Status  *Status `json:"status,omitempty"`
}

type stanza struct {
	Type string   `json:"type"`
	Args []string `json:"args"`
	Body []byte   `json:"body"`
}

func toWire(stanzas []*age.Stanza) []stanza {
	list := make([]stanza, len(stanzas))
	for i, s := range stanzas {
		list[i] = stanza{s.Type, s.Args, s.Body}
	}
	return list
}

func fromWire(list []stanza) []*age.Stanza {
	stanzas := make([]*age.Stanza, len(list))
	for i, s := range list {
		stanzas[i] = &age.Stanza{Type: s.Type, Args: s.Args, Body: s.Body}
	}
	return stanzas
}

// wrap says what was done when something failed.
func wrap(what string, err error) error { return fmt.Errorf("%s: %w", what, err) }
