// The rules of graphql-schema-linter: all that it has, but for those named here
// with the reason.
export const off = {
  // Fields, arguments and values stand in the order in which a reader needs
  // them: the id and the name first, the rare ones last; strengths and standings
  // in rising order. The alphabet would part `since` from `until`.
  "enum-values-sorted-alphabetically": "in the order of their meaning",
  "input-object-fields-sorted-alphabetically": "in the order of their use",
  "interface-fields-sorted-alphabetically": "in the order of their use",
  "type-fields-sorted-alphabetically": "in the order of their use",
};
