package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/nbseal/nbseal/internal/atomicfile"
	"github.com/nbseal/nbseal/internal/clean"
	"github.com/nbseal/nbseal/internal/finding"
	"github.com/nbseal/nbseal/internal/gitfilter"
	"github.com/nbseal/nbseal/internal/hardening"
	"github.com/nbseal/nbseal/internal/manifest"
	"github.com/nbseal/nbseal/internal/report"
	"github.com/nbseal/nbseal/internal/scan"
)

const cleanHelp = `Take the credentials out of a notebook, as nbseal's git filter does.

Usage: nbseal clean [FLAGS] [FILE…]

Reads a notebook from FILE, or from standard input without one or for "-", and
writes it to standard output. A credential in an output or in metadata becomes a
marker such as [nbseal:openai-api-key]; one in a source is an error that says
where it is, because a marker would break the code. Nothing else changes but what
the settings take out: not a byte, if there is nothing to do. Settings in [clean]
of nbseal.toml hold here and in git (docs/spec/clean.md); flags come after them.

Flags:
  -w, --write              change the files instead
  --check                  change nothing, name the files that would change
  --path PATH              the name of what comes from standard input, which
                           decides how it is read and which settings hold
  --rules FILE             rules of your own (docs/spec/rules.md)
  --baseline FILE          leave alone what this file lists
  --outputs KIND           redact (the default); keep: a credential in an output
                           is an error too; strip: take outputs out
  --source KIND            block (the default) or redact
  --like PROGRAM           what nbstripout or nb-clean takes out
  --strip-counts, --strip-ids, --strip-cell-metadata, --strip-notebook-metadata,
  --strip-init-cells, --drop-empty-cells, --drop-tagged-cells TAG,…,
  --strip-keys KEY,…, --keep-keys KEY,…, --keep-cell-metadata KEY,…,
  --keep-output-types TYPE,…, --drop-output-types TYPE,…, --max-output BYTES
                           further settings, by their names in [clean]

Exit codes: 0 done, 1 a credential is in the way (with --check: or a file would
change), 2 something could not be read or written. Of a file that is refused
nothing is written.

Example:
  nbseal clean --outputs strip analysis.ipynb > for-a-mail.ipynb
`

type cleanFlags struct {
	write, check    bool
	path            string
	rules, baseline string
	override        func(*clean.Settings) error
}

func (a *app) cleanCommand() *cobra.Command {
	var flags cleanFlags
	cmd := &cobra.Command{
		Use: "clean [FILE…]", Long: cleanHelp, Short: "take the credentials out of a notebook",
		RunE: interruptible(func(ctx context.Context, args []string) error { return a.clean(ctx, args, flags) }),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"ipynb"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&flags.write, "write", "w", false, "change the files instead")
	f.BoolVar(&flags.check, "check", false, "change nothing, name the files that would change")
	f.StringVar(&flags.path, "path", "", "the name of what comes from standard input")
	f.StringVar(&flags.rules, "rules", "", "rules of your own")
	f.StringVar(&flags.baseline, "baseline", "", "leave alone what this file lists")
	flags.override = settingFlags(cmd)
	cmd.MarkFlagsMutuallyExclusive("write", "check")
	return cmd
}

// settingFlags makes a flag of each key of [clean] and returns what applies
// those that were given.
func settingFlags(cmd *cobra.Command) func(*clean.Settings) error {
	f := cmd.Flags()
	values := map[string]func() any{}
	for key, kind := range manifest.CleanKeys() {
		switch zero := kind.Zero.(type) {
		case bool:
			v := f.Bool(key, zero, "as in [clean]")
			values[key] = func() any { return *v }
		case int:
			v := f.Int(key, zero, "as in [clean]")
			values[key] = func() any { return *v }
		case string:
			v := f.String(key, zero, "as in [clean]")
			values[key] = func() any { return *v }
			_ = cmd.RegisterFlagCompletionFunc(key, cobra.FixedCompletions(kind.Words, cobra.ShellCompDirectiveNoFileComp))
		case []string:
			v := f.StringSlice(key, zero, "as in [clean]")
			values[key] = func() any { return *v }
		}
	}
	// "like" sets others, and so goes first.
	keys := slices.SortedFunc(maps.Keys(values), func(a, b string) int {
		if a == "like" {
			return -1
		}
		if b == "like" {
			return 1
		}
		return cmp.Compare(a, b)
	})
	return func(s *clean.Settings) error {
		for _, key := range keys {
			if !f.Changed(key) {
				continue
			}
			if err := s.Set(key, values[key]()); err != nil {
				return err
			}
		}
		return nil
	}
}

func (a *app) clean(ctx context.Context, paths []string, flags cleanFlags) error {
	inPlace := flags.write || flags.check
	switch {
	case len(paths) == 0:
		paths = []string{"-"}
	case len(paths) > 1 && !inPlace:
		return hinted(errors.New("one file goes to standard output"), "nbseal clean --write changes files where they are")
	}
	if inPlace && slices.Contains(paths, "-") {
		return errors.New("--write and --check want files")
	}
	cleaner, err := a.newCleaner(flags)
	if err != nil {
		return err
	}
	code := exitDone
	for _, path := range paths {
		if ctx.Err() != nil {
			return errors.New("interrupted; the files after those named above are unchanged")
		}
		changed, err := a.cleanFile(cleaner, path, flags)
		if err != nil {
			code = max(code, a.cleanFailure(path, err))
		} else if changed && flags.check {
			fmt.Fprintf(a.Stdout, "%s\n", report.Printable(path))
			code = max(code, exitFindings)
		}
	}
	if code != exitDone {
		return exitCode(code)
	}
	return nil
}

// cleanFile cleans one file to where the flags say, and reports whether that is
// another.
func (a *app) cleanFile(cleaner *clean.Cleaner, path string, flags cleanFlags) (bool, error) {
	src, err := a.readFile(path)
	if err != nil {
		return false, err
	}
	name := path
	if path == "-" && flags.path != "" {
		name = flags.path
	}
	result, err := cleaner.Clean(name, src)
	if err != nil {
		return false, err
	}
	if result.Warning != "" {
		a.ui.note("%s: %s", report.Printable(name), result.Warning)
	}
	changed := !bytes.Equal(result.Bytes, src)
	switch {
	case flags.write && changed:
		if err := atomicfile.Write(path, result.Bytes, atomicfile.KeepMode(), atomicfile.IfUnchanged(src)); err != nil {
			return false, err
		}
		a.ui.note("%s: %s", report.Printable(path), cleaned(result))
	case !flags.write && !flags.check:
		_, err = a.Stdout.Write(result.Bytes)
	}
	return changed, err
}

// cleaned says what was done to a file.
func cleaned(r clean.Result) string {
	n := len(r.Redacted)
	switch {
	case n == 0:
		return "took out what the settings say"
	case n == 1:
		return "redacted 1 credential"
	}
	return fmt.Sprintf("redacted %d credentials", n)
}

// cleanFailure tells why a file was refused, and returns the exit code for it.
func (a *app) cleanFailure(path string, err error) int {
	if blocked, ok := errors.AsType[*clean.Blocked](err); ok {
		a.ui.error(hinted(errors.New(report.Printable(blocked.Error())), report.Printable(blocked.Hint())))
		return exitFindings
	}
	if unread, ok := errors.AsType[*clean.Unreadable](err); ok {
		a.ui.error(hinted(errors.New(report.Printable(unread.Error())), report.Printable(unread.Hint())))
		return exitFailed
	}
	a.ui.error(fmt.Errorf("%s: %w", report.Printable(path), err))
	return exitFailed
}

func (a *app) newCleaner(flags cleanFlags) (*clean.Cleaner, error) {
	rules, err := a.userRules(flags.rules)
	if err != nil {
		return nil, err
	}
	accepted, err := a.openBaseline(scanFlags{baseline: flags.baseline})
	if err != nil {
		return nil, err
	}
	lists, unread := scan.ReadLists(".")
	for _, u := range unread {
		return nil, fmt.Errorf("%s: %s", report.Printable(u.Path), u.Reason)
	}
	policy := &clean.Policy{Override: flags.override}
	return clean.New(clean.Options{Settings: policy.For, Rules: rules, Known: func(f finding.Finding) bool {
		return lists.Has(f) || accepted.known != nil && accepted.known(f)
	}}), nil
}

const filterHelp = `Be git's filter for notebooks, one process for all files of a command.

Usage: nbseal filter-process

Git starts this, once nbseal install has told it to; there is no reason to do so
by hand. It speaks version 2 of git's long-running filter protocol on standard
input and output (docs/spec/filter.md) and does to each file what nbseal clean
does, with the settings in nbseal.toml.

Example:
  git -c filter.nbseal.process="nbseal filter-process" add analysis.ipynb
`

func (a *app) filterCommand() *cobra.Command {
	return &cobra.Command{
		Use: "filter-process", Long: filterHelp, Short: "be git's filter for notebooks",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.filter(cmd.Context()) },
	}
}

const textconvHelp = `Show a notebook as text for git diff, with its credentials masked.

Usage: nbseal textconv FILE

Git starts this for notebooks, once nbseal install has told it to.

Example:
  nbseal textconv analysis.ipynb
`

func (a *app) textconvCommand() *cobra.Command {
	return &cobra.Command{
		Use: "textconv FILE", Long: textconvHelp, Short: "show a notebook as text, credentials masked",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			src, err := a.readFile(args[0])
			if err != nil {
				return fmt.Errorf("%s: %w", report.Printable(args[0]), err)
			}
			text, err := clean.New(clean.Options{}).Text(args[0], src)
			if err != nil {
				return fmt.Errorf("%s: %w", report.Printable(args[0]), err)
			}
			_, err = a.Stdout.Write(text)
			return err
		},
	}
}

// filter serves git. A file that is refused is git's to tell of, which cannot
// say why; that is said here, on the standard error that git hands on.
func (a *app) filter(ctx context.Context) error {
	if term.IsTerminal(int(a.Stdin.Fd())) {
		return hinted(errors.New("git starts this, and speaks with it on standard input"), "nbseal clean FILE cleans a file, nbseal install tells git of the filter")
	}
	if err := hardening.Process(); err != nil {
		return err
	}
	cleaner, err := a.newCleaner(cleanFlags{})
	if err != nil {
		return err
	}
	f := gitfilter.Filter{
		Clean: func(_ context.Context, file gitfilter.File) ([]byte, error) {
			result, err := cleaner.Clean(filepath.FromSlash(file.Path), file.Content)
			if err == nil && result.Warning != "" {
				a.ui.note("%s: %s", report.Printable(file.Path), result.Warning)
			}
			return result.Bytes, err
		},
		Refused: func(path string, err error) { a.cleanFailure(path, err) },
	}
	return f.Serve(ctx, a.Stdin, a.Stdout)
}

// readFile reads a file, or standard input for "-".
func (a *app) readFile(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(a.Stdin)
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, hinted(errors.New("it is a directory"), "name the notebooks; nbseal scan finds those with credentials")
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("no such file")
	}
	src, err := os.ReadFile(path)
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathErr.Err
	}
	return src, err
}
