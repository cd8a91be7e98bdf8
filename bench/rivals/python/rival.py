"""Answers questions about shortest paths with NetworkX or igraph, in memory.

    python rival.py networkx|igraph LINKS.csv

Reads one question a line from the standard input and writes one answer a line,
both JSON, and ends with its input. Times are measured in here, around the
library's own call, so that neither the pipe nor JSON is part of them:

    {"op": "hello"}                        {"version": "3.6.1", "load": 3.2}
    {"op": "answer", "pairs": [["a","b"]]} {"answers": [["a", "x", "b"]]}
    {"op": "time", "pairs": [...], "seconds": 2, "seed": 1}
                                           {"times": [140211, ...]}   (nanoseconds)

Links go both ways, as in the question that the others are asked. Of several
links between the same two entities one is kept, which these libraries search
faster.
"""

import csv
import json
import random
import sys
import time


def read_links(path):
    """Yield the two ends of each link."""
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield row["from"], row["to"]


class NetworkX:
    """nx.shortest_path, which searches from both sides."""

    def __init__(self, path):
        import networkx

        self.version = networkx.__version__
        self.graph = networkx.Graph()
        self.graph.add_edges_from(read_links(path))
        self.find = networkx.shortest_path

    def key(self, entity):
        return entity

    def path(self, start, end):
        return self.find(self.graph, start, end)

    def names(self, path):
        return path


class IGraph:
    """Graph.get_shortest_path, which works on numbers and not on names."""

    def __init__(self, path):
        import igraph

        self.version = igraph.__version__
        self.ids = {}
        self.labels = []
        edges = set()
        for start, end in read_links(path):
            edges.add(tuple(sorted((self.number(start), self.number(end)))))
        self.graph = igraph.Graph(n=len(self.labels), edges=sorted(edges), directed=False)

    def number(self, entity):
        if entity not in self.ids:
            self.ids[entity] = len(self.labels)
            self.labels.append(entity)
        return self.ids[entity]

    def key(self, entity):
        return self.ids[entity]

    def path(self, start, end):
        return self.graph.get_shortest_path(start, end, output="vpath")

    def names(self, path):
        return [self.labels[n] for n in path]


def measure(rival, pairs, seconds, seed):
    """Ask pairs at random for some seconds; give the nanoseconds of each."""
    chosen = random.Random(seed)
    keys = [(rival.key(a), rival.key(b)) for a, b in pairs]
    times = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        start, end = chosen.choice(keys)
        began = time.perf_counter_ns()
        rival.path(start, end)
        times.append(time.perf_counter_ns() - began)
    return times


def main():
    kinds = {"networkx": NetworkX, "igraph": IGraph}
    began = time.perf_counter()
    rival = kinds[sys.argv[1]](sys.argv[2])
    load = time.perf_counter() - began
    for line in sys.stdin:
        question = json.loads(line)
        if question["op"] == "hello":
            answer = {"version": rival.version, "load": load}
        elif question["op"] == "answer":
            found = (rival.path(rival.key(a), rival.key(b)) for a, b in question["pairs"])
            answer = {"answers": [rival.names(path) for path in found]}
        else:
            answer = {
                "times": measure(rival, question["pairs"], question["seconds"], question["seed"])
            }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
