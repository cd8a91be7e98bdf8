import "monaco-editor/esm/vs/basic-languages/graphql/graphql.contribution.js";
import "monaco-editor/esm/vs/language/json/monaco.contribution.js";
import { TabFocus } from "monaco-editor/esm/vs/editor/browser/config/tabFocus.js";
import * as monaco from "monaco-editor/esm/vs/editor/edcore.main.js";

export * from "monaco-editor/esm/vs/editor/edcore.main.js";

interface Box {
  name: string;
  purpose: string;
}

/** What the boxes of text are called, by the end of the path that GraphiQL gives their text. */
const boxes: Record<string, Box> = {
  "operation.graphql": { name: "Query", purpose: "edit" },
  "variables.json": { name: "Variables", purpose: "edit" },
  "request-headers.json": { name: "Headers", purpose: "edit" },
  "response.json": { name: "Answer", purpose: "read" },
};

// GraphiQL has no property for the options and colours of its editors. It makes them with the two
// functions that are replaced here, and loads this module in place of the editor: vite.config.ts
// has the name that it asks for.
const { create, defineTheme } = monaco.editor;
monaco.editor.create = (container, options = {}, overrides) => {
  const box = boxOf(options.model?.uri.path ?? "");
  if (box) {
    // The reader first comes to the element around the text, and goes in with Enter.
    if (container.tagName !== "SECTION") {
      container.setAttribute("role", "group");
    }
    container.setAttribute("aria-label", `${box.name}: press Enter to ${box.purpose}`);
    // GraphiQL has an answer read out as it comes, all of it. In its place its size is told.
    container.removeAttribute("aria-live");
    container.removeAttribute("aria-atomic");
  }
  return create(
    container,
    {
      ...options,
      ...(box ? { ariaLabel: box.name } : {}),
      // The number of a last line that is empty would be dimmed.
      renderFinalNewline: "on",
      // What the editor proposes may be wider than what it stands in, which would cut it off.
      fixedOverflowWidgets: true,
      // Where the text has no more lines, the wheel moves what lies around it.
      scrollbar: { ...options.scrollbar, alwaysConsumeMouseWheel: false },
    },
    overrides,
  );
};
monaco.editor.defineTheme = (name, theme) => {
  defineTheme(name, readable(theme));
};

// Who has no mouse must be able to leave an editor: Tab moves on, and Ctrl+M lets it indent.
TabFocus.setTabFocusMode(true);

function boxOf(path: string): Box | undefined {
  return Object.entries(boxes).find(([end]) => path.endsWith(end))?.[1];
}

/** A theme in which every kind of word stands out from the page, with a contrast of 4.5 or more. */
function readable(theme: monaco.editor.IStandaloneThemeData): monaco.editor.IStandaloneThemeData {
  const dark = theme.base === "vs-dark";
  return {
    ...theme,
    colors: {
      ...theme.colors,
      "editorLineNumber.foreground": dark ? "#97a3b3" : "#4a5a6e",
      "editorLineNumber.activeForeground": dark ? "#d5dbe4" : "#241a1f",
      "editorSuggestWidget.foreground": dark ? "#f3edef" : "#241a1f",
      "editorSuggestWidget.selectedForeground": dark ? "#f3edef" : "#241a1f",
      "editorSuggestWidget.selectedIconForeground": dark ? "#f3edef" : "#241a1f",
      "editorSuggestWidget.highlightForeground": dark ? "#ffa3c4" : "#a00368",
      "editorSuggestWidget.focusHighlightForeground": dark ? "#ffa3c4" : "#a00368",
    },
    rules: [
      ...theme.rules,
      { token: "comment", foreground: dark ? "86b872" : "1f6b1f" },
      { token: "number", foreground: dark ? "b5cea8" : "06603f" },
      { token: "argument.identifier.gql", foreground: dark ? "aca7ff" : "5451b5" },
    ],
  };
}
