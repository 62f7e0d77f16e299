package notebook

import "bytes"

// Pluto's marks: https://github.com/fonsp/Pluto.jl, src/notebook/saving and loading.jl.
const (
	plutoHead = "### A Pluto.jl notebook ###"
	plutoCell = "# ╔═╡ "
	plutoMeta = "# ╠═╡ "

	plutoOrder = "Cell order:"
)

// pluto reads cells that begin at "# ╔═╡ " and their id. They are numbered in the
// order of the file, in which they run; the order on the screen stands at its end.
func (p *textParser) pluto() {
	start, id := p.at, ""
	for {
		line, at, ok := p.line()
		next, found := bytes.CutPrefix(line, []byte(plutoCell))
		if ok && (!found || !isUUID(next) && string(next) != plutoOrder) {
			continue
		}
		if !ok {
			at = len(p.src)
		}
		p.plutoRegion(id, start, at)
		if !ok {
			return
		}
		start, id = p.at, string(next)
	}
}

func (p *textParser) plutoRegion(id string, start, end int) {
	switch id {
	case "":
		p.meta(0, "header", "julia", start, end, asIs)
		return
	case "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002": // packages
		p.meta(0, "packages", "julia", start, end, asIs)
		return
	case plutoOrder:
		p.meta(0, "order", "", start, end, asIs)
		return
	}
	first := len(p.t.parts)
	cell, body := p.next(), start
	for body < end && bytes.HasPrefix(p.src[body:], []byte(plutoMeta)) {
		next := end
		if k := bytes.IndexByte(p.src[body:end], '\n'); k >= 0 {
			next = body + k + 1
		}
		p.meta(cell, "options", "", body+len(plutoMeta), next, asIs)
		body = next
	}
	if from, to := p.quoted(body, end); from > 0 && bytes.HasPrefix(bytes.TrimSpace(p.src[body:end]), []byte("md")) {
		p.source(cell, "markdown", "markdown", from, to, asIs)
	} else {
		p.source(cell, "code", "julia", body, end, asIs)
	}
	for i := first; i < len(p.t.parts); i++ {
		p.t.parts[i].id = id
	}
}

func isUUID(s []byte) bool {
	for i, b := range s {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (b == '-') || !dash && unhex(b) < 0 {
			return false
		}
	}
	return len(s) == 36
}
