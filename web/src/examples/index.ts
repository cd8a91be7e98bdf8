/** One question on the demonstration case, ready to run. */
export interface Example {
  /** The question in words; the first comment line of its file. */
  readonly title: string;
  /** What to look for in the answer; the comment lines after the first. */
  readonly hint: string;
  /** The operation, with its comments, as it appears in the editor. */
  readonly query: string;
  /** The variables as JSON text, or an empty text where the operation takes none. */
  readonly variables: string;
  /** The operation's name. */
  readonly operationName: string;
  /** Whether choosing it also runs it: subscriptions wait for the reader. */
  readonly runs: boolean;
}

const queries = import.meta.glob<string>("./*.graphql", {
  eager: true,
  query: "?raw",
  import: "default",
});
const variables = import.meta.glob<string>("./*.json", {
  eager: true,
  query: "?raw",
  import: "default",
});

/**
 * The example questions, in the order of their file names. A question is a file NAME.graphql that
 * opens with its title and hint as comments, with its variables in NAME.json beside it.
 */
export const examples: readonly Example[] = Object.entries(queries)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([path, query]) =>
    readExample(path, query, variables[path.replace(/graphql$/, "json")] ?? ""),
  );

function readExample(path: string, query: string, json: string): Example {
  const comments = query
    .split("\n")
    .filter((line) => line.startsWith("#"))
    .map((line) => line.replace(/^#\s*/, ""));
  const operation = /^(query|mutation|subscription)\s+(\w+)/m.exec(query);
  const title = comments[0];
  if (title === undefined || operation?.[2] === undefined) {
    throw new Error(`${path} needs a title as its first comment, and an operation with a name`);
  }
  return {
    title,
    hint: comments.slice(1).join(" "),
    query,
    variables: json.trim(),
    operationName: operation[2],
    runs: operation[1] === "query",
  };
}
