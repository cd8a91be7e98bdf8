// What the editor looks for on the global object to start its workers. Only a `var` declaration
// becomes a property of `globalThis`.
// eslint-disable-next-line no-var
declare var MonacoEnvironment: { getWorker(id: string, label: string): Worker } | undefined;

// The editor's packages declare no types for their parts.
declare module "monaco-editor/esm/vs/editor/edcore.main.js" {
  export * from "monaco-editor";
}
declare module "monaco-editor/esm/vs/editor/browser/config/tabFocus.js" {
  export const TabFocus: { setTabFocusMode(tabMovesFocus: boolean): void };
}
