package measure_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/bench/measure"
)

func TestAPercentileIsAValueThatWasMeasured(t *testing.T) {
	t.Parallel()
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	require.Equal(t, 50, measure.Percentile(hundred, 0.5))
	require.Equal(t, 99, measure.Percentile(hundred, 0.99))
	require.Equal(t, 100, measure.Percentile(hundred, 1))
	require.Equal(t, 1, measure.Percentile(hundred, 0))
	require.Equal(t, 7, measure.Percentile([]int{7}, 0.99))
	require.Equal(t, 3, measure.Percentile([]int{1, 2, 3}, 0.99), "the slowest of few is their 99th")
	require.Zero(t, measure.Percentile([]int{}, 0.5))
}

func TestAMedianIsNotMovedByOneSlowRun(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 2.0, measure.Median([]float64{900, 1, 2}), 0)
	require.InDelta(t, 2.5, measure.Median([]float64{4, 1, 2, 3}), 0)
	require.Zero(t, measure.Median(nil))
}

func TestFiguresSayHowLongAnswersTook(t *testing.T) {
	t.Parallel()
	var times []time.Duration
	for i := range 200 {
		times = append(times, time.Duration(200-i)*time.Millisecond)
	}
	f := measure.Summarize(times, 8, 4*time.Second)
	require.Equal(t, measure.Figures{Clients: 8, Answers: 200, Seconds: 4, PerSecond: 50, P50: 100, P99: 198}, f)
	none := measure.Summarize(nil, 1, 0)
	require.Equal(t, measure.Figures{Clients: 1}, none)
}

func TestRunsAreMergedByTheirMedians(t *testing.T) {
	t.Parallel()
	merged := measure.Merge([]measure.Figures{
		{Clients: 1, Answers: 10, Seconds: 1, PerSecond: 10, P50: 1, P99: 90, Bytes: 100},
		{Clients: 1, Answers: 30, Seconds: 1, PerSecond: 30, P50: 3, P99: 5, Bytes: 200, TimedOut: 2},
		{Clients: 1, Answers: 20, Seconds: 1, PerSecond: 20, P50: 2, P99: 7, Bytes: 300},
	})
	require.Equal(t, measure.Figures{Clients: 1, Answers: 60, Seconds: 3, PerSecond: 20, P50: 2, P99: 7, Bytes: 200, TimedOut: 2}, merged)
	require.Zero(t, measure.Merge(nil))
}
