package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed peers
var peerFiles embed.FS

// peer is another engine. It reads queries on stdin, each a line of a name, a tab
// and the query's text, and prints its measurements as JSON.
type peer struct {
	name  string
	files []string // of peerFiles, put into the folder
	// installed is what the folder has once install, a command, has been run.
	installed string
	install   []string
	run       []string // the command; the data's file and the number of runs follow
}

var peers = map[string]peer{
	"oxigraph": {
		name: "oxigraph", files: []string{"oxigraph.mjs"},
		installed: "node_modules/oxigraph",
		install:   []string{"npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", ".", "oxigraph@0.5.11"},
		run:       []string{"node", "--max-old-space-size=8192", "oxigraph.mjs"},
	},
	"jena": {
		name: "jena", files: []string{"pom.xml", "Jena.java"},
		installed: "lib",
		install:   []string{"mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"},
		run:       []string{"java", "-Xmx8g", "-cp", "lib/*", "Jena.java"},
	},
}

// prepare makes the peer ready to run in dir.
func (p peer) prepare(ctx context.Context, dir string) error {
	for _, name := range p.files {
		data, err := peerFiles.ReadFile("peers/" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	if _, err := os.Stat(filepath.Join(dir, p.installed)); err == nil {
		return nil
	}
	command := exec.CommandContext(ctx, p.install[0], p.install[1:]...)
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("installing %s: %s: %w\n%s", p.name, strings.Join(p.install, " "), err, out)
	}
	return nil
}

// measure runs the peer on the data.
func (p peer) measure(ctx context.Context, dir, file string, runs int) ([]measurement, error) {
	var input bytes.Buffer
	for _, q := range queries {
		fmt.Fprintf(&input, "%s\t%s\n", q.name, strings.Join(strings.Fields(queryPrefixes+q.text), " "))
	}
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, p.run[0], append(p.run[1:len(p.run):len(p.run)], file, strconv.Itoa(runs))...)
	command.Dir, command.Stdin, command.Stderr = dir, &input, os.Stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", p.name, err)
	}
	var all []measurement
	if err := json.Unmarshal(out, &all); err != nil {
		return nil, fmt.Errorf("what %s printed: %w", p.name, err)
	}
	if len(all) != len(queries)+1 {
		return nil, fmt.Errorf("%s measured %d things, want %d", p.name, len(all), len(queries)+1)
	}
	return all, nil
}
