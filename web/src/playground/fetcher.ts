import type { Fetcher, FetcherParams, Observable } from "@graphiql/toolkit";
import {
  getOperationAST,
  OperationTypeNode,
  parse,
  type ExecutionResult,
  type OperationDefinitionNode,
} from "graphql";

import { answerFor, resultsFor, sendOnce } from "./answers";
import { follow } from "./subscription";

/** Where the API answers, seen from the page: /playground/ and /graphql are neighbours. */
export const endpoint = new URL("../graphql", document.baseURI);

type Named = Record<string, unknown>;

/** With which headers the schema was asked for last, as JSON. */
let headersOfSchema = "{}";

/** Whether the schema was asked for with other headers than these, which are JSON. */
export function isSchemaOfOthers(headers: string): boolean {
  try {
    const given: unknown = JSON.parse(headers || "{}");
    return JSON.stringify(given) !== headersOfSchema;
  } catch {
    // They are being written.
    return false;
  }
}

/**
 * Sends queries and mutations by POST, and subscriptions over graphql-transport-ws, to the one
 * endpoint beside this page. What goes wrong is an answer with errors and never thrown: GraphiQL
 * would show the stack of what is thrown, which is of no use to a reader.
 */
export const fetcher: Fetcher = (given, options) => {
  const headers = options?.headers ?? {};
  if (given.operationName === "IntrospectionQuery") {
    // The schema is for the whole page.
    headersOfSchema = JSON.stringify(headers);
    return post(given, headers);
  }
  const operation = operationOf(given);
  const params = operation ? { ...given, operationName: operation.name?.value ?? null } : given;
  switch (operation?.operation) {
    case OperationTypeNode.SUBSCRIPTION: {
      const url = new URL(endpoint);
      url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
      const explain = () => post({ query: "{ __typename }" }, headers);
      // GraphiQL calls `subscribe` with an observer object only, never with three functions.
      return resultsFor(follow(url, params, headers, explain)) as Observable<ExecutionResult>;
    }
    case OperationTypeNode.MUTATION: {
      const request = JSON.stringify([params, headers]);
      return answerFor(sendOnce(request, () => post(params, headers)));
    }
    default:
      return answerFor(post(params, headers));
  }
};

/**
 * The operation that is meant; undefined where the text does not say. One that stands alone is meant
 * whatever name came with it: GraphiQL learns a new name a moment after the text.
 */
export function operationOf({
  query,
  operationName,
}: Pick<FetcherParams, "query" | "operationName">): OperationDefinitionNode | undefined {
  try {
    const document = parse(query);
    return getOperationAST(document) ?? getOperationAST(document, operationName) ?? undefined;
  } catch {
    // A syntax error is for the server to report: it says where.
    return undefined;
  }
}

async function post(params: FetcherParams, headers: Named): Promise<ExecutionResult> {
  const refused = unsendable(headers);
  if (refused !== null) {
    return failure(refused);
  }
  let response: Response;
  let text: string;
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
    text = await response.text();
  } catch {
    return failure(`No answer from ${endpoint.href}. Is \`vinculo serve\` still running there?`);
  }
  try {
    return JSON.parse(text) as ExecutionResult;
  } catch {
    return failure(
      `${endpoint.href} answered ${String(response.status)} ${response.statusText} with something ` +
        `that is not JSON: ${text.slice(0, 200)}`,
    );
  }
}

/** An answer that says why there is none, in the shape in which the server says so. */
function failure(message: string): ExecutionResult {
  return { errors: [{ message }] } as unknown as ExecutionResult;
}

/**
 * What is wrong with a header that the browser refuses to send, or null. The browser itself fails
 * in the same way as where there is no server.
 */
function unsendable(headers: Named): string | null {
  for (const [name, value] of Object.entries(asStrings(headers))) {
    try {
      new Headers([[name, ""]]);
    } catch {
      return `Not sent: “${name}” under Headers cannot be the name of a header. Names are letters, digits and hyphens.`;
    }
    try {
      new Headers([[name, value]]);
    } catch {
      const culprit = Array.from(value).find((sign) => sign > "\u00ff" || sign < " ");
      return (
        `Not sent: the header ${name} holds ${culprit === undefined ? "a sign" : `the sign “${culprit}”`}, ` +
        "which no header can carry. Text that was copied often has curly quotes or an ellipsis."
      );
    }
  }
  return null;
}

function asStrings(headers: Named): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
