package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/vinculo/vinculo/bench/report"
)

// machine says what this runs on, as far as the system tells.
func machine() report.Machine {
	m := report.Machine{Processor: runtime.GOARCH, Cores: runtime.NumCPU(), System: runtime.GOOS}
	if name := field("/proc/cpuinfo", "model name"); name != "" {
		m.Processor = name
	}
	if kilobytes, err := strconv.ParseFloat(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 64); err == nil {
		m.MemoryGiB = rounded(kilobytes / (1 << 20))
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.System += " " + strings.TrimSpace(string(release))
	}
	return m
}

// field is the value of the first line of a file that begins with a name and a
// colon.
func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
