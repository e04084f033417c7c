package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sixtyhq/sixty/internal/initrec"
)

// hold is the first process of a container in which commands are run one after
// the other: it keeps the container until it is told to end, and reaps.
func hold() {
	end := make(chan os.Signal, 1)
	child := make(chan os.Signal, 1)
	signal.Notify(end, unix.SIGTERM, unix.SIGINT)
	signal.Notify(child, unix.SIGCHLD)
	for {
		select {
		case <-end:
			return
		case <-child:
			for {
				if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != nil || pid <= 0 {
					break
				}
			}
		}
	}
}

// syncVerb brings a tree up to date and becomes the command.
func syncVerb(args []string) error {
	flags := newFlags("sync")
	dir := flags.String("dir", "", "")
	whole := flags.Bool("whole", false, "")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("%w\n%s", err, usage)
	}
	if *dir == "" || flags.NArg() == 0 {
		return errors.New("sync: needs --dir DIR and a command after --")
	}
	if err := initrec.Sync(os.Stdin, *dir, *whole); err != nil {
		return err
	}
	if err := syscall.Exec(flags.Arg(0), flags.Args(), os.Environ()); err != nil {
		return fmt.Errorf("run %s: %w", flags.Arg(0), err)
	}
	return nil
}
