package cargo

import (
	"bytes"
	"encoding/json"
)

// Readable turns a log of cargo with --message-format=json into what cargo
// shows without it: a compiler message becomes its rendered text, each one
// once, and other messages are left out. Lines that are no message stay.
func Readable(log []byte) []byte {
	var out bytes.Buffer
	seen := map[string]bool{}
	for line := range bytes.Lines(log) {
		if !bytes.HasPrefix(line, []byte(`{"reason":`)) {
			out.Write(line)
			continue
		}
		var m struct {
			Message *struct {
				Rendered string `json:"rendered"`
			} `json:"message"`
		}
		if err := json.Unmarshal(line, &m); err != nil {
			out.Write(line) // cut off, or not cargo's: better shown than lost
			continue
		}
		if m.Message != nil && !seen[m.Message.Rendered] {
			seen[m.Message.Rendered] = true
			out.WriteString(m.Message.Rendered)
		}
	}
	return out.Bytes()
}
