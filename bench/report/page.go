package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Between these lines the page is written from the results, and by nobody's hand.
const (
	begins = "<!-- Written by `go run ./bench page` from bench/results; do not edit below. -->\n"
	ends   = "<!-- Written part ends. -->\n"
)

// Scales are the sizes of a run, the largest first.
var Scales = []string{"full", "medium", "small"}

// Page writes the part of the page docs/performance.md that holds results: all
// those of a folder, the largest first.
func Page(text, dir string) (string, error) {
	before, rest, ok := strings.Cut(text, begins)
	_, after, both := strings.Cut(rest, ends)
	if !ok || !both {
		return "", fmt.Errorf("the page lacks the lines %q and %q between which the results stand", strings.TrimSpace(begins), strings.TrimSpace(ends))
	}
	var b strings.Builder
	b.WriteString(before + begins)
	for _, scale := range Scales {
		r, err := Read(filepath.Join(dir, scale+".json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		b.WriteString(r.section())
	}
	b.WriteString("\n" + ends + after)
	return b.String(), nil
}

// WritePage writes the results into the page at a path.
func WritePage(path, dir string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	page, err := Page(string(text), dir)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(page), 0o644)
}

func (r *Results) section() string {
	var b strings.Builder
	d := r.Data
	fmt.Fprintf(&b, "\n## %s: %s entities, %s links\n\n", r.Scale, number(float64(d.Entities)), number(float64(d.Links)))
	fmt.Fprintf(&b, "`%s` on %s, in %s minutes. %s citations of %s sources; the hub has %s links; seed %d.\n",
		r.Command, r.Taken, number(r.Minutes), number(float64(d.Citations)), number(float64(d.Sources)), number(float64(d.Hub)), d.Seed)
	fmt.Fprintf(&b, "The machine: %s, %d cores, %s GiB of memory, %s.\n", r.Machine.Processor, r.Machine.Cores, number(r.Machine.MemoryGiB), r.Machine.System)
	var versions []string
	for name, version := range r.Versions {
		versions = append(versions, name+" "+version)
	}
	slices.Sort(versions)
	fmt.Fprintf(&b, "%s.\n\n", strings.Join(versions, ", "))
	b.WriteString(r.Judged())
	fmt.Fprintf(&b, "\n![Bars of the time that each contender takes for each question](../bench/results/%s.svg)\n", r.Scale)
	b.WriteString(r.growthSection())
	fmt.Fprintf(&b, "\n### All that was timed\n\nEach row is the median of %d runs.\n\n%s", r.runs(), r.Times())
	fmt.Fprintf(&b, "\n### Import, memory, start\n\n%s\n%s", r.Imports(), r.Memory())
	b.WriteString("\n### What was compared before it was timed\n\n")
	for _, c := range r.Checked {
		names := make([]string, len(c.Contenders))
		for i, n := range c.Contenders {
			names[i] = Names[n]
		}
		fmt.Fprintf(&b, "- %s: %s answers of each of %s.", questionNames[c.Question], number(float64(c.Answers)), strings.Join(names, ", "))
		if c.Note != "" {
			b.WriteString(" " + c.Note)
		}
		b.WriteString("\n")
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "- Skipped: %s, because %s\n", Names[s.Contender], s.Reason)
	}
	for _, f := range r.Failed {
		fmt.Fprintf(&b, "- Not timed: %s, because %s\n", f.Question, f.Reason)
	}
	return b.String()
}

// runs is how many runs the medians are of.
func (r *Results) runs() int {
	most := 0
	for _, m := range r.Measured {
		most = max(most, len(m.Runs))
	}
	return most
}

func (r *Results) growthSection() string {
	var b strings.Builder
	for i, shape := range r.followed() {
		if i == 0 {
			b.WriteString("\n### How cost grows\n\nThe same number of links for each entity, and no hub, in process. At first is when an entity or pair is asked about for the first time, and what it is answered from is read from the file; all other times are of asking again. The ids are those of the median answer.\n")
		}
		fmt.Fprintf(&b, "\n%s:\n\n%s", growthTitles[shape], r.Costs(shape))
		fmt.Fprintf(&b, "\n![Lines of the cost of each question by the size of the graph](../bench/results/%s)\n", r.growthFile(shape))
	}
	return b.String()
}
