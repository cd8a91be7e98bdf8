// GraphQL over server-sent events, distinct connections mode: the client of
// graphql-sse.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "graphql-sse";
import { strictUrl, url, write } from "./servers.js";

const client = (options = {}) => createClient({ url, retryAttempts: 0, ...options });

test("a query over an event stream", async () => {
  const answers = [];
  for await (const answer of client().iterate({ query: "{ stats { entities } }" })) {
    answers.push(answer);
  }
  assert.equal(answers.length, 1);
  assert.ok(answers[0].data.stats.entities >= 203);
});

test("a subscription replays, then follows, and ends when the client goes", async () => {
  const graphql = client();
  const news = graphql.iterate({
    query: "subscription News($after: Int) { revisions(after: $after) { number reason } }",
    variables: { after: 0 },
  });
  let last = await news.next();
  assert.equal(last.value.data.revisions.number, 1);
  const written = await write("written while an event stream listens");
  while (last.value.data.revisions.number < written.number) {
    last = await news.next();
  }
  assert.equal(last.value.data.revisions.reason, "written while an event stream listens");
  await news.return();
  graphql.dispose();
});

test("a fault of the query comes as an event", async () => {
  const answers = [];
  for await (const answer of client().iterate({ query: "{ nosuchfield }" })) {
    answers.push(answer);
  }
  assert.equal(answers[0].errors[0].extensions.code, "INVALID_INPUT");
});

test("a mutation over an event stream", async () => {
  const answers = [];
  const query =
    'mutation Write { apply(changeSet: { reason: "by event stream", changes: [{ putEntity: { kind: PERSON, name: "Ana Ruiz" } }] }) { number } }';
  for await (const answer of client().iterate({ query })) {
    answers.push(answer);
  }
  assert.ok(answers[0].data.apply.number > 1);
});

test("a reader who is refused gets a status, not a stream", async () => {
  const fault = await new Promise((resolve, reject) => {
    client({ url: strictUrl }).subscribe(
      { query: "{ __typename }" },
      { next: reject, error: resolve, complete: reject },
    );
  });
  assert.equal(fault.response.status, 401);
});

test("a browser's EventSource, which sends GET, reads and does not write", async () => {
  const ask = async (query) => {
    const response = await fetch(`${url}?query=${encodeURIComponent(query)}`, {
      headers: { accept: "text/event-stream" },
    });
    assert.match(response.headers.get("content-type"), /^text\/event-stream/);
    return response.text();
  };
  assert.match(
    await ask("{ __typename }"),
    /^:\n\nevent: next\ndata: \{"data":\{"__typename":"Query"\}\}\n\nevent: complete\ndata:\n\n$/,
  );
  assert.match(
    await ask('mutation { apply(changeSet: { reason: "x", changes: [] }) { number } }'),
    /INVALID_INPUT/,
  );
});
