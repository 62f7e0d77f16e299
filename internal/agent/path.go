package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
)

// SocketPath is where the agent for an identity listens: the identity is named by
// its path, so that each store has an agent of its own. The directory is nbseal in
// $XDG_RUNTIME_DIR, which is gone when a session ends
// (https://specifications.freedesktop.org/basedir-spec/latest/), or else one
// for this user in the directory for temporary files, which unlike the home is of
// this computer alone. The path has far less than the 107 bytes that
// a socket's may have on Linux (unix(7)), unless the directory's is very long.
func SocketPath(getenv func(string) string, identity string) string {
	dir := getenv("XDG_RUNTIME_DIR")
	if filepath.IsAbs(dir) {
		dir = filepath.Join(dir, "nbseal")
	} else {
		dir = filepath.Join(os.TempDir(), ownDir())
	}
	sum := sha256.Sum256([]byte(identity))
	return filepath.Join(dir, "agent-"+hex.EncodeToString(sum[:6])+".sock")
}
