package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// treeWatcher tells when something below a folder changes. What is source is not
// for it to say: it wakes its owner, who looks.
type treeWatcher struct {
	dir     string
	watcher *fsnotify.Watcher
	known   map[string]bool
}

// watchTree watches folders of a tree, relative to dir.
func watchTree(dir string, folders []string) (*treeWatcher, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", dir, err)
	}
	t := &treeWatcher{dir: dir, watcher: w, known: map[string]bool{}}
	if err := t.add(folders); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return t, nil
}

func (t *treeWatcher) Close() error { return t.watcher.Close() }

// add watches further folders. One that has gone meanwhile is no error.
func (t *treeWatcher) add(folders []string) error {
	for _, f := range folders {
		path := filepath.Join(t.dir, f)
		if t.known[path] {
			continue
		}
		switch err := t.watcher.Add(path); {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return fmt.Errorf("watch %s: %w (see fs.inotify.max_user_watches in inotify(7))", path, err)
		}
		t.known[path] = true
	}
	return nil
}

// wait returns when something has changed and then nothing for a while.
func (t *treeWatcher) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case e := <-t.watcher.Events:
		t.follow(e)
	case err := <-t.watcher.Errors:
		if !errors.Is(err, fsnotify.ErrEventOverflow) { // of what changed there are too many to tell: look
			return fmt.Errorf("watch %s: %w", t.dir, err)
		}
	}
	quiet := time.NewTimer(debounce)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case e := <-t.watcher.Events:
			t.follow(e)
			quiet.Reset(debounce)
		case <-quiet.C:
			return nil
		}
	}
}

// follow watches a folder that appears: files may be in it before its owner has
// looked.
func (t *treeWatcher) follow(e fsnotify.Event) {
	switch {
	case e.Has(fsnotify.Remove), e.Has(fsnotify.Rename):
		delete(t.known, e.Name)
	case e.Has(fsnotify.Create):
		if st, err := os.Lstat(e.Name); err == nil && st.IsDir() {
			if rel, err := filepath.Rel(t.dir, e.Name); err == nil {
				t.add([]string{rel}) //nolint:errcheck // its owner looks and tries again
			}
		}
	}
}
