import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { formatResult } from "@graphiql/toolkit";
import { useEffect, useRef } from "react";

import { announce } from "./announce";
import { askedElsewhere, takeLate, whenLate } from "./answers";
import { isSchemaOfOthers, operationOf } from "./fetcher";
import { keepFocus } from "./focus";

/** As in playground.css: the parts stand below one another. */
const stacked = matchMedia("(max-width: 52rem)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** What the page does beside GraphiQL when something happens in it. It shows nothing itself. */
export function Conduct() {
  useEndWithTab();
  useLateAnswers();
  useTabInView();
  useAnswerInView();
  useHeadersInNewTabs();
  useSchemaWithToken();
  useStoredWhenLeft();
  useEffect(keepFocus, []);
  return null;
}

function behavior(): ScrollBehavior {
  return calm.matches ? "auto" : "smooth";
}

function useOpenTab(): string | undefined {
  return useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id);
}

/**
 * Ends a subscription with the visit to the tab that asked, and has the button ask again instead of
 * stop. GraphiQL does so itself on some ways out of a tab, but not where a new one is opened.
 */
function useEndWithTab() {
  const actions = useGraphiQLActions();
  const tab = useOpenTab();

  useEffect(() => {
    // An example is asked in the same moment as its tab is opened.
    if (askedElsewhere()) {
      actions.stop();
    }
  }, [tab, actions]);
}

/** Shows an answer that came while its tab was left, once that tab is open again. */
function useLateAnswers() {
  const actions = useGraphiQLActions();
  const tab = useOpenTab();
  const responseEditor = useGraphiQL((state) => state.responseEditor);

  useEffect(() => {
    const show = () => {
      const answer = takeLate();
      if (answer !== undefined) {
        const response = formatResult(answer);
        responseEditor?.setValue(response);
        actions.updateActiveTabValues({ response });
        announce(answer);
      }
    };
    show();
    return whenLate(show);
  }, [tab, responseEditor, actions]);
}

/** Moves the row of tabs, and nothing around it, so that the chosen tab can be seen. */
function useTabInView() {
  const { activeTabIndex, tabs } = useGraphiQL((state) => ({
    activeTabIndex: state.activeTabIndex,
    tabs: state.tabs,
  }));
  const title = tabs[activeTabIndex]?.title;

  useEffect(() => {
    const row = document.querySelector(".graphiql-tabs");
    const tab = document.querySelector(".graphiql-tab-active");
    if (row === null || tab === null) {
      return;
    }
    const edges = row.getBoundingClientRect();
    const extent = tab.getBoundingClientRect();
    const before = extent.left - edges.left;
    const beyond = extent.right - edges.right;
    if (before < 0 || beyond > 0) {
      row.scrollBy({ left: before < 0 ? before : Math.min(beyond, before), behavior: behavior() });
    }
  }, [activeTabIndex, tabs.length, title]);
}

/** Shows the answer to a question once it is there, where it would lie below the screen. */
function useAnswerInView() {
  const { queryId, isFetching, responseEditor } = useGraphiQL((state) => ({
    queryId: state.queryId,
    isFetching: state.isFetching,
    responseEditor: state.responseEditor,
  }));
  const shown = useRef(queryId);

  useEffect(() => {
    if (isFetching || shown.current === queryId) {
      return;
    }
    shown.current = queryId;
    // There is none where it was not waited for.
    if (stacked.matches && responseEditor?.getValue() !== "") {
      document
        .querySelector(".graphiql-response")
        ?.scrollIntoView({ block: "start", behavior: behavior() });
    }
  }, [queryId, isFetching, responseEditor]);
}

/**
 * Gives a tab that is opened empty the headers of the tab from which it was opened: without the
 * token of the reader the server answers too, but with less.
 */
function useHeadersInNewTabs() {
  const actions = useGraphiQLActions();
  const { tabs, activeTabIndex, headerEditor } = useGraphiQL((state) => ({
    tabs: state.tabs,
    activeTabIndex: state.activeTabIndex,
    headerEditor: state.headerEditor,
  }));
  const known = useRef({ ids: tabs.map((tab) => tab.id), active: tabs[activeTabIndex]?.id });

  useEffect(() => {
    const { ids, active } = known.current;
    const opened = tabs[activeTabIndex];
    known.current = { ids: tabs.map((tab) => tab.id), active: opened?.id };
    if (opened === undefined || ids.includes(opened.id) || opened.headers) {
      return;
    }
    const headers = tabs.find((tab) => tab.id === active)?.headers;
    if (headers) {
      headerEditor?.setValue(headers);
      actions.updateActiveTabValues({ headers });
    }
  }, [tabs, activeTabIndex, headerEditor, actions]);
}

/**
 * Asks for the schema again where the server refused it and the reader has given other headers since.
 * It does so once they are done with them: a token that is half typed would be one more that is wrong.
 */
function useSchemaWithToken() {
  const actions = useGraphiQLActions();
  const { fetchError, isFetching, headerEditor } = useGraphiQL((state) => ({
    fetchError: state.fetchError,
    isFetching: state.isFetching,
    headerEditor: state.headerEditor,
  }));

  useEffect(() => {
    if (fetchError === null || headerEditor === undefined) {
      return;
    }
    const tryAgain = () => {
      if (isSchemaOfOthers(headerEditor.getValue())) {
        void actions.introspect();
      }
    };
    if (isFetching) {
      tryAgain();
    }
    const left = headerEditor.onDidBlurEditorText(tryAgain);
    return () => {
      left.dispose();
    };
  }, [fetchError, isFetching, headerEditor, actions]);
}

/**
 * Writes the tabs down when the page is left. GraphiQL writes each change down half a second later,
 * and the text of the open tab apart from the list of tabs: who loads the page again before that
 * would miss what they wrote, or find it in one tab more.
 */
function useStoredWhenLeft() {
  const state = useGraphiQL((state) => ({
    storage: state.storage,
    tabs: state.tabs,
    activeTabIndex: state.activeTabIndex,
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
  }));
  const latest = useRef(state);

  useEffect(() => {
    latest.current = state;
  }, [state]);
  useEffect(() => {
    const store = () => {
      const { storage, tabs, activeTabIndex, queryEditor, variableEditor } = latest.current;
      if (queryEditor === undefined || variableEditor === undefined) {
        return; // and so nothing has changed
      }
      const query = queryEditor.getValue();
      const variables = variableEditor.getValue();
      const written = tabs.map((tab, index) => {
        if (index !== activeTabIndex) {
          return tab;
        }
        const { operationName } = tab;
        const name = operationOf({ query, operationName })?.name?.value;
        return { ...tab, query, variables, operationName: name ?? null, title: name ?? tab.title };
      });
      // As GraphiQL does, without what it does not store.
      const bare = written.map((tab) => ({ ...tab, hash: null, response: null, headers: null }));
      storage.set("tabState", JSON.stringify({ tabs: bare, activeTabIndex }));
      storage.set("query", query);
      storage.set("variables", variables);
    };
    addEventListener("pagehide", store);
    return () => {
      removeEventListener("pagehide", store);
    };
  }, []);
}
