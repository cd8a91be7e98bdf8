import { GraphiQL } from "graphiql";

import { examples } from "../examples";
import { Announcement } from "./announce";
import { noteTabs } from "./answers";
import { Conduct } from "./conduct";
import { examplesPlugin } from "./examples-panel";
import { fetcher } from "./fetcher";
import { historyPlugin, KeptHistory } from "./history-panel";
import icon from "./icon.svg";
import { openStorage } from "./storage";
import { UnkeptNotice } from "./unkept-notice";

const plugins = [examplesPlugin, historyPlugin];

const storage = openStorage();

// GraphiQL compares the tabs that it kept with the question and the variables that it kept, and
// opens one more tab where they differ. So the first visit keeps both, as if they had been typed;
// properties that give them would differ on every visit on which a tab has been edited.
if (storage.getItem("graphiql:tabState") === null) {
  storage.setItem("graphiql:query", examples[0]?.query ?? "");
  storage.setItem("graphiql:variables", examples[0]?.variables ?? "");
}

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
          onTabChange={noteTabs}
          defaultEditorToolsVisibility="variables"
          // Tokens typed under Headers stay in this tab and are never stored.
          shouldPersistHeaders={false}
          showPersistHeadersSettings={false}
          schemaDescription
        >
          <KeptHistory />
          <Conduct />
          <Announcement />
          <GraphiQL.Footer>
            <UnkeptNotice />
          </GraphiQL.Footer>
          <GraphiQL.Logo>
            <span className="run-hint">
              Run: <kbd>Ctrl</kbd>+<kbd>Enter</kbd>
            </span>
            <span className="run-hint">
              Tab moves on, or indents after <kbd>Ctrl</kbd>+<kbd>M</kbd>
            </span>
          </GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}
