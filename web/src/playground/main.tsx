import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import "graphiql/style.css";
import "./playground.css";
import "./editor-workers";
import { Playground } from "./playground";
import { letSwipesThrough } from "./swipe";

const root = document.getElementById("root");
if (root === null) {
  throw new Error("playground/index.html has lost its #root element");
}
letSwipesThrough();
createRoot(root).render(
  <StrictMode>
    <Playground />
  </StrictMode>,
);
