package leaktest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// maxFile is the size in bytes up to which files are searched; a larger one is
// an error.
const maxFile = 512 << 20

// searchTree searches every name, link and file below root, and the objects of
// git repositories.
func searchTree(s *Searcher, root string) ([]Leak, error) {
	var leaks []Leak
	add := func(channel Channel, place string, data []byte) {
		for _, hit := range s.Search(data) {
			leaks = append(leaks, Leak{Channel: channel, Place: safeName(s, place), Hit: hit})
		}
	}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		add(Name, path, []byte(entry.Name()))
		switch {
		case entry.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			add(Name, path, []byte(target))
			return err
		case entry.Type().IsRegular():
			data, err := readBounded(path)
			add(File, path, data)
			return err
		case entry.IsDir() && isGitDir(path):
			return gitObjects(path, func(id string, content []byte) {
				add(File, filepath.Join(path, "objects", id), content)
			})
		}
		return nil
	})
	return leaks, err
}

// readBounded reads a file of at most maxFile bytes, whatever its mode says.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("reading %q: larger than %d bytes", path, maxFile)
	}
	return data, err
}

func isGitDir(path string) bool {
	head, err := os.Stat(filepath.Join(path, "HEAD"))
	objects, err2 := os.Stat(filepath.Join(path, "objects"))
	return err == nil && err2 == nil && head.Mode().IsRegular() && objects.IsDir()
}

// gitObjects calls visit with every object of a git directory, reachable or
// not. Deltas in packs cannot be searched as bytes, so git itself reads them.
func gitObjects(dir string, visit func(id string, content []byte)) error {
	cmd := exec.Command("git", "--git-dir="+dir, "cat-file", "--batch-all-objects", "--unordered", "--batch")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "HOME=/nonexistent"}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	readErr := readBatch(bufio.NewReader(out), visit)
	if readErr != nil {
		_ = cmd.Process.Kill() // it may wait for a reader; Wait tells the rest
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("listing the objects of %q: %w: %s", dir, err, firstLine(complaint.String()))
	}
	return readErr
}

// readBatch reads the output of git cat-file --batch: a line "ID TYPE SIZE",
// the content, and a newline for each object.
func readBatch(r *bufio.Reader, visit func(id string, content []byte)) error {
	for {
		line, err := r.ReadString('\n')
		if err == io.EOF && line == "" {
			return nil
		}
		if err != nil {
			return err
		}
		var id, kind string
		var size int
		if _, err := fmt.Sscanf(line, "%s %s %d\n", &id, &kind, &size); err != nil {
			return fmt.Errorf("reading a header of git cat-file: %w", err)
		}
		if size > maxFile {
			return fmt.Errorf("git object %s: larger than %d bytes", id, maxFile)
		}
		content := make([]byte, size+1)
		if _, err := io.ReadFull(r, content); err != nil {
			return err
		}
		visit(id, content[:size])
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
