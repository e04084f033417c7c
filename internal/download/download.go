// Package download fetches files that are known by checksum before they are
// fetched: several at a time, patiently, and never another content than the one
// that was asked for.
package download

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// atOnce is how many files are fetched at a time.
	atOnce = 16
	// tries is how often a server may fail to give a file.
	tries = 4
	// maxBytes bounds one file; crates are far smaller.
	maxBytes = 1 << 30
	// timeout bounds one try.
	timeout = 5 * time.Minute
)

// File is one file.
type File struct {
	Name string
	URL  string
	// SHA256 is the checksum in lower-case hex.
	SHA256 string
}

// Save stores a file. Content ends with io.EOF only if it is what was asked
// for: any other error of it means that what was read is to be forgotten.
type Save func(f File, content io.Reader) error

// All fetches files, each with one call of save at the least, several at the
// same time. The error names every file that could not be had.
func All(ctx context.Context, client *http.Client, files []File, save Save) error {
	errs := make([]error, len(files))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, f := range files {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := patiently(ctx, client, f, save); err != nil {
				errs[i] = fmt.Errorf("fetch %s: %w", f.Name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// final is an answer that another try does not change.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

func patiently(ctx context.Context, client *http.Client, f File, save Save) error {
	var err error
	for try := range tries {
		if try > 0 {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(time.Duration(try) * 500 * time.Millisecond):
			}
		}
		err = once(ctx, client, f, save)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var refusal final
		if err == nil || errors.As(err, &refusal) {
			return err
		}
	}
	return fmt.Errorf("%w (tried %d times)", err, tries)
}

func once(ctx context.Context, client *http.Client, f File, save Save) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return final{err}
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		err := fmt.Errorf("get %s: %s", f.URL, resp.Status)
		if resp.StatusCode >= 400 && resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests {
			return final{err}
		}
		return err
	}
	content := &checked{r: resp.Body, file: f, sum: sha256.New()}
	err = save(f, content)
	if content.err != nil {
		return content.err
	}
	if err != nil {
		return final{err}
	}
	return nil
}

// checked reads a file and holds it to its checksum and to the bound.
type checked struct {
	r    io.Reader
	file File
	sum  hash.Hash
	n    int64
	err  error
}

func (c *checked) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.r.Read(p)
	c.sum.Write(p[:n])
	if c.n += int64(n); c.n > maxBytes {
		c.err = final{fmt.Errorf("get %s: more than %d bytes", c.file.URL, maxBytes)}
		return 0, c.err
	}
	switch {
	case err == io.EOF:
		if got := hex.EncodeToString(c.sum.Sum(nil)); got != c.file.SHA256 {
			c.err = final{fmt.Errorf("get %s: its SHA-256 is %s, not %s", c.file.URL, got, c.file.SHA256)}
			return n, c.err
		}
	case err != nil:
		c.err = fmt.Errorf("get %s: %w", c.file.URL, err)
		return n, c.err
	}
	return n, err
}
