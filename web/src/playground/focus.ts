/** What can have the focus. */
const focusable = "button, a[href], input, textarea, select, [tabindex]";

/** An element, and where it stood among those beside it. */
interface Step {
  element: Element;
  place: number;
}

/**
 * Gives the focus on where the element that has it goes: a tab that is closed, a row that is taken
 * out, a dialog. The browser would give it to the page, and the reader start again at its top.
 * GraphiQL's dialogs would give it back themselves if they knew which button opened them. It does so
 * until the function that it gives is called.
 */
export function keepFocus(): () => void {
  // From what had the focus last, outside of a dialog, to what is around it.
  let path: Step[] = [];
  const remember = ({ target }: Event) => {
    const element = target instanceof Element ? target.closest(focusable) : null;
    if (element !== null && document.querySelector(".graphiql-dialog") === null) {
      path = pathOf(element);
    }
  };
  const changes = new MutationObserver((all) => {
    if (document.activeElement !== document.body) {
      return;
    }
    const closed = all.some(({ removedNodes }) =>
      [...removedNodes].some((node) => node instanceof Element && node.matches(".graphiql-dialog")),
    );
    if (closed || path[0]?.element.isConnected === false) {
      giveOn(path);
    }
  });
  document.addEventListener("focusin", remember);
  // Not every browser gives a button the focus when it is clicked.
  document.addEventListener("click", remember, { capture: true });
  changes.observe(document.body, { childList: true, subtree: true });
  return () => {
    document.removeEventListener("focusin", remember);
    document.removeEventListener("click", remember, { capture: true });
    changes.disconnect();
  };
}

function pathOf(element: Element): Step[] {
  const path: Step[] = [];
  for (
    let at: Element | null = element;
    at !== null && at !== document.body;
    at = at.parentElement
  ) {
    path.push({ element: at, place: [...(at.parentElement?.children ?? [])].indexOf(at) });
  }
  return path;
}

/** Gives the focus to what a path begins with, else to what now stands in its place or before it. */
function giveOn(path: Step[]) {
  let [within] = path;
  for (const step of path) {
    const next = within && step.element.isConnected ? neighbour(step.element, within) : undefined;
    if (next !== undefined) {
      next.focus();
      return;
    }
    within = step;
  }
}

/** What an element holds that can have the focus, near something that it holds or has held. */
function neighbour(around: Element, { element: gone, place }: Step): HTMLElement | undefined {
  if (around.matches(".graphiql-tabs")) {
    return first(around.querySelectorAll(".graphiql-tab-active .graphiql-tab-button"));
  }
  if (around.matches(focusable)) {
    return first([around]);
  }
  const children = [...around.children];
  const before = children.slice(0, place).reverse();
  // From where something is gone the reader goes on; from where there is nothing left, back.
  const after = gone.isConnected ? [] : children.slice(place);
  for (const child of [...after, ...before]) {
    const found = first([child, ...child.querySelectorAll(focusable)]);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

function first(elements: Iterable<Element>): HTMLElement | undefined {
  for (const element of elements) {
    if (
      element instanceof HTMLElement &&
      element.matches(focusable) &&
      element.tabIndex >= 0 &&
      !element.matches(":disabled") &&
      element.checkVisibility()
    ) {
      return element;
    }
  }
  return undefined;
}
