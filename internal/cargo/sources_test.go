package cargo

import (
	"strings"
	"testing"
)

func TestSources(t *testing.T) {
	text := strings.Replace(lock4, "\n[[package]]\nname = \"dup\"\nversion = \"2.0.0\"\nsource = \"sparse+https://crates.example.com/index/\"\nchecksum = \""+sumA+"\"\n", "", 1)
	lock, err := ParseLock([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	registries := map[string]RegistryConfig{"sparse+https://crates.example.com/index/": {Download: "https://dl.example.com/{lowerprefix}/{crate}/{version}.crate?sum={sha256-checksum}"}}
	set, err := Sources(lock, registries)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Crates) != 3 || len(set.Git) != 1 || len(set.Local) != 1 || set.Git[0].Source.Revision != rev {
		t.Fatalf("%+v", set)
	}
	if c := set.Crates[0]; c.URL != "https://static.crates.io/crates/dup/1.0.0/download" || c.SHA256 != sumA || c.File() != "dup-1.0.0.crate" {
		t.Errorf("%+v", c)
	}
	if c := set.Crates[2]; c.URL != "https://dl.example.com/pr/iv/private/1.2.3-rc.1+build.5.crate?sum="+sumB {
		t.Errorf("%+v", c)
	}
	// A mirror of crates.io takes its place.
	registries["registry+"+CratesIO] = RegistryConfig{Download: "http://mirror.example.com/api"}
	if set, err = Sources(lock, registries); err != nil || set.Crates[0].URL != "http://mirror.example.com/api/dup/1.0.0/download" {
		t.Errorf("%+v, %v", set.Crates, err)
	}
	config := VendorConfig(set, "/vendor")
	for _, want := range []string{"[source.crates-io]", `registry = "sparse+https://crates.example.com/index/"`, `directory = "/vendor"`} {
		if !strings.Contains(config, want) {
			t.Errorf("no %s in\n%s", want, config)
		}
	}
}

func TestSourcesRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ old, new, want string }{
		"no checksum":        {`checksum = "` + sumB + `"` + "\n\n[[package]]\nname = \"dup\"", "\n[[package]]\nname = \"dup\"", "dup 2.0.0 has no checksum"},
		"git without commit": {"one#" + rev, "one", "from-git 0.3.0"},
		"short commit":       {"one#" + rev, "one#0123456", "from-git 0.3.0"},
		"unknown registry":   {"", "", "private 1.2.3-rc.1+build.5: the download address"},
		"local registry":     {"git+https://example.com/x/y.git?branch=feature%2Fone#" + rev, "local-registry+file:///x", "from-git 0.3.0 comes from"},
	} {
		text := strings.Replace(lock4, "source = \"sparse+https://crates.example.com/index/\"\nchecksum = \""+sumA, "source = \"git+https://example.com/z#"+rev+"\"\nchecksum = \""+sumA, 1)
		lock, err := ParseLock([]byte(strings.Replace(text, tt.old, tt.new, 1)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if set, err := Sources(lock, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %+v, %v", name, set, err)
		}
	}
	lock, err := ParseLock([]byte(lock4))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]RegistryConfig{"sparse+https://crates.example.com/index/": {Download: "https://x"}}
	if _, err := Sources(lock, known); err == nil || !strings.Contains(err.Error(), "dup-2.0.0.crate comes from both") {
		t.Errorf("one name from two registries: %v", err)
	}
}

func TestCrateURL(t *testing.T) {
	for _, tt := range []struct{ dl, name, want string }{
		{"https://x/dl", "Abc", "https://x/dl/Abc/1.0.0/download"},
		{"https://x/dl/", "Abc", "https://x/dl/Abc/1.0.0/download"},
		{"https://x/{crate}-{version}.crate", "a", "https://x/a-1.0.0.crate"},
		{"https://x/{prefix}/{crate}", "a", "https://x/1/a"},
		{"https://x/{prefix}/{crate}", "ab", "https://x/2/ab"},
		{"https://x/{prefix}/{crate}", "Abc", "https://x/3/A/Abc"},
		{"https://x/{lowerprefix}/{crate}", "MyCrate", "https://x/my/cr/MyCrate"},
		{"https://x/{prefix}/{crate}", "MyCrate", "https://x/My/Cr/MyCrate"},
		{"https://x/{sha256-checksum}", "a", "https://x/" + sumA},
	} {
		if got, err := (RegistryConfig{Download: tt.dl}).CrateURL(tt.name, "1.0.0", sumA); err != nil || got != tt.want {
			t.Errorf("%s: %s, %v", tt.dl, got, err)
		}
	}
	for _, dl := range []string{"file:///etc", "{crate}", "ssh://x/{crate}", "https://"} {
		if got, err := (RegistryConfig{Download: dl}).CrateURL("a", "1.0.0", sumA); err == nil {
			t.Errorf("%s gave %s", dl, got)
		}
	}
}

func TestRegistryConfig(t *testing.T) {
	c, err := ParseRegistryConfig([]byte(`{"dl":"https://x","api":"https://y","auth-required":true,"more":1}`))
	if err != nil || c != (RegistryConfig{"https://x", "https://y", true}) {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []string{"", "{}", `{"dl":1}`, "<html>", strings.Repeat(" ", maxRegistryConfigBytes+1)} {
		if _, err := ParseRegistryConfig([]byte(bad)); err == nil {
			t.Errorf("%q was taken", clip(bad))
		}
	}
}

func TestIndex(t *testing.T) {
	got, err := ParseIndex([]byte("{\"vers\":\"1.0.0\",\"yanked\":false}\n\n{\"vers\":\"1.0.1\",\"yanked\":true,\"x\":{}}\n"))
	if err != nil || len(got) != 2 || got["1.0.0"] || !got["1.0.1"] {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"<html>", `{"vers":"1.0.0"}`, `{"yanked":true}`} {
		if _, err := ParseIndex([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	for name, want := range map[string]string{"a": "1/a", "ab": "2/ab", "Abc": "3/a/abc", "Serde_JSON": "se/rd/serde_json"} {
		if got := IndexPath(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte("{\"vers\":\"1.0.0\",\"yanked\":false}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := ParseIndex(data); err == nil && got == nil {
			t.Error("neither an answer nor an error")
		}
	})
}
