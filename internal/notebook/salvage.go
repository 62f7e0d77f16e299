package notebook

import "bytes"

// Salvage yields the text of a file that should be a notebook and is not valid
// JSON: cut off, with conflict markers, edited by hand. Strings that follow one
// another as in a list are joined and their escapes undone; what stands between
// strings is yielded as it is. Units have no place in a cell.
func Salvage(src []byte, yield func(*Unit) bool) {
	nb := &Notebook{src: src}
	// One nb for all units keeps one index of lines.
	u := &Unit{nb: nb}
	list, name, inList := 0, "", true
	flush := func() bool {
		done := u
		u = &Unit{nb: nb}
		if len(done.pieces) == 0 {
			return true
		}
		done.build()
		done.Name, name = name, string(done.Text[:min(len(done.Text), 100)])
		return yield(done)
	}
	for i := bomLen(src); i < len(src); {
		k := bytes.IndexByte(src[i:], '"')
		if k < 0 {
			k = len(src) - i
		}
		between := bytes.TrimSpace(src[i : i+k])
		if !inList || len(between) > 0 && !bytes.Equal(between, []byte{','}) {
			list++
			if !flush() {
				return
			}
			if !bytes.Equal(between, []byte{':'}) {
				name = "" // the string before was no key
			}
			if bytes.ContainsAny(between, ":{}[]") {
				inList = between[len(between)-1] == '['
			}
			if len(between) > 8 { // more than punctuation
				u.pieces = []piece{{src: value{i, i + k}, form: fileText}}
				if !flush() {
					return
				}
				name = ""
			}
		}
		i += k
		if i >= len(src) {
			break
		}
		end := salvageString(src, i+1)
		u.pieces = append(u.pieces, piece{src: value{i + 1, end}, list: list, inList: true})
		i = end + 1
	}
	flush()
}

// salvageString returns the end of the content of the string that starts at i:
// its closing quote, or a line end or escape that no JSON string has.
func salvageString(src []byte, i int) int {
	for {
		i = plainRun(src, i)
		if i >= len(src) || src[i] != '\\' {
			return i
		}
		n := escapeLen(src[i:])
		if n == 0 {
			return i
		}
		i += n
	}
}
