package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

type counts struct{ passed, failed, skipped int }

func (c counts) total() int { return c.passed + c.failed + c.skipped }

func (c *counts) add(d counts) {
	c.passed += d.passed
	c.failed += d.failed
	c.skipped += d.skipped
}

// String is the plain line that a run ends with.
func (c counts) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.passed, c.failed, c.skipped)
}

var (
	plainLine = regexp.MustCompile(`^(\d+) passed, (\d+) failed, (\d+) skipped$`)
	// Node's test runner ends with "# pass 3" (TAP) or "ℹ pass 3" (spec).
	nodeLine  = regexp.MustCompile(`^(?:#|ℹ) (pass|fail|cancelled|skipped|todo) (\d+)$`)
	ansiColor = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// readCounts adds what a line of a suite that is not Go's says of its counts:
// our own plain line, or the end of Node's test runner.
func (c *counts) readCounts(line string) {
	line = strings.TrimSpace(ansiColor.ReplaceAllString(line, ""))
	if m := plainLine.FindStringSubmatch(line); m != nil {
		c.add(counts{atoi(m[1]), atoi(m[2]), atoi(m[3])})
		return
	}
	if m := nodeLine.FindStringSubmatch(line); m != nil {
		n := atoi(m[2])
		switch m[1] {
		case "pass":
			c.passed += n
		case "fail", "cancelled":
			c.failed += n
		case "skipped", "todo":
			c.skipped += n
		}
	}
}

func atoi(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0 // Only a count beyond an int gets here.
	}
	return n
}
