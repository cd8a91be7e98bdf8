import { useGraphiQL, type GraphiQLPlugin } from "@graphiql/react";
import { HISTORY_PLUGIN, History, HistoryStore, useHistoryActions } from "@graphiql/plugin-history";
import { useEffect, useRef } from "react";

import { noteAsked } from "./asked";
import { operationOf } from "./fetcher";

/** GraphiQL's history, in which each entry is called by its question. */
export const historyPlugin: GraphiQLPlugin = { ...HISTORY_PLUGIN, content: HistoryPanel };

/** Keeps the history. GraphiQL does so itself for its own panel alone. */
export function KeptHistory() {
  return (
    <>
      <AskedQuestions />
      <HistoryStore>{null}</HistoryStore>
    </>
  );
}

/**
 * Writes down each question as it is asked. GraphiQL itself would do so with what its tab knows of
 * the text, which is a moment old, and again with each letter that is typed until the answer comes;
 * the storage takes nothing that was not noted here.
 */
function AskedQuestions() {
  const history = useHistoryActions();
  const { queryId, isFetching, queryEditor, variableEditor, tab } = useGraphiQL((state) => ({
    queryId: state.queryId,
    isFetching: state.isFetching,
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
    tab: state.tabs[state.activeTabIndex],
  }));
  const noted = useRef(queryId);

  useEffect(() => {
    if (!isFetching || noted.current === queryId) {
      return;
    }
    noted.current = queryId;
    const query = queryEditor?.getValue() ?? "";
    const variables = variableEditor?.getValue() ?? "";
    const operationName =
      operationOf({ query, operationName: tab?.operationName ?? null })?.name?.value ?? "";
    noteAsked({ query, variables });
    history.addToHistory({ query, variables, headers: tab?.headers ?? "", operationName });
  }, [queryId, isFetching, queryEditor, variableEditor, tab, history]);
  return null;
}

function HistoryPanel() {
  const panel = useRef<HTMLDivElement>(null);
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  const headers = useRef("");

  // GraphiQL calls the buttons of every entry the same, so that by ear none can be told from
  // another.
  useEffect(() => {
    const name = () => {
      for (const entry of panel.current?.querySelectorAll(".graphiql-history-item") ?? []) {
        const question = entry.querySelector(".graphiql-history-item-label")?.textContent.trim();
        for (const button of entry.querySelectorAll("button[aria-label]")) {
          const action = button.getAttribute("aria-label")?.split(": ")[0] ?? "";
          const label = question === undefined ? action : `${action}: ${question}`;
          if (button.getAttribute("aria-label") !== label) {
            button.setAttribute("aria-label", label);
          }
        }
      }
    };
    name();
    const changes = new MutationObserver(name);
    if (panel.current !== null) {
      changes.observe(panel.current, {
        childList: true,
        subtree: true,
        characterData: true,
        attributeFilter: ["aria-label"],
      });
    }
    return () => {
      changes.disconnect();
    };
  }, []);

  // An entry has the headers of its time, or none once the page has been left. Those that stand in
  // the tab are the reader's.
  return (
    <div
      ref={panel}
      onClickCapture={() => {
        headers.current = headerEditor?.getValue() ?? "";
      }}
      onClick={() => {
        if (headerEditor && headerEditor.getValue() !== headers.current) {
          headerEditor.setValue(headers.current);
        }
      }}
    >
      <History />
    </div>
  );
}
