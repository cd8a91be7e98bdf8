/**
 * Lets a swipe over an editor move the page where the editor itself has nothing more to show that
 * way. The editor takes every touch for its own, so that on a telephone the page would be stuck
 * wherever an editor fills the screen.
 */
export function letSwipesThrough(): void {
  let lastY = 0;
  let belongsTo: "unknown" | "editor" | "page" = "unknown";

  const startOf = (event: TouchEvent) => {
    if (editorUnder(event) === null) {
      return;
    }
    belongsTo = "unknown";
    lastY = event.touches[0]?.clientY ?? 0;
    leaveToBrowser(event);
  };
  const moveOf = (event: TouchEvent) => {
    const editor = editorUnder(event);
    if (editor === null) {
      return;
    }
    const y = event.touches[0]?.clientY ?? lastY;
    if (belongsTo === "unknown" && y !== lastY) {
      belongsTo = canScroll(editor, lastY - y) ? "editor" : "page";
    }
    if (belongsTo === "page") {
      leaveToBrowser(event);
    }
  };
  const endOf = (event: TouchEvent) => {
    if (editorUnder(event) !== null && belongsTo === "page") {
      leaveToBrowser(event);
    }
  };
  // These run before the editor's own listeners, which are on the document.
  addEventListener("touchstart", startOf, { capture: true, passive: false });
  addEventListener("touchmove", moveOf, { capture: true, passive: false });
  addEventListener("touchend", endOf, { capture: true });
}

function editorUnder(event: TouchEvent): Element | null {
  return event.target instanceof Element ? event.target.closest(".monaco-editor") : null;
}

/** Whether an editor has lines beyond its edge on the side to which the reader moves on. */
function canScroll(editor: Element, down: number): boolean {
  const text = editor.querySelector(".lines-content");
  const lines = editor.querySelector(".view-lines");
  const window = editor.querySelector(".editor-scrollable");
  if (text === null || lines === null || window === null) {
    return false;
  }
  const edges = window.getBoundingClientRect();
  const extent = lines.getBoundingClientRect();
  return down > 0 ? extent.bottom > edges.bottom + 1 : extent.top < edges.top - 1;
}

/** The editor still hears of the touch, but cannot keep the browser from acting on it. */
function leaveToBrowser(event: TouchEvent): void {
  event.preventDefault = () => undefined;
}
