import { createLocalStorage, type Storage } from "@graphiql/toolkit";

/** Where GraphiQL keeps what has headers beside it: the history, its favourites, and the tabs. */
const withHeaders = ["graphiql:queries", "graphiql:favorites", "graphiql:tabState"];

/**
 * The browser's storage under a prefix of ours; where the reader has switched it off, one that
 * forgets when the page is left. No header is written to it, and those that an earlier playground
 * wrote are taken out: GraphiQL keeps them in its history even where it is told to keep none.
 */
export function openStorage(): Storage {
  const storage = openAny();
  const kept: Storage = {
    getItem: (key) => storage.getItem(key),
    setItem: (key, value) => {
      storage.setItem(key, withHeaders.includes(key) ? withoutHeaders(value) : value);
    },
    removeItem: (key) => {
      storage.removeItem(key);
    },
    clear: () => {
      storage.clear();
    },
    get length() {
      return storage.length;
    },
  };
  for (const key of withHeaders) {
    const value = storage.getItem(key);
    if (value !== null) {
      kept.setItem(key, value);
    }
  }
  return kept;
}

function withoutHeaders(text: string): string {
  try {
    return JSON.stringify(
      JSON.parse(text, (key, value: unknown) => (key === "headers" ? null : value)),
    );
  } catch {
    // What GraphiQL cannot read either.
    return "";
  }
}

function openAny(): Storage {
  try {
    const storage = createLocalStorage({ namespace: "vinculo-playground" });
    storage.getItem("graphiql:tabState");
    return storage;
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
