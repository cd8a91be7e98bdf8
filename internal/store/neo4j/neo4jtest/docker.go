package neo4jtest

import (
	"context"
	"fmt"
	"os/exec"
	"time"
)

// dockerPatience is how long a Docker daemon has to answer; one that is there
// answers at once.
const dockerPatience = 2 * time.Second

func dockerAnswers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, dockerPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", "info")
	// A plugin of the client may hold the pipes open after the client is killed.
	cmd.WaitDelay = dockerPatience
	return cmd.Run() == nil
}

func dockerCommand(opts Options, _ string, port int) (launch, error) {
	name := fmt.Sprintf("vinculo-neo4jtest-%d", port)
	addr := loopback(port)
	return launch{
		how:       "Neo4j " + opts.Version + " in Docker",
		container: name,
		argv: []string{
			"docker", "run", "--rm", "--name", name,
			"--publish", addr + ":7687",
			"--env", "NEO4J_AUTH=none",
			"--env", "NEO4J_server_bolt_advertised__address=" + addr,
			"--env", "NEO4J_server_memory_heap_max__size=" + opts.Heap,
			"--env", "NEO4J_server_memory_pagecache_size=" + opts.PageCache,
			"--env", "NEO4J_dbms_usage__report_enabled=false",
			"--env", "NEO4J_db_tx__log_preallocate=false",
			"neo4j:" + opts.Version + "-community",
		},
	}, nil
}
