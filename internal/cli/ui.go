package cli

// The rules of the terminal:
//
//   - Standard output carries the answer and nothing else; all else goes to
//     standard error.
//   - Every line on standard error begins with "nbseal: ". An error may be
//     followed by a line "nbseal: hint: …" that says what to do next.
//   - Colour only on a terminal, and never with NO_COLOR set (no-color.org) or
//     TERM=dumb.
//   - Prompts and hidden input use the terminal itself, never standard input,
//     so that a value can be piped in while a passphrase is asked for.
//   - Names, paths and other text from files are shown so that they cannot
//     write escape sequences. Credentials are not shown.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/nbseal/nbseal/internal/secret"
)

type ui struct {
	w *World
}

func newUI(w *World) *ui { return &ui{w} }

// colorOn reports whether text to f may be coloured.
func (u *ui) colorOn(f *os.File) bool {
	return u.w.Getenv("NO_COLOR") == "" && u.w.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// note tells something on standard error.
func (u *ui) note(format string, args ...any) {
	fmt.Fprintf(u.w.Stderr, "nbseal: "+format+"\n", args...)
}

func (u *ui) error(err error) {
	u.note("%v", err)
	var h *hintError
	if errors.As(err, &h) {
		u.note("hint: %s", h.hint)
	}
}

// hintError is an error with the advice that goes with it.
type hintError struct {
	error
	hint string
}

func hinted(err error, hint string) error { return &hintError{err, hint} }

func (e *hintError) Unwrap() error { return e.error }

var errNoTerminal = errors.New("there is no terminal to ask on")

// askHidden asks on the terminal for a line that is not echoed.
func (u *ui) askHidden(prompt string) (secret.Value, error) {
	in, out, err := openTerminal()
	if err != nil {
		return secret.Value{}, errNoTerminal
	}
	defer in.Close()
	if out != in {
		defer out.Close()
	}
	// The echo is off before the prompt is there: whoever answers at once must
	// not see what he types.
	state, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return secret.Value{}, errNoTerminal
	}
	restore := func() { _ = term.Restore(int(in.Fd()), state) }
	defer restore()
	stop := onInterrupt(func() {
		restore()
		os.Exit(exitFailed)
	})
	defer stop()
	keys := &keyboard{File: in}
	line, err := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{keys, out}, "").ReadPassword(prompt)
	switch {
	case keys.interrupted:
		fmt.Fprint(out, "\r\n")
		return secret.Value{}, errors.New("interrupted")
	case errors.Is(err, io.EOF):
		fmt.Fprint(out, "\r\n")
		return secret.Value{}, errors.New("nothing was entered")
	}
	return secret.New([]byte(line)), err
}

// keyboard notices Ctrl-C, which is a character like others on a raw terminal,
// and gives one character at a time: what is typed ahead is the next prompt's.
type keyboard struct {
	*os.File
	interrupted bool
}

func (k *keyboard) Read(p []byte) (int, error) {
	n, err := k.File.Read(p[:min(len(p), 1)])
	k.interrupted = k.interrupted || bytes.IndexByte(p[:n], 3) >= 0
	return n, err
}

// confirm asks a question on the terminal; anything but yes is no.
func (u *ui) confirm(question string) (bool, error) {
	in, out, err := openTerminal()
	if err != nil {
		return false, errNoTerminal
	}
	defer in.Close()
	if out != in {
		defer out.Close()
	}
	fmt.Fprint(out, question)
	var answer [64]byte
	n, err := in.Read(answer[:])
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	switch strings.ToLower(strings.TrimSpace(string(answer[:n]))) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}

// openTerminal opens the terminal that this process belongs to.
func openTerminal() (in, out *os.File, err error) {
	if runtime.GOOS != "windows" {
		in, err = os.OpenFile("/dev/tty", os.O_RDWR, 0)
		return in, in, err
	}
	if in, err = os.OpenFile("CONIN$", os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	out, err = os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		in.Close()
	}
	return in, out, err
}

// onInterrupt calls do when the process is asked to end, until the function it
// returns is called.
func onInterrupt(do func()) (stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	quit, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		select {
		case <-c:
			do()
		case <-quit:
		}
	}()
	return func() { signal.Stop(c); close(quit); <-finished }
}

// stdinIsTerminal reports whether a person types at standard input.
func (u *ui) stdinIsTerminal() bool { return term.IsTerminal(int(u.w.Stdin.Fd())) }
