package cli

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// leaveSession parts this process from the console that it was started in:
// https://learn.microsoft.com/en-us/windows/console/freeconsole
func leaveSession() error {
	free := windows.NewLazySystemDLL("kernel32.dll").NewProc("FreeConsole")
	if ok, _, err := free.Call(); ok == 0 {
		return fmt.Errorf("leaving the console: %w", err)
	}
	return nil
}

// keepFiles has nothing to do: Go hands no handles on that it was not told to.
func keepFiles() {}
