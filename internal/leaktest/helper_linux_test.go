package leaktest

import (
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary play the programs under test: the argument
// after "leak" chooses what it does with the secret on its standard input.
func TestMain(m *testing.M) {
	if len(os.Args) < 3 || os.Args[1] != "leak" {
		os.Exit(m.Run())
	}
	secret, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = behaviours[os.Args[2]](string(secret))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// behaviours are what a program can do with a secret.
var behaviours = map[string]func(secret string) error{
	"keep": func(s string) error {
		_, err := fmt.Println("read", len(s), "bytes")
		return err
	},
	"file":    func(s string) error { return os.WriteFile("out", []byte(s), 0o600) },
	"stdout":  func(s string) error { _, err := fmt.Print(s); return err },
	"stderr":  func(s string) error { _, err := fmt.Fprintf(os.Stderr, "debug: %q\n", s); return err },
	"deleted": func(s string) error { return temporary([]byte(s)) },
	"deleted base64": func(s string) error {
		return temporary([]byte("key: " + base64.StdEncoding.EncodeToString([]byte("user:"+s))))
	},
	"deleted pieces": func(s string) error {
		var pieces [][]byte
		for i := range len(s) {
			pieces = append(pieces, []byte{s[i]})
		}
		return temporary(pieces...)
	},
	"args":        func(s string) error { return exec.Command("true", "--token="+s).Run() },
	"environment": func(s string) error { return child("true", "TOKEN="+s) },
	"shell environment": func(s string) error {
		return child("sh", "TOKEN="+s)
	},
	"name": func(s string) error { return os.Mkdir(strings.ReplaceAll(s, "/", "_"), 0o700) },
	"deleted name": func(s string) error {
		if err := os.Mkdir(s[:20], 0o700); err != nil {
			return err
		}
		return os.Remove(s[:20])
	},
	"link": func(s string) error { return os.Symlink(s, "link") },
	"gzip": func(s string) error {
		f, err := os.Create("log.gz")
		if err != nil {
			return err
		}
		defer f.Close()
		w := gzip.NewWriter(f)
		fmt.Fprintf(w, "token=%s\n", s)
		return w.Close()
	},
	"attribute": func(s string) error {
		if err := os.WriteFile("f", nil, 0o600); err != nil {
			return err
		}
		return unix.Setxattr("f", "user.token", []byte(s), 0)
	},
	"pipe": func(s string) error {
		cmd := exec.Command("cat")
		cmd.Stdin = strings.NewReader(s)
		return cmd.Run()
	},
	"memfd": func(s string) error {
		fd, err := unix.MemfdCreate("buffer", 0)
		if err != nil {
			return err
		}
		_, err = unix.Write(fd, []byte(s))
		return err
	},
	"unix socket": func(s string) error { return sendOver("unix", filepath.Join(os.TempDir(), "s"), s) },
	"tcp socket":  func(s string) error { return sendOver("tcp", "127.0.0.1:0", s) },
	"udp socket": func(s string) error {
		c, err := net.Dial("udp", "127.0.0.1:9")
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Write([]byte(s))
		return err
	},
	"mapped and deleted": func(s string) error {
		f, err := os.Create("map")
		if err != nil {
			return err
		}
		defer f.Close()
		if err := f.Truncate(4096); err != nil {
			return err
		}
		mem, err := unix.Mmap(int(f.Fd()), 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			return err
		}
		copy(mem, s)
		return os.Remove("map")
	},
	"spliced and deleted": func(s string) error {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		f, err := os.Create("spliced")
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, s); err != nil {
			return err
		}
		if _, err := unix.Splice(int(r.Fd()), nil, int(f.Fd()), nil, len(s), 0); err != nil {
			return err
		}
		return os.Remove("spliced")
	},
	"leaves a child": func(s string) error {
		// The child outlives this process and leaks when it is told to end.
		cmd := exec.Command("sh", "-c", `read -r v; trap 'echo "$v" > late; rm late; exit' TERM; while :; do sleep 0.1; done`)
		in, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		_, err = fmt.Fprintln(in, s)
		return err
	},
	"not dumpable": func(s string) error {
		if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
			return err
		}
		if err := temporary([]byte(s)); err != nil {
			return err
		}
		return child("true", "TOKEN="+s)
	},
	"sleep": func(string) error { time.Sleep(time.Minute); return nil },
	"replaces itself": func(s string) error {
		return syscall.Exec("/bin/true", []string{"true"}, append(os.Environ(), "TOKEN="+s))
	},
	"exit 3": func(string) error { os.Exit(3); return nil },
}

// temporary writes parts to a file, one call for each, and deletes it.
func temporary(parts ...[]byte) error {
	f, err := os.CreateTemp("", "")
	if err != nil {
		return err
	}
	defer f.Close()
	for _, part := range parts {
		if _, err := f.Write(part); err != nil {
			return err
		}
	}
	return os.Remove(f.Name())
}

func child(name, variable string) error {
	cmd := exec.Command(name)
	cmd.Env = append(os.Environ(), variable)
	return cmd.Run()
}

func sendOver(network, address, s string) error {
	l, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	defer l.Close()
	c, err := net.Dial(network, l.Addr().String())
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = io.WriteString(c, s)
	return err
}
