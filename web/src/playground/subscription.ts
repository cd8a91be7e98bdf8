import type { FetcherParams } from "@graphiql/toolkit";
import type { ExecutionResult } from "graphql";
import { createClient } from "graphql-ws";

import { firstRequest, Place } from "./resume";

/** How many of the last results are shown. */
const kept = 100;

/** The longest wait in seconds before the server is called again. */
const longestWait = 30;

/** After how many milliseconds a connection is asked for a word, and how many more it has for it. */
const silence = 10_000;

/** Stands among the results where some may be missing. */
const interrupted =
  "The connection was lost for a while. Revisions that were written meanwhile may be missing here, " +
  "and others may be told twice. With `after`, and `number` among the fields, neither happens.";

interface Observer {
  next: (value: ExecutionResult) => void;
  complete: () => void;
}

/** The results of a subscription, which begins with its observer. */
export interface Results {
  subscribe(observer: Observer): { unsubscribe: () => void };
}

/** What the reader sees of a subscription, in the order in which it is shown. */
interface Log {
  errors?: unknown;
  connection?: string;
  received: number;
  newestFirst: unknown[];
}

/**
 * Follows a subscription on a connection of its own, and shows what came so far after each result.
 * It is an observable rather than an async generator, because a generator that waits for its next
 * value cannot be stopped from outside. Where the server refuses, `explain` asks it a question in
 * the ordinary way, since its answer to that has room for the reason.
 */
export function follow(
  url: URL,
  params: FetcherParams,
  headers: Record<string, unknown>,
  explain: () => Promise<ExecutionResult>,
): Results {
  return {
    subscribe({ next, complete }) {
      const request = firstRequest(params);
      const place = new Place(params);
      const newestFirst: unknown[] = [];
      let received = 0;
      let connected = false;
      let lost = false;
      let connection: string | undefined;
      let errors: unknown;
      let due: ReturnType<typeof setTimeout> | undefined;
      let owed: ReturnType<typeof setTimeout> | undefined;
      let over = false;

      const add = (entry: unknown) => {
        newestFirst.unshift(entry);
        newestFirst.length = Math.min(newestFirst.length, kept);
      };
      const show = () => {
        clearTimeout(due);
        due = undefined;
        const log: Log = {
          ...(errors === undefined ? {} : { errors }),
          ...(connection === undefined ? {} : { connection }),
          received,
          newestFirst,
        };
        next(log as unknown as ExecutionResult);
      };
      const showSoon = () => {
        // What a server replays comes by the thousand; the editor takes a while for each change.
        due ??= setTimeout(show, 50);
      };
      const goOn = () => {
        const onward = place.onward();
        if (onward === null) {
          add({ interrupted });
        } else {
          // The client sends this object again on each connection.
          Object.assign(request, onward);
        }
      };
      // The end of a connection is told by nobody where what lies between has forgotten it.
      const expectWord = () => {
        clearTimeout(owed);
        owed = setTimeout(() => {
          client.terminate();
        }, silence);
      };
      const end = () => {
        if (!over) {
          over = true;
          show();
          complete();
        }
      };

      // A browser cannot set headers on a WebSocket, so they travel in connection_init. A client
      // that is lazy, as this one is, closes its connection with its only subscription.
      const client = createClient({
        url: url.href,
        connectionParams: headers,
        keepAlive: silence,
        retryAttempts: Number.POSITIVE_INFINITY,
        shouldRetry: (reason) => !isFinal(reason),
        retryWait: async (retries) => {
          const seconds = Math.min(2 ** retries, longestWait);
          connection =
            `No connection to ${url.href}. Is \`vinculo serve\` running there? ` +
            `Calling again ${seconds === 1 ? "in a second" : `in ${String(seconds)} seconds`}.`;
          if (!over) {
            show();
          }
          // Not all at the same moment, where a server comes back to many readers.
          await new Promise((resolve) =>
            setTimeout(resolve, seconds * (800 + 400 * Math.random())),
          );
        },
        on: {
          connected: () => {
            clearTimeout(owed);
            const changed = connection !== undefined || lost;
            if (lost) {
              goOn();
            }
            connected = true;
            lost = false;
            connection = undefined;
            if (changed && !over) {
              show();
            }
          },
          connecting: expectWord,
          ping: (isTheirs) => {
            if (!isTheirs) {
              expectWord();
            }
          },
          pong: (isTheirs) => {
            if (isTheirs) {
              clearTimeout(owed);
            }
          },
          closed: () => {
            clearTimeout(owed);
            lost ||= connected;
          },
        },
      });
      const unsubscribe = client.subscribe(request, {
        next: (value) => {
          received += 1;
          place.pass(value);
          add(value);
          if (!over) {
            showSoon();
          }
        },
        error: (reason) => {
          void explained(reason, url, explain).then((found) => {
            connection = undefined;
            errors = found;
            end();
          });
        },
        complete: end,
      });
      return {
        unsubscribe() {
          if (due !== undefined) {
            show();
          }
          over = true;
          unsubscribe();
        },
      };
    },
  };
}

/**
 * Whether it would be of no use to call again: the server has found something wrong with the
 * reader or with what was sent. Codes of the 4400s mean that, but for a reader who was too slow.
 */
function isFinal(reason: unknown): boolean {
  return (
    reason instanceof CloseEvent &&
    reason.code >= 4400 &&
    reason.code < 4500 &&
    reason.code !== 4408
  );
}

/** The errors to show for what ended a subscription. */
async function explained(
  reason: unknown,
  url: URL,
  explain: () => Promise<ExecutionResult>,
): Promise<unknown> {
  if (!(reason instanceof CloseEvent)) {
    // The server's own errors come as a list.
    return Array.isArray(reason) ? reason : [{ message: String(reason) }];
  }
  if (reason.code === 4401 || reason.code === 4403) {
    const answer = await explain();
    if (answer.errors !== undefined) {
      return answer.errors;
    }
  }
  const why = reason.reason === "" ? "" : `: ${reason.reason}`;
  const advice =
    reason.code === 4401 || reason.code === 4403
      ? " The token under Headers may not be valid here, or not allow this."
      : "";
  const message = `${url.href} closed the subscription with code ${String(reason.code)}${why}.${advice}`;
  return [{ message }];
}
