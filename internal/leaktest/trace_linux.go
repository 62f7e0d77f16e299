package leaktest

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The form of a trace, from strace(1) with the options of Box.start: a line is
//
//	1700000000.000000 write(1<\x2f\x66>, "\x68\x69", 2) = 2
//
// with every text in hex, an ellipsis after a text that was cut, and a
// descriptor's target in angle brackets: a path in hex, maybe with a device
// (<\x2f…<char 1:3>>), or a socket as it is (<TCP:[127.0.0.1:1->127.0.0.1:2]>).

// call is one system call that succeeded, or whose outcome is not known.
type call struct {
	when string // seconds; all of the same length
	name string
	args []byte
	ret  int // -1 if not known, because the process was killed in it
}

// thread is one trace file.
type thread struct {
	calls []call
	// The thread that made this one, and how many calls it had made by then.
	parent, at int
}

// event is a call with the program that made it.
type event struct {
	call
	program string
}

// readTrace returns the calls of all threads in the order in which they were
// made.
func readTrace(dir string) ([]event, error) {
	logs, err := filepath.Glob(filepath.Join(dir, "trace.*"))
	if err != nil {
		return nil, err
	}
	threads := map[int]*thread{}
	for _, log := range logs {
		id, err := strconv.Atoi(strings.TrimPrefix(filepath.Ext(log), "."))
		if err != nil {
			return nil, err
		}
		data, err := os.ReadFile(log)
		if err != nil {
			return nil, err
		}
		threads[id] = &thread{calls: parseCalls(data)}
	}
	for id, t := range threads {
		for i, c := range t.calls {
			if !makesThread(c.name) || c.ret <= 0 {
				continue
			}
			child := threads[c.ret]
			if child == nil {
				return nil, fmt.Errorf("process %d was not traced", c.ret)
			}
			child.parent, child.at = id, i
		}
	}

	var events []event
	for id, t := range threads {
		program := programAt(threads, id, 0)
		for _, c := range t.calls {
			if path := execPath(c); path != "" {
				program = filepath.Base(path)
			}
			events = append(events, event{c, program})
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.when, b.when) })
	return events, nil
}

// programAt says what thread id was running before its call number at.
func programAt(threads map[int]*thread, id, at int) string {
	for hops := 0; hops <= len(threads); hops++ { // reused ids could make a circle
		t := threads[id]
		if t == nil {
			return ""
		}
		for i := at - 1; i >= 0; i-- {
			if path := execPath(t.calls[i]); path != "" {
				return filepath.Base(path)
			}
		}
		id, at = t.parent, t.at
	}
	return ""
}

func makesThread(name string) bool {
	return name == "clone" || name == "clone3" || name == "fork" || name == "vfork"
}

// execPath returns the path that c executed, or "".
func execPath(c call) string {
	if c.name != "execve" && c.name != "execveat" {
		return ""
	}
	path, _ := nextText(c.args, 0)
	return string(path.text)
}

// parseCalls reads the lines of a trace, without the calls that failed.
func parseCalls(data []byte) []call {
	var calls []call
	for line := range bytes.Lines(data) {
		when, rest, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
		name, args, ok := bytes.Cut(rest, []byte("("))
		if !ok || !isWord(name) {
			continue // a signal, or the end
		}
		c := call{when: string(when), name: string(name), args: args, ret: -1}
		if i := bytes.LastIndex(args, []byte(" = ")); i >= 0 {
			c.args = args[:i]
			if bytes.HasPrefix(args[i+3:], []byte("-1 ")) {
				continue
			}
			number, _, _ := bytes.Cut(args[i+3:], []byte(" "))
			number, _, _ = bytes.Cut(number, []byte("<"))
			if n, err := strconv.Atoi(string(number)); err == nil {
				c.ret = n
			}
		}
		calls = append(calls, c)
	}
	return calls
}

func isWord(b []byte) bool {
	for _, c := range b {
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(b) > 0
}

// text is one quoted text of a call.
type text struct {
	text []byte
	cut  bool // strace did not show all of it
	list int  // 0 outside of square brackets, else the number of the outermost list, from 1
	end  int  // offset behind it
}

// texts returns the quoted texts of a call, in order.
func texts(args []byte) []text {
	var all []text
	depth, list := 0, 0
	for i := 0; i < len(args); {
		switch args[i] {
		case '[':
			if depth == 0 {
				list++
			}
			depth++
			i++
		case ']':
			depth--
			i++
		case '<':
			_, end := target(args[i:])
			i += max(end, 1)
		case '"':
			t, _ := nextText(args, i)
			if depth > 0 {
				t.list = list
			}
			all = append(all, t)
			i = t.end
		default:
			i++
		}
	}
	return all
}

// nextText returns the first quoted text at or after from.
func nextText(args []byte, from int) (text, bool) {
	start := bytes.IndexByte(args[from:], '"')
	if start < 0 {
		return text{end: len(args)}, false
	}
	start += from + 1
	length := bytes.IndexByte(args[start:], '"')
	if length < 0 {
		length = len(args) - start
	}
	t := text{text: unhex(args[start : start+length]), end: min(start+length+1, len(args))}
	t.cut = bytes.HasPrefix(args[t.end:], []byte("..."))
	return t, true
}

// unhex decodes \x68\x69; what is not in that form it leaves as it is.
func unhex(b []byte) []byte {
	decoded, err := hex.DecodeString(strings.ReplaceAll(string(b), `\x`, ""))
	if err != nil {
		return b
	}
	return decoded
}

// target reads what a descriptor stands for from the angle brackets that args
// begins with, and returns the offset behind them; 0 if there is none.
func target(args []byte) (string, int) {
	if len(args) == 0 || args[0] != '<' {
		return "", 0
	}
	end := 1
	if bytes.HasPrefix(args[1:], []byte(`\x`)) {
		for end+4 <= len(args) && args[end] == '\\' {
			end += 4
		}
		name := string(unhex(args[1:end]))
		if end < len(args) && args[end] == '<' { // a device
			length := bytes.IndexByte(args[end:], '>')
			if length < 0 {
				return name, len(args)
			}
			name += " " + string(args[end:end+length+1])
			end += length + 1
		}
		return name, min(end+1, len(args))
	}
	length := bytes.Index(args, []byte("]>"))
	if length < 0 {
		return "", 0
	}
	return string(args[1 : length+1]), length + 2
}

// targets returns what the descriptors of a call stand for, in order.
func targets(args []byte) []string {
	var all []string
	for i := 0; i < len(args); {
		switch args[i] {
		case '"':
			t, _ := nextText(args, i)
			i = t.end
		case '<':
			name, end := target(args[i:])
			if end > 0 {
				all = append(all, name)
			}
			i += max(end, 1)
		default:
			i++
		}
	}
	return all
}
