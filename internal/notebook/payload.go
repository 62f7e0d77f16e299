package notebook

// Payload is a binary output, as base64.
type Payload struct {
	Cell, Output int // from 1
	MIME         string
	Text         []byte // in the source; lists of strings with what stands between
}

// Payloads lists the outputs that [Notebook.Units] steps over, in order.
func (nb *Notebook) Payloads() []Payload {
	var list []Payload
	for n := range nb.cells {
		for k, o := range nb.cells[n].outputs {
			for _, m := range o.texts {
				if m.payload {
					list = append(list, Payload{n + 1, k + 1, m.key, nb.src[m.val.start+1 : m.val.end-1]})
				}
			}
		}
	}
	return list
}
