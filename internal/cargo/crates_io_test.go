package cargo_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/cargo/vendor"
)

// TestCratesIO goes the whole way with crates from crates.io, when
// SIXTY_TEST_CRATES_IO is set: lockfile, sources, download, checksums, vendor
// directory, and a build by a cargo that has no other place to take them from.
// The variable names the manifest of a project, or is 1 for a small one.
func TestCratesIO(t *testing.T) {
	manifest := os.Getenv("SIXTY_TEST_CRATES_IO")
	if manifest == "" {
		t.Skip("SIXTY_TEST_CRATES_IO is not set")
	}
	w := newWorkshop(t)
	app := filepath.Join(w.dir, "app")
	if manifest == "1" {
		w.write(app, map[string]string{
			"Cargo.toml":  "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nserde = { version = \"1\", features = [\"derive\"] }\nanyhow = \"1\"\nlibc = \"0.2\"\n",
			"src/main.rs": "#[derive(serde::Serialize)] struct S; fn main() -> anyhow::Result<()> { let _ = (S, unsafe { libc::getpid() }); Ok(()) }\n",
		})
		online := &workshop{t: t, dir: w.dir, home: filepath.Join(w.dir, "online")}
		online.must(app, "generate-lockfile")
	} else if err := os.CopyFS(app, os.DirFS(filepath.Dir(manifest))); err != nil {
		t.Fatal(err)
	}
	lock, err := cargo.ParseLock(must(os.ReadFile(filepath.Join(app, "Cargo.lock"))))
	if err != nil {
		t.Fatal(err)
	}
	config, err := cargo.ParseRegistryConfig(get(t, lock.Packages[firstCrate(t, lock)].Source.ConfigURL()))
	if err != nil {
		t.Fatal(err)
	}
	set, err := cargo.Sources(lock, map[string]cargo.RegistryConfig{"registry+" + cargo.CratesIO: config})
	if err != nil {
		t.Fatal(err)
	}
	crates, out := filepath.Join(w.dir, "downloads"), filepath.Join(w.dir, "vendored")
	for _, c := range set.Crates {
		archive := get(t, c.URL)
		if sum := sha256.Sum256(archive); hex.EncodeToString(sum[:]) != c.SHA256 {
			t.Fatalf("%s: the archive has another checksum", c.URL)
		}
		w.write(crates, map[string]string{c.File(): string(archive)})
	}
	if err := vendor.Unpack(crates, out, vendor.DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	w.write(w.home, map[string]string{"config.toml": cargo.VendorConfig(set, out)})
	s, err := cargo.NewSkeleton(os.DirFS(app))
	if err != nil {
		t.Fatal(err)
	}
	skeleton, warm := filepath.Join(w.dir, "skeleton"), filepath.Join(w.dir, "warm")
	for name, data := range s.Files {
		w.write(skeleton, map[string]string{name: string(data)})
	}
	args := []string{"build", "--offline", "--locked", "--target-dir", warm, "--message-format=json"}
	w.must(skeleton, args...)
	for pkg, fresh := range freshness(t, w.must(app, args...)) {
		if own := strings.HasPrefix(pkg, "path+"); own == fresh {
			t.Errorf("%s: fresh is %v", pkg, fresh)
		}
	}
	t.Logf("%d crates", len(set.Crates))
}

func firstCrate(t *testing.T, lock *cargo.Lock) int {
	t.Helper()
	for i, p := range lock.Packages {
		if p.Source != nil && p.Source.IsCratesIO() {
			return i
		}
	}
	t.Fatal("the lockfile has no crate of crates.io")
	return 0
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", "sixty tests (https://github.com/sixtyhq/sixty)")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 128<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %s", resp.Status)
	}
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	return data
}
