//go:build unix

package guard

import "io/fs"

// isExecutable reports whether git would run a hook.
func isExecutable(info fs.FileInfo) bool { return info.Mode()&0o111 != 0 }
