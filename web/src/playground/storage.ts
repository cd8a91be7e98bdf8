import type { Storage } from "@graphiql/toolkit";

import { isContested, mergeHistory, mergeTabs, type Tab } from "./merge";

const namespace = "vinculo-playground:";

const tabsKey = "graphiql:tabState";

/** What each window has of its own: its tabs, and the text of the one that is open. */
const ofWindow = [tabsKey, "graphiql:query", "graphiql:variables"];

/** The history and its favourites, by how many entries GraphiQL keeps of each. */
const histories = new Map([
  ["graphiql:queries", 20],
  ["graphiql:favorites", Number.POSITIVE_INFINITY],
]);

/** Where GraphiQL keeps what has headers beside it. */
const withHeaders = [tabsKey, ...histories.keys()];

interface Tabs {
  activeTabIndex: number;
  tabs: Tab[];
}

/**
 * The browser's storage under a prefix of ours; where the reader has switched it off, one that
 * forgets when the page is left. No header is written to it, and those that an earlier playground
 * wrote are taken out: GraphiQL keeps them in its history even where it is told to keep none.
 *
 * GraphiQL writes down what one window knows, as if there were no other. So each window has its tabs
 * in a storage of its own, and into the one that all share goes only what it has changed. A window
 * that is new begins with what is shared.
 */
export function openStorage(): Storage {
  const shared = openArea(() => localStorage);
  const own = openArea(() => sessionStorage);
  for (const key of withHeaders) {
    copy(key, shared, shared, withoutHeaders);
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
    const entries = mergeHistory({
      before: readHistory(key, known.get(key)),
      mine: readHistory(key, text),
      stored: readHistory(key, shared.getItem(key)),
    });
    shared.setItem(key, writeHistory(key, entries.slice(-length)));
    known.set(key, text);
  };

  // A tab that another window has closed, or has written over because it knew of it too late, is
  // still open here. What was cleared stays away.
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== namespace + tabsKey || newValue === null) {
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
      if (key === tabsKey) {
        setTabs(withoutHeaders(value));
      } else if (length !== undefined) {
        setHistory(key, withoutHeaders(value), length);
      } else {
        if (ofWindow.includes(key)) {
          own.setItem(key, value);
        }
        shared.setItem(key, value);
      }
    },
    removeItem: (key) => {
      known.delete(key);
      own.removeItem(key);
      shared.removeItem(key);
    },
    clear: () => {
      known.clear();
      own.clear();
      shared.clear();
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

function withoutHeaders(text: string): string {
  return JSON.stringify(parsed(text, (key, value) => (key === "headers" ? null : value)));
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

function openArea(open: () => globalThis.Storage): Storage {
  try {
    const storage = open();
    const keys = () => Object.keys(storage).filter((key) => key.startsWith(namespace));
    keys();
    return {
      getItem: (key) => storage.getItem(namespace + key),
      setItem: (key, value) => {
        storage.setItem(namespace + key, value);
      },
      removeItem: (key) => {
        storage.removeItem(namespace + key);
      },
      clear: () => {
        for (const key of keys()) {
          storage.removeItem(key);
        }
      },
      get length() {
        return keys().length;
      },
    };
  } catch {
    const kept = new Map<string, string>();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => {
        kept.set(key, value);
      },
      removeItem: (key) => {
        kept.delete(key);
      },
      clear: () => {
        kept.clear();
      },
      get length() {
        return kept.size;
      },
    };
  }
}
