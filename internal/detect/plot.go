package detect

import "bytes"

const mapboxPublic = "mapbox-public-token"

// mapboxToken is the form of Mapbox's public tokens.
var mapboxToken = parseShape("pk.eyJ{u:30-120}.{u:20-40}")

// readMapbox handles a public token of Mapbox. In code it is meant to be read
// by everybody. Plotly copies it into each figure that it writes, as
// layout.mapbox.accesstoken, from a setting that is not in the notebook: there
// it is reported.
func readMapbox(s *scan, _ *action, start, _ int) {
	if s.in.Language != Unknown {
		return
	}
	end, ok := mapboxToken.match(s.text, start)
	if !ok || !mapboxToken.bounded(s.text, start, end) {
		return
	}
	name, key := []byte("accesstoken"), []byte(s.in.Key)
	if start > 0 || end < len(s.text) {
		key = quotedKey(s.text[max(0, start-40):start])
	}
	if bytes.HasSuffix(key, name) && (len(key) == len(name) || key[len(key)-len(name)-1] == '.') {
		s.add(candidate{rule: s.t.byID[mapboxPublic], rank: rankNamed, parts: []Span{{start, end}}, name: string(name), preview: "pk.…"})
	}
}

// quotedKey is the key in quotes that stands before a value in JSON or in the
// repr of a dict; nil when there is none.
func quotedKey(head []byte) []byte {
	const quotes = "\\\"'"
	head = bytes.TrimRight(bytes.TrimRight(head, quotes), " ")
	head, ok := bytes.CutSuffix(head, []byte(":"))
	if !ok {
		return nil
	}
	head = bytes.TrimRight(head, " ")
	key := bytes.TrimRight(head, quotes)
	if len(key) == len(head) {
		return nil
	}
	return key[bytes.LastIndexAny(key, quotes)+1:]
}
