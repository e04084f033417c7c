package main

import (
	"reflect"
	"testing"

	"github.com/sixtyhq/sixty/internal/initrec"
)

func TestKernelTables(t *testing.T) {
	const dev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets
    lo:    3193      29    0    0    0     0          0         0     3193      29
eth0: 328690685   20718    0    0    0     0          0         0  1740217   16246
`
	if got, want := linkNames(dev), []string{"eth0", "lo"}; !reflect.DeepEqual(got, want) {
		t.Errorf("links %q, want %q", got, want)
	}
	const route = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
`
	got, err := routes4(route)
	want := []initrec.Route{
		{Interface: "eth0", Destination: "0.0.0.0/0", Gateway: "192.0.2.1"},
		{Interface: "eth0", Destination: "192.0.2.0/24"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("routes %+v, %v", got, err)
	}
	const route6 = `fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003     eth0
`
	got, err = routes6(route6)
	want = []initrec.Route{
		{Interface: "eth0", Destination: "fd00::/64"},
		{Interface: "eth0", Destination: "::/0", Gateway: "fd00::1"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("IPv6 routes %+v, %v", got, err)
	}
	if _, err := routes4("eth0 0000"); err == nil {
		t.Error("a short line passed")
	}
	if _, err := routes6("x"); err == nil {
		t.Error("a short IPv6 line passed")
	}
}

func TestMemoryCgroups(t *testing.T) {
	for name, c := range map[string]struct {
		mountinfo, own string
		want           []cgroupPlace
	}{
		"version 2, own namespace": {
			"30 29 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n", "0::/\n",
			[]cgroupPlace{{"/sys/fs/cgroup", "memory.peak"}},
		},
		"version 1, mounted part": {
			"31 30 0:29 /build/x /sys/fs/cgroup/memory ro - cgroup memory rw,memory\n", "4:memory:/build/x\n0::/\n",
			[]cgroupPlace{{"/sys/fs/cgroup/memory", "memory.max_usage_in_bytes"}},
		},
		"version 1, whole hierarchy": {
			"31 30 0:29 / /sys/fs/cgroup/memory ro shared:9 - cgroup memory rw,memory\n", "4:memory:/build/x\n",
			[]cgroupPlace{{"/sys/fs/cgroup/memory/build/x", "memory.max_usage_in_bytes"}},
		},
		"a longer name": {"31 30 0:29 /build /m ro - cgroup memory rw,memory\n", "4:memory:/builds\n", nil},
		"another part":  {"31 30 0:29 /y /m ro - cgroup memory rw,memory\n", "4:memory:/build/x\n", nil},
		"none":          {"31 30 0:29 / / rw - overlay overlay rw\n", "0::/\n", nil},
	} {
		if got := memoryCgroups(c.mountinfo, c.own); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestJudgeNetwork(t *testing.T) {
	link := func(name string, up bool) initrec.Interface { return initrec.Interface{Name: name, Up: up} }
	for name, c := range map[string]struct {
		interfaces []initrec.Interface
		routes     []initrec.Route
		up, only   bool
	}{
		"loopback":            {[]initrec.Interface{link("lo", true)}, nil, true, true},
		"loopback down":       {[]initrec.Interface{link("lo", false)}, nil, false, true},
		"fallback tunnel":     {[]initrec.Interface{link("lo", true), link("tunl0", false)}, nil, true, true},
		"link without routes": {[]initrec.Interface{link("lo", true), link("eth0", true)}, nil, true, false},
		"route":               {[]initrec.Interface{link("lo", true)}, []initrec.Route{{Interface: "eth0"}}, true, false},
	} {
		if up, only := judgeNetwork(c.interfaces, c.routes); up != c.up || only != c.only {
			t.Errorf("%s: up %v, only %v", name, up, only)
		}
	}
}
