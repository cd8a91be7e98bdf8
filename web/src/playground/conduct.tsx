import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useRef } from "react";

/** What the page does beside GraphiQL when something happens in it. It shows nothing itself. */
export function Conduct() {
  useHeadersInNewTabs();
  return null;
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
