package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/sixtyhq/sixty/internal/download"
	"github.com/sixtyhq/sixty/internal/initrec"
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
	var files []download.File
	for _, d := range list {
		files = append(files, download.File(d))
	}
	return download.All(context.Background(), http.DefaultClient, files, func(f download.File, content io.Reader) error {
		return save(root, f.Name, content)
	})
}

func save(root *os.Root, name string, content io.Reader) error {
	// A name of the list has no dot in front.
	tmp := "." + name
	defer root.Remove(tmp) // gone when renamed
	f, err := root.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, content); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// The same download gives the same layer, whenever it is made.
	if err := root.Chtimes(tmp, time.Unix(0, 0), time.Unix(0, 0)); err != nil {
		return err
	}
	return root.Rename(tmp, name)
}
