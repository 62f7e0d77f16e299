package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/nbseal/nbseal/internal/hardening"
	"github.com/nbseal/nbseal/internal/resolve"
	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

const getHelp = `Print a value.

Usage: nbseal get [--show] NAME
       nbseal get --batch

The bytes of the value go to standard output, with nothing added, for a pipe or
a file. A terminal is refused without --show, because what it shows stays in its
scroll-back. The name means what the nearest nbseal.toml says, in this directory
or above; without one, it is a name in the store.

Flags:
  --show    print to a terminal too, with a line end
  --batch   answer a client library: JSON on standard input and output, as
            docs/spec/get.md specifies

Example:
  nbseal get GITHUB_TOKEN | gh auth login --with-token
`

func (a *app) getCommand() *cobra.Command {
	var show, batch bool
	cmd := &cobra.Command{
		Use: "get NAME", Long: getHelp, Short: "print a value",
		Args: func(_ *cobra.Command, args []string) error {
			if want := map[bool]int{true: 0, false: 1}[batch]; len(args) != want {
				return hinted(fmt.Errorf("%d names are needed, got %d", want, len(args)), "nbseal get --help")
			}
			return nil
		},
		RunE: interruptible(func(ctx context.Context, args []string) error {
			if err := hardening.Process(); err != nil {
				return err
			}
			if batch {
				return a.getBatch(ctx)
			}
			return a.get(ctx, args[0], show)
		}),
		ValidArgsFunction: a.completeNames(1),
	}
	cmd.Flags().BoolVar(&show, "show", false, "print to a terminal too")
	cmd.Flags().BoolVar(&batch, "batch", false, "answer a client library")
	return cmd
}

func (a *app) get(ctx context.Context, name string, show bool) error {
	tty := term.IsTerminal(int(a.Stdout.Fd()))
	if tty && !show {
		return hinted(errors.New("the value is not printed to a terminal"), "--show prints it all the same")
	}
	values, err := a.values(ctx, "", false, []string{name})
	if err != nil {
		return err
	}
	if _, err := a.Stdout.Write(values[name].Reveal()); err != nil {
		return fmt.Errorf("writing the value: %w", err)
	}
	if tty {
		fmt.Fprintln(a.Stdout)
	}
	return nil
}

// The wire types of docs/spec/get.md.

type batchRequest struct {
	V        int      `json:"v"`
	Names    []string `json:"names"`
	Notebook string   `json:"notebook"`
}

type batchAnswer struct {
	V      int               `json:"v"`
	Values map[string]string `json:"values,omitempty"`
	Error  *batchError       `json:"error,omitempty"`
}

type batchError struct {
	Code    string `json:"code"`
	Name    string `json:"name,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

const (
	batchVersion  = 1
	maxRequest    = 1 << 20 // bytes
	maxBatchNames = 1000
	maxAnswer     = 64 << 20 // bytes
)

func (a *app) getBatch(ctx context.Context) error {
	answer := batchAnswer{V: batchVersion}
	req, err := readRequest(a.Stdin)
	var values map[string]secret.Value
	if err == nil {
		values, err = a.values(ctx, req.Notebook, true, req.Names)
	}
	if err == nil {
		answer.Values, err = encodeValues(values)
	}
	if err != nil {
		answer.Error = describe(err)
	}
	if err := json.NewEncoder(a.Stdout).Encode(answer); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	if answer.Error != nil {
		return exitCode(exitFailed)
	}
	return nil
}

func readRequest(in io.Reader) (batchRequest, error) {
	var req batchRequest
	b, err := io.ReadAll(io.LimitReader(in, maxRequest+1))
	if err != nil {
		return req, badRequest("it cannot be read")
	}
	if len(b) > maxRequest {
		return req, badRequest("it is longer than 1 MiB")
	}
	// A client's mistake is described, never quoted: it may hold a value.
	if req, err = decodeRequest(b); err != nil {
		return req, badRequest("it is not the JSON object that docs/spec/get.md asks for")
	}
	if req.V != batchVersion {
		return req, badRequest("this nbseal speaks version 1")
	}
	if len(req.Names) == 0 || len(req.Names) > maxBatchNames {
		return req, badRequest("it must have 1 to 1,000 names")
	}
	seen := map[string]bool{}
	for _, n := range req.Names {
		if store.ValidateName(n) != nil || seen[n] {
			return req, badRequest("a name in it is not valid, or stands twice")
		}
		seen[n] = true
	}
	return req, nil
}

func decodeRequest(b []byte) (batchRequest, error) {
	var req batchRequest
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&req); err != nil {
		return req, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return req, errors.New("something follows")
	}
	return req, nil
}

type requestError struct{ reason string }

func (e *requestError) Error() string { return "bad request: " + e.reason }

func badRequest(reason string) error { return &requestError{reason} }

func encodeValues(values map[string]secret.Value) (map[string]string, error) {
	out, size := map[string]string{}, 0
	for name, v := range values {
		out[name] = base64.StdEncoding.EncodeToString(v.Reveal())
		size += len(out[name]) + len(name) + 8
	}
	if size > maxAnswer-1024 {
		return nil, errors.New("the values are more than 64 MiB together")
	}
	return out, nil
}

// describe puts an error into the protocol's words.
func describe(err error) *batchError {
	out := &batchError{Code: "failed", Message: err.Error()}
	var h *hintError
	if errors.As(err, &h) {
		out.Hint = h.hint
	}
	var about *resolve.Error
	if errors.As(err, &about) {
		out.Name = about.Name
	}
	var bad *requestError
	switch {
	case errors.As(err, &bad):
		out.Code = "bad-request"
	default:
		out.Code = errorCode(err)
	}
	return out
}
