import type { ExecutionResult } from "graphql";
import { useSyncExternalStore } from "react";

/** How many fields of an answer are told of, and how many characters of a text. */
const most = { fields: 5, characters: 200 };

let told = "";

const listeners = new Set<() => void>();

/** Is read out where the page is heard: an answer itself would be, from its first line to its last. */
export function Announcement() {
  const text = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => told,
  );
  return (
    <p className="unseen" role="status">
      {text}
    </p>
  );
}

/** Has an answer read out in short, and how many milliseconds it took where that is known. */
export function announce(answer: ExecutionResult, milliseconds?: number) {
  const text = summaryOf(answer, milliseconds);
  // What is the same as before would not be read out again.
  told = text === told ? `${text}\u00a0` : text;
  for (const listener of listeners) {
    listener();
  }
}

function summaryOf(answer: ExecutionResult, milliseconds: number | undefined): string {
  const { data, errors } = answer;
  const parts: string[] = [];
  if (errors !== undefined && errors.length > 0) {
    parts.push(`${count(errors.length, "error")}: ${shortened(errors[0]?.message ?? "")}`);
  }
  // A subscription shows how much has come, and what.
  const { received, connection } = answer as { received?: number; connection?: string };
  if (received !== undefined) {
    parts.push(`${count(received, "result")} so far`);
  }
  if (connection !== undefined) {
    parts.push(shortened(connection));
  }
  const fields = Object.entries(data ?? {});
  for (const [name, value] of fields.slice(0, most.fields)) {
    parts.push(`${name}: ${sizeOf(value)}`);
  }
  if (fields.length > most.fields) {
    parts.push(`and ${count(fields.length - most.fields, "more field")}`);
  }
  if (milliseconds !== undefined) {
    parts.push(`in ${(milliseconds / 1000).toFixed(1)} seconds`);
  }
  return `${parts.join("; ")}.`;
}

function sizeOf(value: unknown): string {
  if (value === null || value === undefined) {
    return "nothing";
  }
  if (Array.isArray(value)) {
    return count(value.length, "row");
  }
  if (typeof value !== "object") {
    return shortened(JSON.stringify(value));
  }
  const { nodes, edges, totalCount, pageInfo } = value as {
    nodes?: unknown;
    edges?: unknown;
    totalCount?: unknown;
    pageInfo?: { hasNextPage?: boolean } | null;
  };
  const rows = nodes ?? edges;
  if (!Array.isArray(rows)) {
    return count(Object.keys(value).length, "field");
  }
  const all = typeof totalCount === "number" ? ` of ${String(totalCount)}` : "";
  return count(rows.length, "row") + all + (pageInfo?.hasNextPage === true ? ", more follow" : "");
}

function count(number: number, what: string): string {
  return `${String(number)} ${what}${number === 1 ? "" : "s"}`;
}

function shortened(text: string): string {
  return text.length > most.characters ? `${text.slice(0, most.characters)}…` : text;
}
