package transfer

import "io/fs"

const nonBlocking = 0

// openToOthers is false: the permissions that Go shows on Windows do not tell who
// may read a file.
func openToOthers(fs.FileMode) bool { return false }
