//go:build unix

package store_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"github.com/nbseal/nbseal/internal/secret"
	"github.com/nbseal/nbseal/internal/store"
)

// These tests need the programs age and age-keygen.

func runAge(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v: %s", args, err, stderr.String())
	}
	return string(out)
}

func TestAgeReadsWhatWeWriteAndWritesWhatWeRead(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key.txt")
	runAge(t, "", "age-keygen", "-o", key)
	recipient := strings.TrimSpace(runAge(t, "", "age-keygen", "-y", key))
	id, err := store.LoadIdentityFile(key)
	if err != nil || id.Recipients()[0] != recipient {
		t.Fatal(err, id)
	}
	second, err := store.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Create(t.Context(), t.TempDir(), recipient, second.Recipients()[0])
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{"EMPTY": "", "a/short": "x\n", "a/chunk": strings.Repeat("c", 64<<10), "big": strings.Repeat("b\x00", store.MaxValue/2)}
	for name, value := range values {
		put(t, s, name, value)
		if got := runAge(t, "", "age", "-d", "-i", key, filepath.Join(s.Dir(), name+".age")); got != value {
			t.Errorf("age reads %d bytes for %s, want %d", len(got), name, len(value))
		}
		for form, flags := range map[string][]string{"binary": nil, "armored": {"-a"}} {
			file := filepath.Join(s.Dir(), "by", form, name+".age")
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			runAge(t, value, append([]string{"age", "-R", filepath.Join(s.Dir(), ".age-recipients"), "-o", file}, flags...)...)
			want(t, s, "by/"+form+"/"+name, value, second)
		}
	}
}

// What passage does with a store, by the commands that are in its script
// (https://github.com/FiloSottile/passage): it is in no distribution that the
// tests could install.
const passage = `
set -eu
recipients() { d="$1"; while [ "$d" != "$STORE" ] && [ ! -f "$d/.age-recipients" ]; do d="${d%/*}"; done; echo "$d/.age-recipients"; }
case "$1" in
show) age -d -i "$IDENTITIES" "$STORE/$2.age" ;;
insert) mkdir -p "$(dirname "$STORE/$2")"; age -e -R "$(recipients "$(dirname "$STORE/$2")")" -o "$STORE/$2.age" ;;
reencrypt) find "$STORE" -path '*/.git' -prune -o -iname '*.age' -print | while read -r f; do
	age -d -i "$IDENTITIES" "$f" | age -e -R "$(recipients "$(dirname "$f")")" -o "$f.tmp" && mv "$f.tmp" "$f"; echo "$f"; done ;;
esac`

func TestPassagesCommands(t *testing.T) {
	dir := t.TempDir()
	s, id := newStore(t)
	key := filepath.Join(dir, "identities")
	if err := store.WriteIdentityFile(key, id); err != nil {
		t.Fatal(err)
	}
	ana := newIdentity(t)
	t.Setenv("STORE", s.Dir())
	t.Setenv("IDENTITIES", key)
	run := func(stdin string, args ...string) string {
		t.Helper()
		return runAge(t, stdin, append([]string{"bash", "-c", passage, "passage"}, args...)...)
	}
	if err := s.PutAbout(t.Context(), "team/A", secret.New([]byte("ours")), store.About{Note: ptr("n")}); err != nil {
		t.Fatal(err)
	}
	if got := run("", "show", "team/A"); got != "ours" {
		t.Errorf("passage shows %q", got)
	}
	if _, err := s.ChangeRecipients(t.Context(), store.RecipientsChange{Folder: "team", Add: []store.Recipient{who(t, ana, "Ana")}}, id); err != nil {
		t.Fatal(err)
	}
	run("theirs\n", "insert", "team/sub/B")
	run("theirs\n", "insert", "C")
	want(t, s, "team/sub/B", "theirs\n", ana)
	want(t, s, "C", "theirs\n", id)
	closed(t, s, "C", ana)
	if got := strings.Count(run("", "reencrypt"), "\n"); got != 3 {
		t.Errorf("passage sees %d secrets", got)
	}
	want(t, s, "team/A", "ours", ana)
	notes(t, s, "team/A", ana, store.Notes{Note: "n"})
	if names, err := s.Names(); err != nil || strings.Join(names, " ") != "C team/A team/sub/B" {
		t.Errorf("names %q, %v", names, err)
	}
}

// terminal runs a program on a terminal of its own and types the answers, one at
// each prompt that ends in ": ". It returns stdout.
func terminal(t *testing.T, answers []string, args ...string) string {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, &out, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = cmd.Start()
	slave.Close()
	if err != nil {
		t.Fatal(err)
	}
	seen, buf := "", make([]byte, 4096)
	for {
		n, err := master.Read(buf)
		if seen += string(buf[:n]); strings.HasSuffix(seen, ": ") && len(answers) > 0 {
			if _, err := master.WriteString(answers[0] + "\n"); err != nil {
				t.Fatal(err)
			}
			answers, seen = answers[1:], ""
		}
		if err != nil { // the program closed its terminal
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%q: %v: %s", args, err, seen)
	}
	return out.String()
}

func TestAgeOpensSealedIdentities(t *testing.T) {
	dir := t.TempDir()
	s, id := newStore(t)
	put(t, s, "A", "value")

	sealed := filepath.Join(dir, "ours.age")
	if err := store.SealIdentity(sealed, id, secret.New([]byte("our phrase")), store.WorkFactor(10)); err != nil {
		t.Fatal(err)
	}
	got := terminal(t, []string{"our phrase"}, "age", "-d", "-i", sealed, filepath.Join(s.Dir(), "A.age"))
	if got != "value" {
		t.Errorf("age reads %q", got)
	}
}
