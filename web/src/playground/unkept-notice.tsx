import { useGraphiQL } from "@graphiql/react";

import { isTooLong, longestVariables } from "./asked";

/** Tells the reader of variables that will be gone when the page is left. */
export function UnkeptNotice() {
  const variables = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.variables ?? "");
  return (
    <p className="unkept" role="status">
      {isTooLong(variables) &&
        `These variables have more than ${longestVariables.toLocaleString("en")} characters, which ` +
          "is too long to be kept: they are gone when this page is left or loaded again, and the " +
          "history has the question without them. Keep them in a file of your own."}
    </p>
  );
}
