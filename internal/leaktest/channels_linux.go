package leaktest

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
)

// unreadable is said of calls whose texts strace could not read from memory.
const unreadable = "memory that the trace does not show"

// flow is everything that one program wrote to one place.
type flow struct {
	channel Channel
	program string
	place   string
}

// tracer turns events into leaks.
type tracer struct {
	search  *Searcher
	root    string // what is below it is searched at the end
	outputs []*output
	order   []flow
	written map[flow]*bytes.Buffer
	leaks   []Leak
}

// traceLeaks searches what the processes of p did. What is in files below root
// at the end is searched elsewhere.
func (p *Proc) traceLeaks(s *Searcher, root string) ([]Leak, error) {
	events, err := readTrace(p.logs)
	if err != nil {
		return nil, err
	}
	tr := &tracer{search: s, root: root, outputs: p.outputs[:], written: map[flow]*bytes.Buffer{}}
	for _, e := range events {
		tr.event(e)
	}
	for _, f := range tr.order {
		tr.add(f, tr.written[f].Bytes())
	}
	return tr.leaks, nil
}

func (tr *tracer) event(e event) {
	switch e.name {
	case "execve", "execveat":
		tr.exec(e)
	case "write", "writev", "pwrite64", "pwritev", "pwritev2", "vmsplice", "sendto", "sendmsg", "sendmmsg":
		tr.write(e)
	case "splice", "tee", "copy_file_range":
		if ends := targets(e.args); len(ends) == 2 && e.ret != 0 {
			tr.moved(e, ends[0], ends[1])
		}
	case "sendfile":
		if ends := targets(e.args); len(ends) == 2 && e.ret != 0 {
			tr.moved(e, ends[1], ends[0])
		}
	case "mmap":
		tr.mapped(e)
	case "io_uring_setup":
		tr.unsearched(flow{Pipe, e.program, "io_uring"}, "writes through io_uring, which are not traced")
	case "fork", "vfork", "clone", "clone3":
	default:
		shown := texts(e.args)
		if len(shown) == 0 && e.name != "bind" && e.name != "connect" { // those may be about numbers
			tr.unsearched(flow{Name, e.program, "given to " + e.name}, unreadable)
		}
		for _, t := range shown {
			tr.add(flow{Name, e.program, fmt.Sprintf("of %d bytes given to %s", len(t.text), e.name)}, t.text)
		}
	}
}

// exec searches the arguments and the environment of a new program.
func (tr *tracer) exec(e event) {
	shown := texts(e.args)
	if !slices.ContainsFunc(shown, func(t text) bool { return t.list == 1 }) {
		tr.unsearched(flow{Args, e.program, "of the process"}, unreadable)
	}
	for _, t := range shown {
		f := flow{Name, e.program, "of a program"}
		switch t.list {
		case 1:
			f = flow{Args, e.program, "of the process"}
		case 2:
			name, _, _ := bytes.Cut(t.text, []byte("="))
			f = flow{Env, e.program, string(name)}
		}
		tr.add(f, t.text)
		if t.cut {
			tr.unsearched(f, "a text longer than the trace shows")
		}
	}
}

// write records what was written; the parts of a text may come in several
// calls, so it is searched at the end.
func (tr *tracer) write(e event) {
	f, open := flow{File, e.program, "of unknown name"}, true
	if ends := targets(e.args); len(ends) > 0 {
		f.channel, f.place, open = tr.classify(ends[0])
	}
	if !open {
		return
	}
	shown := texts(e.args)
	if len(shown) == 0 && e.ret != 0 {
		tr.unsearched(f, unreadable)
	}
	var data []byte
	for _, t := range shown {
		data = append(data, t.text...)
		if t.cut {
			tr.unsearched(f, "a write longer than the trace shows")
		}
	}
	if e.name == "write" && e.ret >= 0 {
		data = data[:min(e.ret, len(data))] // the rest comes with the next call
	}
	if tr.written[f] == nil {
		tr.written[f] = new(bytes.Buffer)
		tr.order = append(tr.order, f)
	}
	tr.written[f].Write(data)
}

// classify says what kind of place a descriptor's target is. Nothing is open to
// anybody in /dev/null, and the outputs are searched elsewhere.
func (tr *tracer) classify(name string) (channel Channel, place string, open bool) {
	switch {
	case slices.ContainsFunc(tr.outputs, func(o *output) bool { return o.inode == name }):
		return Output, name, false
	case strings.HasPrefix(name, "/dev/null <char"), strings.HasPrefix(name, "anon_inode:"):
		return File, name, false
	case strings.HasPrefix(name, "pipe:["), strings.HasPrefix(name, "/memfd:"), strings.HasSuffix(name, ">"):
		return Pipe, name, true
	case strings.HasPrefix(name, "/"):
		return File, strings.TrimSuffix(name, " (deleted)"), true
	}
	return Socket, name, true
}

// moved deals with data that the kernel copied: it is not in the trace. What
// came from a file that no process of the box wrote, and what is in a file at
// the end, needs no trace.
func (tr *tracer) moved(e event, from, to string) {
	channel, place, open := tr.classify(to)
	source, sourcePlace, _ := tr.classify(from)
	if !open || channel == Pipe {
		return
	}
	if source == File && (channel == File && tr.stays(place) || !tr.writes(sourcePlace)) {
		return
	}
	tr.unsearched(flow{channel, e.program, place}, "data moved by "+e.name)
}

// writes reports whether a process is known to have written to a file.
func (tr *tracer) writes(place string) bool {
	return slices.ContainsFunc(tr.order, func(f flow) bool { return f.channel == File && f.place == place })
}

// mapped deals with files that are written through memory: they are searched at
// the end, if they are there.
func (tr *tracer) mapped(e event) {
	if !bytes.Contains(e.args, []byte("PROT_WRITE")) || !bytes.Contains(e.args, []byte("MAP_SHARED")) {
		return
	}
	for _, end := range targets(e.args) {
		if channel, place, open := tr.classify(end); open && channel == File && !tr.stays(place) {
			tr.unsearched(flow{File, e.program, place}, "what was written through a mapping to a file that is gone")
		}
	}
}

func (tr *tracer) add(f flow, data []byte) {
	for _, hit := range tr.search.Search(data) {
		tr.leaks = append(tr.leaks, Leak{f.channel, f.program, safeName(tr.search, f.place), hit})
	}
}

func (tr *tracer) unsearched(f flow, what string) {
	tr.leaks = append(tr.leaks, Leak{f.channel, f.program, safeName(tr.search, f.place), Hit{Encoding: what}})
}

// stays reports whether a file is there at the end and searched then.
func (tr *tracer) stays(path string) bool {
	_, err := os.Lstat(path)
	return err == nil && strings.HasPrefix(path, tr.root+"/")
}
