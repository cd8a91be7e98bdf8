/** A list that this window and others change. */
export interface Versions<T> {
  /** What this window last wrote or read. */
  before: T[];
  /** What it is to this window now. */
  mine: T[];
  /** What is stored, perhaps by another. */
  stored: T[];
}

/** A tab as GraphiQL stores it, with what is of interest here. */
export interface Tab {
  id: string;
  query: string | null;
  variables: string | null;
}

/**
 * The history with what this window added to it and without what it took out, whatever others have
 * done to it.
 */
export function mergeHistory({ before, mine, stored }: Versions<string>): string[] {
  if (isSame(before, stored)) {
    return mine;
  }
  const added = without(mine, before);
  const removed = without(before, mine);
  return [...without(stored, removed), ...added];
}

/**
 * The tabs of this window before those that others have. One that several have is as it was left by
 * who changed it last, and goes when the last of them closes it.
 */
export function mergeTabs({ before, mine, stored }: Versions<Tab>): Tab[] {
  const ours = mine.map((tab) => (isUnchanged(tab, before) ? (find(stored, tab) ?? tab) : tab));
  const others = stored.filter((tab) => !find(mine, tab) && !isUnchanged(tab, before));
  return [...ours, ...others];
}

/** Whether both this window and another have changed a tab of this window, in different ways. */
export function isContested(tab: Tab, { before, stored }: Omit<Versions<Tab>, "mine">): boolean {
  const elsewhere = find(stored, tab);
  return (
    elsewhere !== undefined &&
    !hasSameText(tab, elsewhere) &&
    !isUnchanged(tab, before) &&
    !isUnchanged(elsewhere, before)
  );
}

function isUnchanged(tab: Tab, before: Tab[]): boolean {
  const was = find(before, tab);
  return was !== undefined && hasSameText(tab, was);
}

function find(tabs: Tab[], { id }: Tab): Tab | undefined {
  return tabs.find((tab) => tab.id === id);
}

function hasSameText(one: Tab, other: Tab): boolean {
  return one.query === other.query && one.variables === other.variables;
}

function isSame(one: string[], other: string[]): boolean {
  return one.length === other.length && one.every((entry, index) => entry === other[index]);
}

/** The entries without others, of which each takes out one that is alike. */
export function without(entries: string[], others: string[]): string[] {
  const left = [...others];
  return entries.filter((entry) => {
    const place = left.indexOf(entry);
    if (place >= 0) {
      left.splice(place, 1);
    }
    return place < 0;
  });
}
