// The rules of graphql-eslint for the schema and for the example queries of the
// playground: all recommended ones and those for Relay. Whatever is off or set
// otherwise has its reason beside it.
import { fileURLToPath } from "node:url";
import graphql from "@graphql-eslint/eslint-plugin";

const root = fileURLToPath(new URL("../../", import.meta.url));
const language = {
  parser: graphql.parser,
  parserOptions: {
    graphQLConfig: {
      schema: [`${root}schema.graphqls`, `${root}graph/vocabulary.graphqls`],
      documents: `${root}web/src/examples/*.graphql`,
    },
  },
};
const plugins = { "@graphql-eslint": graphql };

export default [
  {
    files: ["**/*.graphqls"],
    plugins,
    languageOptions: language,
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      ...graphql.configs["flat/schema-recommended"].rules,
      ...graphql.configs["flat/schema-relay"].rules,
      // Descriptions are a sentence or two: on a line of their own, without two
      // more lines for the quotation marks.
      "@graphql-eslint/description-style": ["error", { style: "inline" }],
      // What has no id is a value: a part of the record that holds it, or a
      // page, a hit, a way or a count, which exist for one answer only. An id
      // would promise that `node` finds them again. A capture is known by its
      // SHA-256, a step of a history by its revision.
      "@graphql-eslint/strict-id-in-types": [
        "error",
        {
          exceptions: {
            types: [
              "Asserter",
              "AttachedCapture",
              "Bounds",
              "Capture",
              "Change",
              "ClaimImpact",
              "ClaimVersion",
              "CommandChain",
              "CommonNeighbor",
              "CommonNeighbors",
              "CommonTime",
              "Communities",
              "Community",
              "Contradiction",
              "Contradictions",
              "CreatedToken",
              "Difference",
              "DuplicatePair",
              "Duplicates",
              "FieldChange",
              "Ground",
              "HistoryStep",
              "Hop",
              "LinksAmong",
              "MatchCandidate",
              "MatchReason",
              "Matches",
              "Moment",
              "Name",
              "Note",
              "PageInfo",
              "Path",
              "Paths",
              "Point",
              "ProposalReview",
              "Quote",
              "QuoteCheck",
              "RankedEntity",
              "Ranking",
              "Responsibility",
              "ResponsibleUnit",
              "Rung",
              "SearchHit",
              "SourceImpact",
              "StandingChange",
              "Stats",
              "Strength",
              "Subgraph",
              "SubgraphEntity",
              "TimeChange",
              "TimeChanges",
              "Timeline",
              "ValidTime",
              "Vocabulary",
            ],
            suffixes: ["Connection", "Definition", "Edge"],
          },
        },
      ],
      "@graphql-eslint/relay-edge-types": [
        "error",
        {
          withEdgeSuffix: true,
          // A hit of a search is no record: the entity inside of it is. Nor are
          // a difference, and proposals and tokens, which are no part of the
          // graph. schema.test.js checks that there are no other such edges.
          shouldImplementNode: false,
          // Connections have the shortcut `nodes` beside `edges`, and lists that
          // are short by nature (names, kinds, observed dates) are not paged.
          listTypeCanWrapOnlyEdgeType: false,
        },
      ],
    },
  },
  {
    files: ["**/examples/*.graphql"],
    plugins,
    languageOptions: language,
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      ...graphql.configs["flat/operations-recommended"].rules,
      // It serves clients that keep a cache by id. These queries are read by
      // people, who have no use for the id of each end of each link.
      "@graphql-eslint/require-selections": "off",
      // The card of an entity, down to who asserts a citation, is 9 levels deep;
      // the server's own limit is the one that counts.
      "@graphql-eslint/selection-set-depth": ["error", { maxDepth: 15 }],
    },
  },
];
