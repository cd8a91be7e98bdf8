// The servers that judges_test.go has started: one that knows everybody on this
// machine, and one that knows nobody and is impatient.
export const url = required("VINCULO_URL");
export const strictUrl = required("VINCULO_STRICT_URL");

export const socketUrl = (of) => of.replace(/^http/, "ws");

function required(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: run \`go test ./test/judges\`, which starts the servers.`);
  }
  return value;
}

/** Writes one revision by POST, and gives what was answered. */
export async function write(reason) {
  const id = `judge-${crypto.randomUUID()}`;
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      query:
        "mutation Write($cs: ChangeSetInput!) { apply(changeSet: $cs) { number reason changes { index node { id } } } }",
      variables: {
        cs: { reason, changes: [{ putEntity: { id, kind: "PERSON", name: "José Pérez" } }] },
      },
    }),
  });
  const { data, errors } = await response.json();
  if (errors) {
    throw new Error(JSON.stringify(errors));
  }
  return data.apply;
}
