// A GraphQL server of @neo4j/graphql, as its own guide sets one up, on the data
// that the benchmarks load under labels of their own. A link that cites sources
// has to be a node there, for a relationship cannot point at one.
//
//   NEO4J_URI=bolt://127.0.0.1:7687 PORT=4000 NODE_ENV=production node server.js
//
// It listens on loopback, prints its address, and ends with its standard input.
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { Neo4jGraphQL } from "@neo4j/graphql";
import neo4j from "neo4j-driver";

const typeDefs = `#graphql
  type Entity @node(labels: ["PeerEntity"]) {
    id: ID!
    name: String!
    kind: String!
    out: [Link!]! @relationship(type: "FROM", direction: OUT)
    in: [Link!]! @relationship(type: "TO", direction: IN)
  }

  type Link @node(labels: ["PeerLink"]) {
    id: ID!
    kind: String!
    from: [Entity!]! @relationship(type: "FROM", direction: IN)
    to: [Entity!]! @relationship(type: "TO", direction: OUT)
    cites: [Source!]! @relationship(type: "CITES", direction: OUT, properties: "Cites")
  }

  type Source @node(labels: ["PeerSource"]) {
    id: ID!
    title: String!
  }

  type Cites @relationshipProperties {
    stance: String!
    locator: String!
  }
`;

const auth =
  process.env.NEO4J_USER === undefined
    ? undefined
    : neo4j.auth.basic(process.env.NEO4J_USER, process.env.NEO4J_PASSWORD ?? "");
const driver = neo4j.driver(process.env.NEO4J_URI, auth, { telemetryDisabled: true });
const schema = await new Neo4jGraphQL({ typeDefs, driver }).getSchema();
const server = new ApolloServer({ schema });
const { url } = await startStandaloneServer(server, {
  listen: { host: "127.0.0.1", port: Number(process.env.PORT ?? 0) },
  context: () => Promise.resolve({ sessionConfig: { database: "neo4j" } }),
});
console.log(url);

process.stdin.resume();
process.stdin.on("end", () => {
  void server
    .stop()
    .then(() => driver.close())
    .then(() => process.exit(0));
});
