package store

import "io/fs"

// checkOwner finds nothing: the permissions that Go shows on Windows do not tell
// who can write.
func checkOwner(fs.FileInfo) string { return "" }
