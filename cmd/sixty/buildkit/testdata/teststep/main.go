// Command teststep is the only program of the tests' image.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		os.Exit(64)
	}
	args := os.Args[2:]
	switch os.Args[1] {
	case "say":
		fmt.Println(args[0])
		fmt.Fprintln(os.Stderr, "and on the other stream")
	case "write": // write FILE TEXT [EXIT CODE]
		check(os.MkdirAll(filepath.Dir(args[0]), 0o755))
		check(os.WriteFile(args[0], []byte(args[1]), 0o644))
		if len(args) > 2 {
			code, err := strconv.Atoi(args[2])
			check(err)
			os.Exit(code)
		}
	case "cat":
		for _, name := range args {
			f, err := os.Open(name)
			check(err)
			_, err = io.Copy(os.Stdout, f)
			check(err)
		}
	case "append": // append FILE TEXT, then print it
		f, err := os.OpenFile(args[0], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		check(err)
		_, err = f.WriteString(args[1])
		check(err)
		check(f.Close())
		b, err := os.ReadFile(args[0])
		check(err)
		os.Stdout.Write(b)
	case "env":
		fmt.Println(os.Getenv(args[0]))
	case "sleep":
		d, err := time.ParseDuration(args[0])
		check(err)
		time.Sleep(d)
	case "sleep-unless": // sleep-unless FILE DURATION
		if _, err := os.Stat(args[0]); err != nil {
			d, err := time.ParseDuration(args[1])
			check(err)
			time.Sleep(d)
		}
	case "mtime":
		st, err := os.Stat(args[0])
		check(err)
		fmt.Println(st.ModTime().Unix())
	case "spawn": // a grandchild that outlives its parent
		check(exec.Command("/bin/teststep", "sleep", args[0]).Start())
		time.Sleep(time.Hour)
	case "dial":
		_, err := net.DialTimeout("tcp", args[0], time.Second)
		check(err)
	case "serve": // serve PORT, and say what is there
		_, err := os.Stat("/proc/self/exe")
		fmt.Println("proc", err == nil)
		_, err = os.Stat("/.sixty")
		fmt.Println("step", err == nil)
		l, err := net.Listen("tcp", "localhost:"+args[0])
		check(err)
		check(os.WriteFile("/tmp/written", nil, 0o644))
		for {
			c, err := l.Accept()
			check(err)
			c.Close()
		}
	case "serve-for": // serve-for DURATION, then fail
		d, err := time.ParseDuration(args[0])
		check(err)
		time.Sleep(d)
		fmt.Println("out of memory")
		os.Exit(9)
	case "reach": // reach ADDRESS…
		for _, a := range args {
			_, err := net.DialTimeout("tcp", a, time.Second)
			check(err)
		}
	case "forbidden":
		forbidden()
	case "loopback":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		check(err)
		_, err = net.Dial("tcp", l.Addr().String())
		check(err)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
