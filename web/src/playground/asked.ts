import { without, type Versions } from "./merge";

/** What of an entry of the history makes it another question. */
interface Question {
  query: string;
  variables?: string | null;
}

/** How many characters of variables are kept. GraphiQL itself keeps no longer query in its history. */
export const longestVariables = 100_000;

/** The question that was asked last. */
let last = "";

/** What was taken out of the favourites and goes back into the history. */
let unliked: string[] = [];

/** Whether variables take so much room that they are not kept. */
export function isTooLong(variables: string): boolean {
  return variables.length > longestVariables;
}

/** Hears what is asked, before it is written down. */
export function noteAsked(question: Question) {
  last = textOf(question);
}

/** Hears how the favourites change. */
export function noteFavorites({ before, mine }: Omit<Versions<string>, "stored">) {
  unliked = without(before, mine).map(questionOf);
}

/**
 * Whether all that is new in a history was asked and is not there yet, or was there before under
 * another label, or was a favourite.
 */
export function isAsked({ before, mine }: Omit<Versions<string>, "stored">): boolean {
  const known = [...without(before, mine).map(questionOf), ...unliked];
  const newest = before.at(-1);
  return without(mine, before)
    .map(questionOf)
    .every(
      (question) =>
        known.includes(question) ||
        (question === last && (newest === undefined || questionOf(newest) !== question)),
    );
}

function questionOf(entry: string): string {
  return textOf(JSON.parse(entry) as Question);
}

function textOf({ query, variables }: Question): string {
  const kept = variables && !isTooLong(variables) ? variables : "";
  return JSON.stringify([query, kept]);
}
