package initrec

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
)

// Download is a file that sixty-init fetches: its checksum is known before.
type Download struct {
	// Name is the file's name in the folder.
	Name string `json:"name"`
	// URL is where it is, http or https.
	URL string `json:"url"`
	// SHA256 is the checksum in lower-case hex.
	SHA256 string `json:"sha256"`
}

// maxDownloads bounds the text of a list, in bytes.
const maxDownloads = 16 << 20

// ReadDownloads reads a list of downloads from a file with a JSON array, and
// says what is wrong with it.
func ReadDownloads(file string) ([]Download, error) {
	text, err := readBounded(file, maxDownloads)
	if err != nil {
		return nil, fmt.Errorf("read the list of downloads: %w", err)
	}
	var list []Download
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("read the list of downloads: %w", err)
	}
	seen := map[string]bool{}
	for _, d := range list {
		u, err := url.Parse(d.URL)
		sum, sumErr := hex.DecodeString(d.SHA256)
		switch {
		case !fileName.MatchString(d.Name):
			return nil, fmt.Errorf("the list of downloads: %q is no file name", d.Name)
		case seen[d.Name]:
			return nil, fmt.Errorf("the list of downloads: two are called %q", d.Name)
		case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
			return nil, fmt.Errorf("the list of downloads: %s: %q is no address of http or https", d.Name, d.URL)
		case sumErr != nil || len(sum) != 32:
			return nil, fmt.Errorf("the list of downloads: %s: %q is no SHA-256 in hexadecimal", d.Name, d.SHA256)
		}
		seen[d.Name] = true
	}
	return list, nil
}
