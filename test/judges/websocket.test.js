// GraphQL over WebSocket: the client of graphql-ws, and the close codes of the
// protocol, by frames as they stand on the wire.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient, CloseCode } from "graphql-ws";
import WebSocket from "ws";
import { socketUrl, strictUrl, url, write } from "./servers.js";

const protocol = "graphql-transport-ws";
const init = JSON.stringify({ type: "connection_init" });
const forever = "subscription News { revisions { number } }";
const subscribe = (id, query) => JSON.stringify({ id, type: "subscribe", payload: { query } });

function client(options = {}) {
  return createClient({
    url: socketUrl(url),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...options,
  });
}

/** Opens a socket, sends frames, and gives how the server closes it. */
function closing(to, frames, protocols = [protocol]) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(socketUrl(to), protocols);
    socket.on("open", () => frames.forEach((frame) => socket.send(frame)));
    socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    socket.on("error", reject);
  });
}

test("a query over a websocket", async () => {
  const found = [];
  for await (const result of client().iterate({
    query: "query Find($t: String!) { search(text: $t, first: 1) { nodes { entity { name } } } }",
    variables: { t: "pena nieto" },
  })) {
    found.push(result);
  }
  assert.equal(found.length, 1);
  assert.equal(found[0].errors, undefined);
  assert.match(found[0].data.search.nodes[0].entity.name, /Peña Nieto/);
});

test("a subscription replays, then follows", async () => {
  const graphql = client();
  const news = graphql.iterate({
    query: "subscription News($after: Int) { revisions(after: $after) { number reason } }",
    variables: { after: 0 },
  });
  const first = await news.next();
  assert.equal(first.value.data.revisions.number, 1);
  const written = await write("written while a websocket listens");
  let last = first;
  while (last.value.data.revisions.number < written.number) {
    last = await news.next();
  }
  assert.deepEqual(last.value.data.revisions, {
    number: written.number,
    reason: "written while a websocket listens",
  });
  await news.return();
  await graphql.dispose();
});

test("many operations share a websocket", async () => {
  const graphql = client({ lazy: false });
  const ask = (n) =>
    new Promise((resolve, reject) => {
      let data;
      graphql.subscribe(
        { query: `query Q${n} { a${n}: __typename }` },
        { next: (r) => (data = r.data), error: reject, complete: () => resolve(data) },
      );
    });
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => ask(n)));
  assert.deepEqual(
    answers,
    Array.from({ length: 40 }, (_, n) => ({ [`a${n}`]: "Query" })),
  );
  await graphql.dispose();
});

test("a fault of the query is an error of the operation, and the socket lives on", async () => {
  const graphql = client({ lazy: false });
  const fault = await new Promise((resolve, reject) => {
    graphql.subscribe(
      { query: "{ nosuchfield }" },
      { next: reject, error: resolve, complete: reject },
    );
  });
  assert.equal(fault[0].extensions.code, "INVALID_INPUT");
  const answer = await graphql.iterate({ query: "{ __typename }" }).next();
  assert.deepEqual(answer.value.data, { __typename: "Query" });
  await graphql.dispose();
});

test("the client's ping is answered", async () => {
  const payload = await new Promise((resolve, reject) => {
    const socket = new WebSocket(socketUrl(url), protocol);
    socket.on("error", reject);
    socket.on("open", () => socket.send(JSON.stringify({ type: "ping", payload: { n: 1 } })));
    socket.on("message", (data) => {
      socket.close();
      resolve(JSON.parse(data));
    });
  });
  assert.deepEqual(payload, { type: "pong", payload: { n: 1 } });
});

const codes = [
  ["a frame that is not JSON", [init, "{"], 4400],
  ["a frame that is a list", ["[]"], 4400],
  [
    "a type that the protocol does not know",
    [init, '{"type":"start","id":"1","payload":{"query":"{__typename}"}}'],
    4400,
  ],
  [
    "subscribe without an id",
    [init, '{"type":"subscribe","payload":{"query":"{__typename}"}}'],
    4400,
  ],
  ["subscribe without a query", [init, '{"id":"1","type":"subscribe","payload":{}}'], 4400],
  ["subscribe before connection_init", [subscribe("1", "{ __typename }")], CloseCode.Unauthorized],
  [
    "an id that is in use",
    [init, subscribe("1", forever), subscribe("1", forever)],
    CloseCode.SubscriberAlreadyExists,
  ],
  ["connection_init twice", [init, init], CloseCode.TooManyInitialisationRequests],
];
for (const [name, frames, code] of codes) {
  test(`${name} closes with ${code}`, async () => {
    const closed = await closing(url, frames);
    assert.equal(closed.code, code);
    assert.notEqual(closed.reason, "");
  });
}

test("an id that is in use is named", async () => {
  const closed = await closing(url, [init, subscribe("uno", forever), subscribe("uno", forever)]);
  assert.equal(closed.reason, "Subscriber for uno already exists");
});

test(`another subprotocol closes with ${CloseCode.SubprotocolNotAcceptable}`, async () => {
  // Without any: the client itself refuses a server that speaks none it offered.
  const closed = await closing(url, [], []);
  assert.deepEqual(closed, {
    code: CloseCode.SubprotocolNotAcceptable,
    reason: "Subprotocol not acceptable",
  });
});

test(`silence closes with ${CloseCode.ConnectionInitialisationTimeout}`, async () => {
  const closed = await closing(strictUrl, []);
  assert.deepEqual(closed, {
    code: CloseCode.ConnectionInitialisationTimeout,
    reason: "Connection initialisation timeout",
  });
});

test(`a reader who is refused is told ${CloseCode.Forbidden}`, async () => {
  const closed = await closing(strictUrl, [init]);
  assert.deepEqual(closed, { code: CloseCode.Forbidden, reason: "Forbidden" });
  const graphql = client({ url: socketUrl(strictUrl) });
  const fault = await new Promise((resolve, reject) => {
    graphql.subscribe(
      { query: "{ __typename }" },
      { next: reject, error: resolve, complete: reject },
    );
  });
  assert.equal(fault.code, CloseCode.Forbidden);
});
