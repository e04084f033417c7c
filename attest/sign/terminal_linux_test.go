package sign

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// openTerminal returns the two ends of a pseudo terminal.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

func TestPasswordFromTerminal(t *testing.T) {
	for _, c := range []struct {
		isNew   bool
		answers []string
		want    string
		ok      bool
	}{
		{false, []string{"secret"}, "secret", true},
		{true, []string{"secret", "secret"}, "secret", true},
		{true, []string{"secret", "other"}, "", false},
		{true, []string{"", ""}, "", true},
	} {
		person, program := openTerminal(t)
		questions, ask := io.Pipe()
		go func() {
			// Each answer waits for its question, which ends in ": ".
			r := bufio.NewReader(questions)
			for _, a := range c.answers {
				if _, err := r.ReadString(':'); err != nil {
					return
				}
				fmt.Fprintln(person, a)
			}
			io.Copy(io.Discard, r)
		}()
		got, err := PasswordFromTerminal(program, ask)(c.isNew)
		ask.Close()
		if string(got) != c.want || (err == nil) != c.ok {
			t.Errorf("%v: %q, %v", c.answers, got, err)
		}
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if _, err := PasswordFromTerminal(null, io.Discard)(true); err == nil || !strings.Contains(err.Error(), "no terminal") {
		t.Error(err)
	}
}
