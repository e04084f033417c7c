package main

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"time"
)

// sourceDir is the folder of a crate that exists.
func (o *runOptions) sourceDir() (string, error) {
	manifest := o.manifest
	if manifest == "" {
		manifest = "Cargo.toml"
		if _, err := os.Stat(manifest); errors.Is(err, fs.ErrNotExist) {
			return "", usagef("there is no Cargo.toml here: give --template ID to make a new crate (see sixty market search), or --manifest PATH/Cargo.toml for one that exists")
		}
	}
	return manifest, nil
}

// sourceEpoch is the time that templates see, SOURCE_DATE_EPOCH
// (https://reproducible-builds.org/specs/source-date-epoch/); zero when it is
// not set.
func sourceEpoch() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, usagef("SOURCE_DATE_EPOCH is a number of seconds since 1970, not %q", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
