package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/sixtyhq/sixty/internal/initrec"
)

// capabilityNames are in the order of linux/capability.h.
var capabilityNames = strings.Fields(`
CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL
CAP_SETGID CAP_SETUID CAP_SETPCAP CAP_LINUX_IMMUTABLE CAP_NET_BIND_SERVICE
CAP_NET_BROADCAST CAP_NET_ADMIN CAP_NET_RAW CAP_IPC_LOCK CAP_IPC_OWNER
CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_PACCT
CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_NICE CAP_SYS_RESOURCE CAP_SYS_TIME
CAP_SYS_TTY_CONFIG CAP_MKNOD CAP_LEASE CAP_AUDIT_WRITE CAP_AUDIT_CONTROL
CAP_SETFCAP CAP_MAC_OVERRIDE CAP_MAC_ADMIN CAP_SYSLOG CAP_WAKE_ALARM
CAP_BLOCK_SUSPEND CAP_AUDIT_READ CAP_PERFMON CAP_BPF CAP_CHECKPOINT_RESTORE`)

// capabilitySet turns the bits of a kernel's mask into names.
func capabilitySet(mask uint64) []string {
	names := []string{}
	for bit := range 64 {
		if mask&(1<<bit) == 0 {
			continue
		}
		if bit < len(capabilityNames) {
			names = append(names, capabilityNames[bit])
		} else {
			names = append(names, "CAP_"+strconv.Itoa(bit))
		}
	}
	return names
}

// capabilityMask is the reverse of capabilitySet.
func capabilityMask(names []string) (uint64, error) {
	var mask uint64
	for _, name := range names {
		bit := slices.Index(capabilityNames, name)
		if bit < 0 {
			return 0, fmt.Errorf("%q is not a capability", name)
		}
		mask |= 1 << bit
	}
	return mask, nil
}

// readStatus reads what the kernel grants a process. Lines that are missing
// leave their fields empty.
func readStatus(pid int) initrec.Process {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return initrec.Process{}
	}
	return parseStatus(string(text))
}

func parseStatus(text string) initrec.Process {
	var p initrec.Process
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		if len(fields) == 0 {
			continue
		}
		switch key {
		case "Uid": // real, effective, saved, file system
			p.UID, _ = strconv.Atoi(fields[min(1, len(fields)-1)])
		case "CapEff":
			p.Capabilities = capabilitySet(hexMask(fields[0]))
		case "CapBnd":
			p.Bounding = capabilitySet(hexMask(fields[0]))
		case "NoNewPrivs":
			p.NoNewPrivs = fields[0] == "1"
		case "Seccomp":
			p.Seccomp = fields[0] != "0"
		}
	}
	return p
}

func hexMask(text string) uint64 {
	mask, _ := strconv.ParseUint(text, 16, 64) // the kernel writes it
	return mask
}
