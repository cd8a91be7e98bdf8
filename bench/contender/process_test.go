//go:build unix

package contender_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/bench/contender"
)

// answers is a shell that answers every line, and ends with its input.
const answers = `while read -r line; do echo '{"version": "'"$GREETING"'", "times": [1500, 2000000]}'; done; echo "it is over" >&2`

func TestAProcessAnswersLineByLine(t *testing.T) {
	t.Parallel()
	p, err := contender.Start(t.Context(), "the shell", t.TempDir(), []string{"GREETING=hello"}, "sh", "-c", answers)
	require.NoError(t, err)
	defer p.Stop()
	for range 3 {
		a, err := p.Ask(contender.Question{Op: "hello"})
		require.NoError(t, err)
		require.Equal(t, "hello", a.Version)
		require.Equal(t, []time.Duration{1500, 2 * time.Millisecond}, a.Durations())
	}
	if runtime.GOOS == "linux" {
		require.Positive(t, p.Resident())
		require.Positive(t, contender.Resident(os.Getpid()))
	}
	require.NoError(t, p.Failed())
	p.Stop()
	p.Stop() // a second time is nothing
	require.Error(t, p.Failed())
	_, err = p.Ask(contender.Question{Op: "hello"})
	require.ErrorContains(t, err, "the shell")
}

func TestAProcessThatEndsSaysWhy(t *testing.T) {
	t.Parallel()
	p, err := contender.Start(t.Context(), "the shell", "", nil, "sh", "-c", "echo 'no memory' >&2; exit 3")
	require.NoError(t, err)
	defer p.Stop()
	require.Eventually(t, func() bool { return p.Failed() != nil }, 10*time.Second, time.Millisecond)
	require.ErrorContains(t, p.Failed(), "no memory")
	_, err = p.Line()
	require.ErrorContains(t, err, "no memory")
}

func TestAnErrorOfAContenderIsAnError(t *testing.T) {
	t.Parallel()
	p, err := contender.Start(t.Context(), "the shell", "", nil, "sh", "-c", `read -r line; echo '{"error": "no such entity"}'; read -r line; echo nonsense`)
	require.NoError(t, err)
	defer p.Stop()
	_, err = p.Ask(contender.Question{Op: "answer"})
	require.ErrorContains(t, err, "no such entity")
	_, err = p.Ask(contender.Question{Op: "answer"})
	require.ErrorContains(t, err, "nonsense")
}

func TestWhatIsNotInstalledIsSaidToBeAbsent(t *testing.T) {
	t.Parallel()
	_, err := contender.Run(t.Context(), "", nil, "vinculo-no-such-program")
	require.ErrorIs(t, err, contender.ErrAbsent)
	require.ErrorContains(t, err, "vinculo-no-such-program is not installed")
	out, err := contender.Run(t.Context(), "", []string{"WORD=yes"}, "sh", "-c", "echo $WORD")
	require.NoError(t, err)
	require.Equal(t, "yes\n", string(out))
	_, err = contender.Run(t.Context(), "", nil, "sh", "-c", "echo broken >&2; exit 1")
	require.ErrorContains(t, err, "broken")
	require.NotErrorIs(t, err, contender.ErrAbsent)
}
