package hardening

// Process does nothing: Windows writes no core files by itself, and what Windows
// Error Reporting collects is the administrator's to configure.
func Process() error { return nil }
