package baseline

import "io/fs"

// checkPrivate accepts every file: the permissions that Go shows on Windows do
// not tell who can read it.
func checkPrivate(string, fs.FileInfo) error { return nil }
