package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/bench/answer"
	"github.com/vinculo/vinculo/bench/contender"
	"github.com/vinculo/vinculo/bench/dataset"
	"github.com/vinculo/vinculo/bench/report"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/generate"
	"github.com/vinculo/vinculo/internal/store/open"
)

// stored makes a small graph, in memory and in a store.
func stored(t *testing.T) (*dataset.Graph, string) {
	t.Helper()
	config := generate.Config{Seed: 4, Entities: 60, Links: 150, Citations: 1}
	graph, err := dataset.Make(config, true)
	require.NoError(t, err)
	name := "sqlite:" + filepath.Join(t.TempDir(), "graph.db")
	v := vocabulary.Standard()
	st, err := open.Store(t.Context(), name, open.Options{Vocabulary: v})
	require.NoError(t, err)
	planner := &evidence.Planner{Vocabulary: v, Now: time.Now, NewSalt: func() (salt [16]byte) { return salt }}
	require.NoError(t, config.Load(t.Context(), st, planner, evidence.Author{Name: "test", Clearance: evidence.Confidential}, 1000, nil))
	require.NoError(t, st.Close())
	return graph, name
}

func TestQuestionsAreAnsweredLineByLine(t *testing.T) {
	t.Parallel()
	graph, name := stored(t)
	pairs := graph.Pairs(1, 20, 8)
	require.NotEmpty(t, pairs)
	var asked [][2]string
	for _, p := range pairs {
		asked = append(asked, [2]string{p.From, p.To})
	}
	var in, out bytes.Buffer
	questions := json.NewEncoder(&in)
	require.NoError(t, questions.Encode(contender.Question{Op: "hello"}))
	require.NoError(t, questions.Encode(contender.Question{Op: "answer", Asked: report.Path, Pairs: asked}))
	require.NoError(t, questions.Encode(contender.Question{Op: "nonsense"}))
	require.NoError(t, questions.Encode(contender.Question{Op: "answer", Asked: "weather", Pairs: asked}))
	for _, question := range report.GrowthQuestions {
		require.NoError(t, questions.Encode(contender.Question{Op: "time", Asked: question, Pairs: asked, Seconds: 0.01}))
	}
	require.NoError(t, run(t.Context(), name, &in, &out))

	answers := json.NewDecoder(&out)
	next := func() (a contender.Answer) {
		require.NoError(t, answers.Decode(&a))
		return a
	}
	require.Positive(t, next().Load)
	paths := next()
	require.Len(t, paths.Answers, len(pairs))
	for i, entities := range paths.Answers {
		require.NoError(t, answer.CheckShortest(graph, pairs[i], answer.Path{Entities: entities}))
	}
	require.Contains(t, next().Error, `"nonsense" is not hello, answer or time`)
	require.Contains(t, next().Error, `"weather" is not a question`)
	for _, question := range report.GrowthQuestions {
		a := next()
		require.Empty(t, a.Error, question)
		require.NotEmpty(t, a.Times, question)
	}
}

func TestAStoreThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	require.Error(t, run(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "no.db"), nil, nil))
}
