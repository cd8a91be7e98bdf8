import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { formatResult } from "@graphiql/toolkit";
import { useEffect, useRef } from "react";

import { askedElsewhere, takeLate, whenLate } from "./answers";

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
  useFocusAfterDialogs();
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
 * Puts the focus back where it was before a dialog took it. GraphiQL's dialogs would do so if they
 * knew which button opened them; as it is, the reader would start again at the top of the page.
 */
function useFocusAfterDialogs() {
  useEffect(() => {
    let outside: HTMLElement | null = null;
    const remember = ({ target }: Event) => {
      if (
        target instanceof HTMLElement &&
        document.querySelector(".graphiql-dialog") === null &&
        target.closest("button, a, input, textarea, [tabindex]") !== null
      ) {
        outside = target.closest("button, a, input, textarea, [tabindex]");
      }
    };
    const dialogs = new MutationObserver((changes) => {
      const closed = changes.some(({ removedNodes }) =>
        [...removedNodes].some(
          (node) => node instanceof Element && node.matches(".graphiql-dialog"),
        ),
      );
      if (closed && document.activeElement === document.body) {
        outside?.focus();
      }
    });
    document.addEventListener("focusin", remember);
    // Not every browser gives a button the focus when it is clicked.
    document.addEventListener("click", remember, { capture: true });
    dialogs.observe(document.body, { childList: true });
    return () => {
      document.removeEventListener("focusin", remember);
      document.removeEventListener("click", remember, { capture: true });
      dialogs.disconnect();
    };
  }, []);
}
