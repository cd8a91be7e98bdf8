import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Each page of the binary is a folder here with an index.html, and comes out under the same
// path in dist: playground/index.html is served as /playground/. A page that joins later is
// one more entry in `input`.
export default defineConfig({
  // Relative addresses, so that the pages also work behind a proxy that adds a path.
  base: "./",
  plugins: [react()],
  worker: { format: "es" },
  resolve: {
    alias: {
      // What GraphiQL loads as its editor, and what it gets: the same, fitted to this page.
      "monaco-graphql/esm/monaco-editor.js": new URL("src/playground/editors.ts", import.meta.url)
        .pathname,
    },
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    // The browsers of the last few years; without legacy code the editor is a third smaller.
    target: "es2022",
    assetsDir: "playground/assets",
    // Nothing inlined: a data: URI in a script or style would need a wider content policy.
    assetsInlineLimit: 0,
    // The preload helper is only of use to browsers that the target excludes.
    modulePreload: { polyfill: false },
    // The editor is one large chunk on purpose; it is loaded once, from this machine.
    chunkSizeWarningLimit: 5000,
    license: { fileName: "playground/third-party-licences.md" },
    rolldownOptions: {
      input: { playground: "playground/index.html" },
      // GraphiQL's files carry notes to the React compiler, which has already run on them.
      checks: { moduleLevelDirective: false },
    },
  },
  server: {
    host: "127.0.0.1",
    // `npm run dev` beside `vinculo serve` on its usual address.
    proxy: { "/graphql": { target: "http://127.0.0.1:8080", ws: true } },
  },
});
