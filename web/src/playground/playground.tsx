import { createLocalStorage, type Storage } from "@graphiql/toolkit";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";

import { examples } from "../examples";
import { examplesPlugin } from "./examples-panel";
import { fetcher } from "./fetcher";
import icon from "./icon.svg";

const plugins = [examplesPlugin, HISTORY_PLUGIN];

const storage = openStorage();

// GraphiQL fills the variables editor of the first tab only from its `initial…` properties, and
// these would open one more tab on every later visit; so they are given on the first visit alone.
const first =
  storage.getItem("graphiql:tabState") === null
    ? { initialQuery: examples[0]?.query ?? "", initialVariables: examples[0]?.variables ?? "" }
    : {};

/** The page: what Vínculo is and how to read it, above GraphiQL with the example questions. */
export function Playground() {
  return (
    <>
      <header className="masthead">
        <h1 className="masthead-name">
          <img className="masthead-mark" src={icon} alt="" width="26" height="26" />
          <span lang="es">Vínculo</span> <span className="masthead-page">playground</span>
        </h1>
        <p className="masthead-notice">
          <strong>Every link is a claim found in a source, not a fact vouched for.</strong> Read it
          with its standing, and with the citations that dispute it.
        </p>
      </header>
      <main className="workbench" aria-label="GraphQL editor">
        <GraphiQL
          fetcher={fetcher}
          plugins={plugins}
          visiblePlugin={examplesPlugin}
          storage={storage}
          defaultEditorToolsVisibility="variables"
          // Tokens typed under Headers stay in this tab and are never stored.
          shouldPersistHeaders={false}
          showPersistHeadersSettings={false}
          schemaDescription
          {...first}
        >
          <GraphiQL.Logo>
            <span className="run-hint">
              Run: <kbd>Ctrl</kbd>+<kbd>Enter</kbd>
            </span>
          </GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}

/**
 * The browser's storage under a prefix of ours; where the reader has switched it off, one that
 * forgets when the page is left.
 */
function openStorage(): Storage {
  try {
    const storage = createLocalStorage({ namespace: "vinculo-playground" });
    storage.getItem("graphiql:tabState");
    return storage;
  } catch {
    const kept = new Map<string, string>();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => {
        kept.set(key, value);
      },
      removeItem: (key) => {
        kept.delete(key);
      },
      clear: () => {
        kept.clear();
      },
      get length() {
        return kept.size;
      },
    };
  }
}
