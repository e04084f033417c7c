package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/sixtyhq/sixty/internal/initrec"
)

// drainLimit is how long the end of a log may take to arrive after the last
// process has gone.
const drainLimit = 2 * time.Second

// logFile is a file that keeps the first bytes and counts all. Writing to it
// never fails: a full disk is recorded, and must not end the command.
type logFile struct {
	mu    sync.Mutex
	file  *os.File
	limit int64
	log   initrec.Log
}

func openLog(dir *os.Root, name string, limit int64) (*logFile, error) {
	// Whatever was there, a link for example, is not written through.
	if err := dir.RemoveAll(name); err != nil {
		return nil, fmt.Errorf("open the log %s: %w", name, err)
	}
	f, err := dir.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the log %s: %w", name, err)
	}
	return &logFile{file: f, limit: limit}, nil
}

func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log.Bytes += int64(len(p))
	keep := p[:min(int64(len(p)), l.limit-l.log.Kept)]
	if len(keep) > 0 && l.log.Error == "" {
		n, err := l.file.Write(keep)
		l.log.Kept += int64(n)
		if err != nil {
			l.log.Error = err.Error()
		}
	}
	return len(p), nil
}

func (l *logFile) close() initrec.Log {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.file.Close(); err != nil && l.log.Error == "" {
		l.log.Error = err.Error()
	}
	l.log.Truncated = l.log.Kept < l.log.Bytes
	return l.log
}

// stream carries what a process writes into a pipe to its readers.
type stream struct {
	pipe *os.File // the process's end
	read *os.File
	done chan struct{}
}

// newStream passes all on to the writers, until every process has closed its
// end. A writer that fails is skipped: losing the container's own output must
// not stop the command.
func newStream(to ...io.Writer) (*stream, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for the output: %w", err)
	}
	s := &stream{pipe: w, read: r, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		buf := make([]byte, 64<<10)
		for {
			n, err := r.Read(buf)
			for _, w := range to {
				_, _ = w.Write(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	return s, nil
}

// drain closes this side's copy of the process's end and waits for the rest.
func (s *stream) drain() {
	s.pipe.Close()
	select {
	case <-s.done:
	case <-time.After(drainLimit):
	}
	s.read.Close()
	<-s.done
}

// logs are the files and streams of the command.
type logs struct {
	out, err, both *logFile
	stdout, stderr *stream
}

func openLogs(dir *os.Root, limit int64) (*logs, error) {
	files := make([]*logFile, 3)
	for i, name := range []string{initrec.StdoutFile, initrec.StderrFile, initrec.LogFile} {
		f, err := openLog(dir, name, limit)
		if err != nil {
			return nil, err
		}
		files[i] = f
	}
	l := &logs{out: files[0], err: files[1], both: files[2]}
	var err error
	if l.stdout, err = newStream(os.Stdout, l.out, l.both); err != nil {
		return nil, err
	}
	if l.stderr, err = newStream(os.Stderr, l.err, l.both); err != nil {
		return nil, err
	}
	return l, nil
}

// close waits for the rest of the output and says what was kept of it.
func (l *logs) close() initrec.Logs {
	l.stdout.drain()
	l.stderr.drain()
	return initrec.Logs{Stdout: l.out.close(), Stderr: l.err.close(), Log: l.both.close()}
}
