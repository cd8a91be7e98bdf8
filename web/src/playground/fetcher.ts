import type { Fetcher, FetcherParams, Observable } from "@graphiql/toolkit";
import { getOperationAST, OperationTypeNode, parse, type ExecutionResult } from "graphql";
import { createClient, type SubscribePayload } from "graphql-ws";

/** Where the API answers, seen from the page: /playground/ and /graphql are neighbours. */
export const endpoint = new URL("../graphql", document.baseURI);

type Headers = Record<string, unknown>;

/**
 * Sends queries and mutations by POST, and subscriptions over graphql-transport-ws, to the one
 * endpoint beside this page.
 */
export const fetcher: Fetcher = (params, options) => {
  const headers = options?.headers ?? {};
  return isSubscription(params) ? subscribe(params, headers) : post(params, headers);
};

function isSubscription({ query, operationName }: FetcherParams): boolean {
  try {
    const operation = getOperationAST(parse(query), operationName);
    return operation?.operation === OperationTypeNode.SUBSCRIPTION;
  } catch {
    // A syntax error is for the server to report: it says where.
    return false;
  }
}

async function post(params: FetcherParams, headers: Headers): Promise<ExecutionResult> {
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: "POST",
      headers: {
        accept: "application/graphql-response+json, application/json;q=0.9",
        "content-type": "application/json",
        ...asStrings(headers),
      },
      body: JSON.stringify(params),
    });
  } catch (cause) {
    throw new Error(`No answer from ${endpoint.href}. Is \`vinculo serve\` still running there?`, {
      cause,
    });
  }
  const text = await response.text();
  try {
    return JSON.parse(text) as ExecutionResult;
  } catch (cause) {
    throw new Error(
      `${endpoint.href} answered ${String(response.status)} ${response.statusText} with something ` +
        `that is not JSON: ${text.slice(0, 200)}`,
      { cause },
    );
  }
}

interface Observer {
  next: (value: ExecutionResult) => void;
  error: (reason: unknown) => void;
  complete: () => void;
}

/**
 * Follows a subscription on a connection of its own. It is an observable rather than an async
 * generator, because a generator that waits for its next value cannot be stopped from outside.
 */
function subscribe(params: FetcherParams, headers: Headers): Observable<ExecutionResult> {
  const url = new URL(endpoint);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const request: SubscribePayload = {
    query: params.query,
    operationName: params.operationName ?? null,
    variables: (params.variables ?? null) as Record<string, unknown> | null,
  };

  // GraphiQL calls `subscribe` with an observer object only, never with three functions.
  const observable = {
    subscribe({ next, error, complete }: Observer) {
      // A browser cannot set headers on a WebSocket, so they travel in connection_init. A client
      // that is lazy, as this one is, closes its connection with its only subscription.
      const client = createClient({ url: url.href, connectionParams: headers, retryAttempts: 5 });
      const unsubscribe = client.subscribe(request, {
        next: (value) => {
          next(value as ExecutionResult);
        },
        error: (reason) => {
          error(readable(reason, url));
        },
        complete,
      });
      return { unsubscribe };
    },
  };
  return observable as Observable<ExecutionResult>;
}

/** Turns what a closed socket gives into an error that says what happened. */
function readable(reason: unknown, url: URL): unknown {
  if (reason instanceof CloseEvent) {
    const why = reason.reason === "" ? "" : `: ${reason.reason}`;
    return new Error(`${url.href} closed the subscription with code ${String(reason.code)}${why}.`);
  }
  if (reason instanceof Event) {
    return new Error(`No WebSocket connection to ${url.href}. Is \`vinculo serve\` running there?`);
  }
  return reason;
}

function asStrings(headers: Headers): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
