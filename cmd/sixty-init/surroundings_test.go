package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/initrec"
)

func TestParseMounts(t *testing.T) {
	got := parseMounts(`171 93 0:54 / / rw,relatime - overlay overlay rw,lowerdir=/a
172 171 0:59 / /proc rw,nosuid - proc proc rw
180 177 0:64 / /sys/fs/cgroup rw - tmpfs tmpfs rw
192 171 0:56 / /src\040dir rw,relatime shared:1 - overlay overlay rw
190 171 254:0 /x/init /.sixty/init ro,relatime - ext4 /dev/vda rw
200 171 0:1 / /devices ro - tmpfs tmpfs rw
broken
`)
	want := []initrec.MountRecord{
		{Path: "/", Type: "overlay"}, {Path: "/.sixty/init", Type: "ext4", ReadOnly: true},
		{Path: "/devices", Type: "tmpfs", ReadOnly: true}, {Path: "/src dir", Type: "overlay"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("mounts %+v, want %+v", got, want)
	}
	if len(mounts()) == 0 || cpus() == 0 || hostname() == "" {
		t.Error("this process has no mounts, processors or host name")
	}
}

func TestMakeLinks(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b")
	if err := makeLinks([]initrec.Link{{Path: path, Target: dir}}); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(path); err != nil || to != dir {
		t.Errorf("link to %q, %v", to, err)
	}
	if err := makeLinks([]initrec.Link{{Path: path, Target: "/"}}); err == nil {
		t.Error("a link in the place of something else")
	}
}

func TestCPUsAndLinks(t *testing.T) {
	dir := t.TempDir()
	spec := initrec.Spec{CPUs: 1, Links: []initrec.Link{{Path: filepath.Join(dir, "here"), Target: dir}}}
	r := runInit(t, spec, "sh", "-c", "grep Cpus_allowed_list /proc/self/status && ls "+filepath.Join(dir, "here"))
	if r.code != 0 || r.rec.CPUs != 1 || strings.ContainsAny(strings.TrimSpace(strings.TrimPrefix(r.stdout[:strings.Index(r.stdout, "\n")], "Cpus_allowed_list:")), ",-") {
		t.Errorf("exit code %d with %d processors: %s", r.code, r.rec.CPUs, r.stdout)
	}
	if !strings.HasSuffix(r.stdout, "here\n") {
		t.Errorf("the link leads to %q", r.stdout)
	}
}
