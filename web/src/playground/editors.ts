import "monaco-editor/esm/vs/basic-languages/graphql/graphql.contribution.js";
import "monaco-editor/esm/vs/language/json/monaco.contribution.js";
import * as monaco from "monaco-editor/esm/vs/editor/edcore.main.js";

export * from "monaco-editor/esm/vs/editor/edcore.main.js";

// GraphiQL has no property for the options of its editors. It makes them with the function
// that is replaced here, and loads this module in place of the editor: vite.config.ts
// has the name that it asks for.
const { create } = monaco.editor;
monaco.editor.create = (container, options = {}, overrides) => {
  return create(
    container,
    {
      ...options,
      // Where the text has no more lines, the wheel moves what lies around it.
      scrollbar: { ...options.scrollbar, alwaysConsumeMouseWheel: false },
    },
    overrides,
  );
};
