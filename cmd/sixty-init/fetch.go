package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/sixtyhq/sixty/internal/initrec"
)

const (
	// downloadsAtOnce is how many files are fetched at a time.
	downloadsAtOnce = 16
	// downloadTries is how often a server may fail to give a file.
	downloadTries = 4
	// maxDownload bounds one file, in bytes; crates are far smaller.
	maxDownload = 1 << 30
	// downloadTimeout bounds one try.
	downloadTimeout = 5 * time.Minute
)

// fetchVerb downloads files that are known by checksum into a folder.
func fetchVerb(args []string) error {
	flags := newFlags("fetch")
	file := flags.String("list", "", "")
	out := flags.String("out", "", "")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("%w\n%s", err, usage)
	}
	if *file == "" || *out == "" || flags.NArg() > 0 {
		return errors.New("fetch: needs --list FILE and --out DIR and nothing else")
	}
	list, err := initrec.ReadDownloads(*file)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(*out)
	if err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	defer root.Close()
	return fetchAll(context.Background(), http.DefaultClient, root, list)
}

// fetchAll reports every file that could not be had.
func fetchAll(ctx context.Context, client *http.Client, root *os.Root, list []initrec.Download) error {
	errs := make([]error, len(list))
	slots := make(chan struct{}, downloadsAtOnce)
	var wg sync.WaitGroup
	for i, d := range list {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := fetchPatiently(ctx, client, root, d); err != nil {
				errs[i] = fmt.Errorf("fetch %s: %w", d.Name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// refusal is an answer that another try does not change.
type refusal struct{ error }

func fetchPatiently(ctx context.Context, client *http.Client, root *os.Root, d initrec.Download) error {
	var err error
	for try := range downloadTries {
		if try > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Duration(try) * 500 * time.Millisecond):
			}
		}
		err = fetchOnce(ctx, client, root, d)
		var final refusal
		if err == nil || errors.As(err, &final) {
			return err
		}
	}
	return fmt.Errorf("%w (tried %d times)", err, downloadTries)
}

func fetchOnce(ctx context.Context, client *http.Client, root *os.Root, d initrec.Download) error {
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.URL, nil)
	if err != nil {
		return refusal{err}
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		err := fmt.Errorf("get %s: %s", d.URL, resp.Status)
		if resp.StatusCode >= 400 && resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests {
			return refusal{err}
		}
		return err
	}
	// A name of the list has no dot in front.
	tmp := "." + d.Name
	defer root.Remove(tmp) // gone when renamed
	f, err := root.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return refusal{err}
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), io.LimitReader(resp.Body, maxDownload+1))
	if err != nil {
		return fmt.Errorf("get %s: %w", d.URL, err)
	}
	if n > maxDownload {
		return refusal{fmt.Errorf("get %s: more than %d bytes", d.URL, maxDownload)}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != d.SHA256 {
		return refusal{fmt.Errorf("get %s: its SHA-256 is %s, not %s", d.URL, got, d.SHA256)}
	}
	if err := f.Close(); err != nil {
		return refusal{err}
	}
	// The same download gives the same layer, whenever it is made.
	if err := root.Chtimes(tmp, time.Unix(0, 0), time.Unix(0, 0)); err != nil {
		return refusal{err}
	}
	return root.Rename(tmp, d.Name)
}
