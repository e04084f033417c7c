package cargo

import "testing"

func TestReadable(t *testing.T) {
	log := `   Compiling x v0.1.0 (/src)
{"reason":"compiler-message","message":{"rendered":"warning: unused\n --> src/lib.rs:1:1\n"}}
{"reason":"compiler-message","message":{"rendered":"warning: unused\n --> src/lib.rs:1:1\n"}}
{"reason":"compiler-artifact","filenames":["/target/x"]}
{"reason":"build-finished","success":true}
running 1 test
{"reason":"compiler-mess`
	want := `   Compiling x v0.1.0 (/src)
warning: unused
 --> src/lib.rs:1:1
running 1 test
{"reason":"compiler-mess`
	if got := string(Readable([]byte(log))); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
