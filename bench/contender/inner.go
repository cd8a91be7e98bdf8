package contender

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Question is a line that a contender which works in its own memory reads.
type Question struct {
	Op      string      `json:"op"`              // hello, answer, time
	Asked   string      `json:"asked,omitempty"` // what the pairs are asked; the libraries answer only paths
	Pairs   [][2]string `json:"pairs,omitempty"` // the second is empty where one entity is asked about
	Seconds float64     `json:"seconds,omitempty"`
	Seed    uint64      `json:"seed,omitempty"`
}

// Answer is the line that it answers with.
type Answer struct {
	Version string     `json:"version,omitempty"`
	Load    float64    `json:"load,omitempty"`    // seconds until the graph was in memory
	Answers [][]string `json:"answers,omitempty"` // the entities of each path
	Times   []int64    `json:"times,omitempty"`   // nanoseconds
	Error   string     `json:"error,omitempty"`
}

// Ask asks a process that answers line by line.
func (p *Process) Ask(q Question) (Answer, error) {
	line, err := json.Marshal(q)
	if err != nil {
		return Answer{}, err
	}
	if _, err := p.stdin.Write(append(line, '\n')); err != nil {
		return Answer{}, fmt.Errorf("%s does not read: %w; it said: %s", p.Name, err, p.log)
	}
	line, err = p.Line()
	if err != nil {
		return Answer{}, err
	}
	var a Answer
	if err := json.Unmarshal(line, &a); err != nil {
		return Answer{}, fmt.Errorf("%s answers %.100s: %w", p.Name, line, err)
	}
	if a.Error != "" {
		return Answer{}, errors.New(p.Name + ": " + a.Error)
	}
	return a, nil
}

// Durations are the times of an answer.
func (a Answer) Durations() []time.Duration {
	times := make([]time.Duration, len(a.Times))
	for i, ns := range a.Times {
		times[i] = time.Duration(ns)
	}
	return times
}
