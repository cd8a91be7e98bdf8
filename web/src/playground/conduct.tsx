import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useRef } from "react";

/** As in playground.css: the parts stand below one another. */
const stacked = matchMedia("(max-width: 52rem)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** What the page does beside GraphiQL when something happens in it. It shows nothing itself. */
export function Conduct() {
  useTabInView();
  useAnswerInView();
  useHeadersInNewTabs();
  return null;
}

function behavior(): ScrollBehavior {
  return calm.matches ? "auto" : "smooth";
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
  const { queryId, isFetching } = useGraphiQL((state) => ({
    queryId: state.queryId,
    isFetching: state.isFetching,
  }));
  const shown = useRef(queryId);

  useEffect(() => {
    if (isFetching || shown.current === queryId) {
      return;
    }
    shown.current = queryId;
    if (stacked.matches) {
      document
        .querySelector(".graphiql-response")
        ?.scrollIntoView({ block: "start", behavior: behavior() });
    }
  }, [queryId, isFetching]);
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
