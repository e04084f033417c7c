package main

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// forbidden prints how each way to more power over the machine ends.
func forbidden() {
	raw, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_ICMP)
	report("raw socket", err)
	syscall.Close(raw) //nolint:errcheck // -1 where there is none
	report("device", syscall.Mknod("/tmp/device", syscall.S_IFBLK|0o600, 7<<8))
	report("character device", syscall.Mknod("/tmp/null", syscall.S_IFCHR|0o600, 1<<8|3))
	report("mount", syscall.Mount("none", "/tmp", "tmpfs", 0, ""))
	report("chroot", syscall.Chroot("/tmp"))
	report("namespace", syscall.Unshare(syscall.CLONE_NEWUSER))
	report("module", func() error {
		_, _, errno := syscall.Syscall(syscall.SYS_INIT_MODULE, 0, 0, 0)
		return errno
	}())
	_, err = os.OpenFile("/proc/sys/kernel/core_pattern", os.O_WRONLY, 0)
	report("core pattern", err)
	report("reboot", syscall.Reboot(0))
	report("host name", syscall.Sethostname([]byte("x")))
	for _, to := range []string{"1.1.1.1:53", "[2606:4700::1]:53", "169.254.169.254:80"} {
		_, err := net.Dial("udp", to)
		report("route to "+to, err)
	}
	// What a build needs.
	report("own file", os.WriteFile("/tmp/file", nil, 0o600))
	report("owner", os.Chown("/tmp/file", 1234, 1234))
	report("other's file", os.WriteFile("/tmp/file", []byte("x"), 0o600))
	_, err = net.Listen("tcp", "127.0.0.1:80")
	report("low port", err)
	report("user", syscall.Setuid(1234))
}

func report(what string, err error) { fmt.Println(what+":", err) }
