// The schema and the playground's example queries, by graphql-eslint and
// graphql-schema-linter, under eslint.config.js and schema-linter.js.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ESLint } from "eslint";
import { buildSchema, getNamedType, isObjectType } from "graphql";
import { off } from "./schema-linter.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = fileURLToPath(new URL("./", import.meta.url));
const files = ["schema.graphqls", "graph/vocabulary.graphqls"];

test("graphql-eslint finds nothing", async () => {
  const eslint = new ESLint({ cwd: root, overrideConfigFile: `${here}eslint.config.js` });
  const results = await eslint.lintFiles([...files, "web/src/examples/*.graphql"]);
  assert.ok(results.length > files.length, "the example queries were found");
  const findings = results.flatMap(({ filePath, messages }) =>
    messages.map(
      ({ line, ruleId, message }) =>
        `${filePath.slice(root.length)}:${line}: ${ruleId}: ${message}`,
    ),
  );
  assert.deepEqual(findings, []);
});

test("graphql-schema-linter finds nothing but what is switched off with a reason", () => {
  const linter = spawnSync(
    process.execPath,
    [`${here}node_modules/graphql-schema-linter/lib/cli.js`, "--format", "json", ...files],
    { cwd: root, encoding: "utf8" },
  );
  const { errors } = JSON.parse(linter.stdout);
  const findings = errors
    .filter(({ rule }) => !(rule in off))
    .map(({ rule, message, location }) => `${location.file}:${location.line}: ${rule}: ${message}`);
  assert.deepEqual(findings, []);
  const found = new Set(errors.map(({ rule }) => rule));
  for (const rule of Object.keys(off)) {
    assert.ok(
      found.has(rule),
      `${rule} is switched off, and would find nothing: switch it on again`,
    );
  }
});

test("the edges of every connection hold records, but for those that hold none of the graph", () => {
  const schema = buildSchema(
    files.map((file) => readFileSync(`${root}${file}`, "utf8")).join("\n"),
  );
  const values = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && type.name.endsWith("Edge"))
    .map((type) => getNamedType(type.getFields().node.type))
    .filter((node) => !node.getInterfaces().some(({ name }) => name === "Node"))
    .map(({ name }) => name);
  assert.deepEqual(values.sort(), [
    "Difference",
    "HistoryStep",
    "Proposal",
    "SearchHit",
    "Token",
  ]);
});
