import type { TabsState } from "@graphiql/react";
import type { ExecutionResult } from "graphql";

import { announce } from "./announce";
import type { Results } from "./subscription";

// GraphiQL shows an answer in whichever tab is open when it comes. Here each one is kept for the tab
// that asked.

/** The tab that is open, and how many were opened before it. */
let open = { tab: "", visit: 0 };

let tabs = new Set<string>();

/** How many questions were asked before, and in which visit the last one was. */
let last = { question: 0, visit: 0 };

/** The last question of each tab, whose answer alone the tab still waits for. */
const awaited = new Map<string, number>();

/** What came for a tab after it was left. */
const late = new Map<string, ExecutionResult>();

/** The mutation of each tab that has no answer yet. */
const underWay = new Map<string, { request: string; answer: Promise<ExecutionResult> }>();

/** Stands beside the answer to a mutation where the reader meanwhile asked for another. */
const notSent =
  "This answers the mutation that was still under way. What was asked after it was not sent: ask it again.";

const listeners = new Set<() => void>();

/** Hears from GraphiQL which tabs there are: before each question, and as soon as one is opened. */
export function noteTabs({ tabs: now, activeTabIndex }: TabsState) {
  const tab = now[activeTabIndex]?.id ?? "";
  if (tab !== open.tab) {
    open = { tab, visit: open.visit + 1 };
  }
  tabs = new Set(now.map(({ id }) => id));
  for (const known of [awaited, late]) {
    for (const id of known.keys()) {
      if (!tabs.has(id)) {
        known.delete(id);
      }
    }
  }
}

/** Whether what was asked last was asked in a tab that has been left since. */
export function askedElsewhere(): boolean {
  return last.visit !== open.visit;
}

/** Gives what came for the open tab while it was not open, once. */
export function takeLate(): ExecutionResult | undefined {
  const answer = late.get(open.tab);
  late.delete(open.tab);
  return answer;
}

/** Calls back when something comes for a tab that was left, until the function it gives is called. */
export function whenLate(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Passes on an answer while the tab that asked stays open, and otherwise keeps it for that tab. */
export async function answerFor(coming: Promise<ExecutionResult>): Promise<ExecutionResult> {
  const show = asking();
  const began = performance.now();
  const answer = await coming;
  return new Promise((resolve) => {
    // Of an answer that is kept GraphiQL is not to hear at all.
    show(answer, (now) => {
      announce(now, performance.now() - began);
      resolve(now);
    });
  });
}

/**
 * Sends a mutation, unless the open tab still waits for one: what is written twice stays written.
 * Whoever asks meanwhile gets the answer to the one that was sent.
 */
export async function sendOnce(
  request: string,
  send: () => Promise<ExecutionResult>,
): Promise<ExecutionResult> {
  const { tab } = open;
  const before = underWay.get(tab);
  if (before !== undefined) {
    const answer = await before.answer;
    return before.request === request
      ? answer
      : { ...answer, extensions: { ...answer.extensions, notSent } };
  }
  const answer = send();
  underWay.set(tab, { request, answer });
  try {
    return await answer;
  } finally {
    underWay.delete(tab);
  }
}

/** Does with each result of a subscription what answerFor does with an answer. */
export function resultsFor(coming: Results): Results {
  const show = asking();
  return {
    subscribe: ({ next, complete }) =>
      coming.subscribe({
        next: (result) => {
          show(result, (now) => {
            announce(now);
            next(now);
          });
        },
        complete,
      }),
  };
}

function asking() {
  const { tab, visit } = open;
  const question = last.question + 1;
  last = { question, visit };
  awaited.set(tab, question);

  return (answer: ExecutionResult, pass: (answer: ExecutionResult) => void) => {
    if (visit === open.visit) {
      pass(answer);
    } else if (awaited.get(tab) === question) {
      late.set(tab, answer);
      for (const listener of listeners) {
        listener();
      }
    }
  };
}
