// Package measure asks one question many times of one server and says how long
// the answers took. It is what the client process of the benchmarks runs.
package measure

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Figures are what one run measured. Times are in milliseconds.
type Figures struct {
	Clients   int     `json:"clients"`
	Answers   int     `json:"answers"`
	TimedOut  int     `json:"timedOut,omitempty"` // of the answers; each is counted with the whole time it was given
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"perSecond"`
	P50       float64 `json:"p50"`
	P99       float64 `json:"p99"`
	Bytes     int     `json:"meanBytes,omitempty"`
}

// Summarize makes figures of the times that answers took, which it sorts.
func Summarize(times []time.Duration, clients int, lasted time.Duration) Figures {
	slices.Sort(times)
	f := Figures{
		Clients: clients, Answers: len(times), Seconds: round(lasted.Seconds()),
		P50: milliseconds(Percentile(times, 0.5)), P99: milliseconds(Percentile(times, 0.99)),
	}
	if lasted > 0 {
		f.PerSecond = round(float64(len(times)) / lasted.Seconds())
	}
	return f
}

// Percentile is the least value that a share of the sorted values, from 0 to 1,
// does not exceed (nearest rank); zero of no values.
func Percentile[T cmp.Ordered](sorted []T, share float64) T {
	if len(sorted) == 0 {
		var zero T
		return zero
	}
	rank := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[min(max(rank, 0), len(sorted)-1)]
}

// Median is the middle value; of an even number of values, the mean of the two
// in the middle.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Merge makes one of the figures of several runs: the median of each rate and
// time, the sum of the answers.
func Merge(runs []Figures) Figures {
	if len(runs) == 0 {
		return Figures{}
	}
	all := Figures{Clients: runs[0].Clients}
	median := func(of func(Figures) float64) float64 {
		values := make([]float64, len(runs))
		for i, r := range runs {
			values[i] = of(r)
		}
		return round(Median(values))
	}
	bytes := 0
	for _, r := range runs {
		all.Answers += r.Answers
		all.TimedOut += r.TimedOut
		all.Seconds = round(all.Seconds + r.Seconds)
		bytes += r.Bytes
	}
	all.Bytes = bytes / len(runs)
	all.PerSecond = median(func(f Figures) float64 { return f.PerSecond })
	all.P50 = median(func(f Figures) float64 { return f.P50 })
	all.P99 = median(func(f Figures) float64 { return f.P99 })
	return all
}

func milliseconds(d time.Duration) float64 { return round(float64(d) / float64(time.Millisecond)) }

// round keeps six significant digits, of which all but three are noise.
func round(x float64) float64 {
	if x == 0 {
		return 0
	}
	scale := math.Pow(10, 5-math.Floor(math.Log10(math.Abs(x))))
	return math.Round(x*scale) / scale
}
