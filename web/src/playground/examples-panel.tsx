import { useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from "@graphiql/react";
import { getOperationAST, parse } from "graphql";
import { useId, type ReactNode } from "react";

import { examples, type Example } from "../examples";

/** The panel beside the editor that lists the example questions. */
export const examplesPlugin: GraphiQLPlugin = {
  title: "Example questions",
  icon: ExamplesIcon,
  content: ExamplesPanel,
};

function ExamplesPanel() {
  const heading = useId();
  const open = useOpenExample();
  const current = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.query?.trim() ?? "");

  return (
    <nav className="examples" aria-labelledby={heading}>
      <h2 id={heading} className="examples-heading">
        Example questions
      </h2>
      <p className="examples-intro">
        Asked of the demonstration case: the disappearance of the 43 students of Ayotzinapa in{" "}
        <span lang="es">Iguala</span>, 2014. Choosing one opens it in a tab and asks it.
      </p>
      <ol className="examples-list">
        {examples.map((example) => (
          <li key={example.title}>
            <button
              type="button"
              className="examples-item"
              aria-current={current === example.query.trim() ? "true" : undefined}
              onClick={() => {
                open(example);
              }}
            >
              <span className="examples-title">{example.title}</span>
              <span className="examples-hint">{withCode(example.hint)}</span>
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}

/**
 * Gives a function that shows an example: in the tab that already holds it, else in a new one, so
 * that nothing the reader has written is lost. Queries are run at once.
 */
function useOpenExample(): (example: Example) => void {
  const actions = useGraphiQLActions();
  const { tabs, queryEditor, variableEditor, headerEditor } = useGraphiQL((state) => ({
    tabs: state.tabs,
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
    headerEditor: state.headerEditor,
  }));

  return (example) => {
    actions.stop();
    const { query, variables, operationName } = example;
    // Without the reader's token the server would answer as well, but with what is public alone.
    const headers = headerEditor?.getValue() ?? "";
    const held = tabs.findIndex(
      (tab) =>
        tab.query?.trim() === query.trim() && (tab.variables ?? "").trim() === variables.trim(),
    );
    if (held >= 0) {
      actions.changeTab(held);
    } else {
      actions.addTab();
      queryEditor?.setValue(query);
      variableEditor?.setValue(variables);
      actions.updateActiveTabValues({ query, variables, operationName });
    }
    if (headers !== "" && headerEditor?.getValue() === "") {
      headerEditor.setValue(headers);
    }
    // Also where there are none: no headers and empty ones would be two questions in the history.
    actions.updateActiveTabValues({ headers: headerEditor?.getValue() ?? "" });
    // The editor learns the new operation's name only a moment later; running before that would
    // send the name of the operation that stood there.
    const documentAST = parse(query);
    const operation = getOperationAST(documentAST, operationName);
    actions.setOperationFacts({
      documentAST,
      operationName,
      operations: operation ? [operation] : [],
    });
    if (example.runs) {
      actions.run();
    }
  };
}

/** Sets the words between backticks as code. */
function withCode(text: string): ReactNode[] {
  return text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}

function ExamplesIcon() {
  return (
    <svg
      viewBox="2.5 3 19 19"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      aria-hidden="true"
    >
      <path d="M4 5.5h16v11h-9.5L6 20v-3.5H4z" strokeLinejoin="round" />
      <path d="M9.7 9.2c.2-1.3 1.2-2 2.4-2s2.3.8 2.3 2c0 1.5-2.3 1.7-2.3 3.1" />
      <path d="M12.1 14.2v.6" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}
