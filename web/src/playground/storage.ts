import type { Storage } from "@graphiql/toolkit";

import { isAsked, isTooLong, noteFavorites } from "./asked";
import { isContested, mergeHistory, mergeTabs, type Tab } from "./merge";

const namespace = "vinculo-playground:";

const tabsKey = "graphiql:tabState";

/** A name for the last time that everything was cleared, which a window began after. */
const clearedKey = "cleared";

const variablesKey = "graphiql:variables";

/** What each window has of its own: its tabs, and the text of the one that is open. */
const ofWindow = [tabsKey, "graphiql:query", variablesKey];

const favoritesKey = "graphiql:favorites";

/** The history and its favourites, by how many entries GraphiQL keeps of each. */
const histories = new Map([
  ["graphiql:queries", 20],
  [favoritesKey, Number.POSITIVE_INFINITY],
]);

/** Where GraphiQL keeps what has headers beside it. */
const withHeaders = [tabsKey, ...histories.keys()];

interface Tabs {
  activeTabIndex: number;
  tabs: Tab[];
}

/**
 * The browser's storage under a prefix of ours; where the reader has switched it off or it is full,
 * one that forgets when the page is left. No header is written to it, and those that an earlier playground
 * wrote are taken out: GraphiQL keeps them in its history even where it is told to keep none. Nor
 * are variables so long that soon nothing else would have room.
 *
 * GraphiQL writes down what one window knows, as if there were no other. So each window has its tabs
 * in a storage of its own, and into the one that all share goes only what it has changed. A window
 * that is new begins with what is shared.
 */
export function openStorage(): Storage {
  const shared = openArea(() => localStorage);
  const own = openArea(() => sessionStorage);
  // A browser may give a window back what it had when it was closed.
  const began = shared.getItem(clearedKey);
  if (own.getItem(clearedKey) !== began) {
    own.clear();
    copy(clearedKey, shared, own);
  }
  for (const key of withHeaders) {
    copy(key, shared, shared, storable);
  }
  if (own.getItem(tabsKey) === null) {
    for (const key of ofWindow) {
      copy(key, shared, own);
    }
  }

  // What this window last wrote or read of each list, and the new ids of those of its tabs with
  // whose ids another window went on.
  const known = new Map(
    withHeaders.map((key) => [key, (key === tabsKey ? own : shared).getItem(key)]),
  );
  const ids = new Map<string, string>();

  // What this page still shows and knows would be written again with the next change. So it writes
  // nothing more, and begins anew.
  let over = false;
  const beginAnew = () => {
    if (!over) {
      over = true;
      own.clear();
      location.reload();
    }
  };
  const isOver = () => {
    if (shared.getItem(clearedKey) !== began) {
      beginAnew();
    }
    return over;
  };
  // A page that the reader comes back to was told of nothing while it was left.
  addEventListener("pageshow", isOver);

  const setTabs = (text: string) => {
    const given = readTabs(text);
    const before = readTabs(known.get(tabsKey)).tabs;
    const stored = readTabs(shared.getItem(tabsKey)).tabs;
    const mine = given.tabs.map((tab) => {
      const called = { ...tab, id: ids.get(tab.id) ?? tab.id };
      if (!isContested(called, { before, stored })) {
        return called;
      }
      const id = `${tab.id}-${Math.random().toString(36).slice(2)}`;
      ids.set(tab.id, id);
      return { ...tab, id };
    });
    const tabs = mergeTabs({ before, mine, stored });
    const open = mine[given.activeTabIndex]?.id;
    const activeTabIndex = tabs.findIndex(({ id }) => id === open);
    const written = JSON.stringify({ ...given, tabs: mine });
    own.setItem(tabsKey, written);
    shared.setItem(
      tabsKey,
      JSON.stringify({ ...given, tabs, activeTabIndex: Math.max(activeTabIndex, 0) }),
    );
    known.set(tabsKey, written);
  };

  const setHistory = (key: string, text: string, length: number) => {
    const versions = {
      before: readHistory(key, known.get(key)),
      mine: readHistory(key, text),
      stored: readHistory(key, shared.getItem(key)),
    };
    if (key === favoritesKey) {
      noteFavorites(versions);
    } else if (!isAsked(versions)) {
      // GraphiQL then takes it out of what it shows, too.
      throw new Error("The history has what was asked, once.");
    }
    const entries = mergeHistory(versions);
    shared.setItem(key, writeHistory(key, entries.slice(-length)));
    known.set(key, text);
  };

  // A tab that another window has closed, or has written over because it knew of it too late, is
  // still open here. What was cleared stays away.
  addEventListener("storage", ({ key, newValue }) => {
    if (isOver() || key !== namespace + tabsKey || newValue === null) {
      return;
    }
    const ours = own.getItem(tabsKey);
    const stored = new Set(readTabs(newValue).tabs.map(({ id }) => id));
    if (ours !== null && readTabs(ours).tabs.some(({ id }) => !stored.has(id))) {
      setTabs(ours);
    }
  });

  return {
    getItem: (key) => (ofWindow.includes(key) ? own : shared).getItem(key),
    setItem: (key, value) => {
      const length = histories.get(key);
      if (isOver()) {
        return;
      }
      if (key === tabsKey) {
        setTabs(storable(value));
      } else if (length !== undefined) {
        setHistory(key, storable(value), length);
      } else {
        const stored = key === variablesKey && isTooLong(value) ? "" : value;
        if (ofWindow.includes(key)) {
          own.setItem(key, stored);
        }
        shared.setItem(key, stored);
      }
    },
    removeItem: (key) => {
      known.delete(key);
      own.removeItem(key);
      shared.removeItem(key);
    },
    clear: () => {
      shared.clear();
      shared.setItem(clearedKey, Math.random().toString(36).slice(2));
      beginAnew();
    },
    get length() {
      return shared.length;
    },
  };
}

function copy(key: string, from: Storage, to: Storage, change = (value: string) => value) {
  const value = from.getItem(key);
  if (value !== null) {
    to.setItem(key, change(value));
  }
}

function readTabs(text: string | null | undefined): Tabs {
  return (parsed(text) as Tabs | null) ?? { activeTabIndex: 0, tabs: [] };
}

/** The entries of a stored list, which has the name of its key, each as text. */
function readHistory(key: string, text: string | null | undefined): string[] {
  const list = parsed(text) as Record<string, unknown[]> | null;
  return (list?.[listOf(key)] ?? []).map((entry) => JSON.stringify(entry));
}

function writeHistory(key: string, entries: string[]): string {
  return `{${JSON.stringify(listOf(key))}:[${entries.join()}]}`;
}

function listOf(key: string): string {
  return key.replace("graphiql:", "");
}

/** A list without what is not to be stored. */
function storable(text: string): string {
  const isKept = (key: string, value: unknown) =>
    key !== "headers" && !(key === "variables" && isTooLong(String(value)));
  return JSON.stringify(parsed(text, (key, value) => (isKept(key, value) ? value : null)));
}

/** What a text says; null where it says nothing that GraphiQL could read either. */
function parsed(
  text: string | null | undefined,
  reviver?: (key: string, value: unknown) => unknown,
): unknown {
  try {
    return JSON.parse(text ?? "null", reviver);
  } catch {
    return null;
  }
}

/** A part of the browser's storage. What does not fit there, or may not, is kept as long as the page. */
function openArea(open: () => globalThis.Storage): Storage {
  const storage = allowed(open);
  const unstored = new Map<string, string>();
  const keys = () => Object.keys(storage ?? {}).filter((key) => key.startsWith(namespace));
  return {
    getItem: (key) => unstored.get(key) ?? storage?.getItem(namespace + key) ?? null,
    setItem: (key, value) => {
      unstored.set(key, value);
      try {
        if (storage) {
          storage.setItem(namespace + key, value);
          unstored.delete(key);
        }
      } catch {
        // Full: other pages of this host share its room.
      }
    },
    removeItem: (key) => {
      unstored.delete(key);
      storage?.removeItem(namespace + key);
    },
    clear: () => {
      unstored.clear();
      for (const key of keys()) {
        storage?.removeItem(key);
      }
    },
    get length() {
      return keys().length + unstored.size;
    },
  };
}

function allowed(open: () => globalThis.Storage): globalThis.Storage | undefined {
  try {
    const storage = open();
    // Some browsers give it, and refuse to look into it.
    Object.keys(storage);
    return storage;
  } catch {
    return undefined;
  }
}
