// Command sidecar is the only program in the root of the tests' service.
package main

import (
	"fmt"
	"net"
	"os"
	"os/user"
	"strings"
	"syscall"
)

// sidecar ADDRESS prints who and where it is, and serves until it is stopped.
func main() {
	if len(os.Args) > 1 && os.Args[1] == "fail" {
		fmt.Println("no room")
		os.Exit(3)
	}
	groups, _ := os.Getgroups()
	fmt.Println("ids", os.Getuid(), os.Getgid(), groups)
	if u, err := user.Current(); err == nil {
		fmt.Println("user", u.Username)
	}
	wd, _ := os.Getwd()
	fmt.Println("in", wd, "with", strings.Join(os.Environ(), " "))
	for _, name := range []string{"/dev/null", "/dev/urandom"} {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			fmt.Println(err)
			continue
		}
		info, _ := f.Stat()
		fmt.Println(name, info.Mode())
		f.Close()
	}
	if err := syscall.Chroot("/tmp"); err != nil {
		fmt.Println("chroot:", err)
	}
	addrs, _ := net.LookupHost("localhost")
	fmt.Println("localhost", addrs)
	l, err := net.Listen("tcp", "localhost:"+os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		c.Close()
	}
}
