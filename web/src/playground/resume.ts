import type { FetcherParams } from "@graphiql/toolkit";
import {
  getOperationAST,
  Kind,
  parse,
  print,
  visit,
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type SelectionSetNode,
} from "graphql";
import type { SubscribePayload } from "graphql-ws";

/** What is asked first, in the form in which it is sent. */
export function firstRequest({ query, operationName, variables }: FetcherParams): SubscribePayload {
  return {
    query,
    operationName: operationName ?? null,
    variables: (variables ?? null) as Record<string, unknown> | null,
  };
}

/**
 * Where a subscription to revisions stands, so that one that was cut off goes on after the last
 * revision that came.
 */
export class Place {
  readonly #first: SubscribePayload;
  readonly #document: DocumentNode;
  readonly #revisions: FieldNode | undefined;
  readonly #number: FieldNode | undefined;
  #began = false;
  #last: number | undefined;

  constructor(params: FetcherParams) {
    this.#first = firstRequest(params);
    this.#document = parse(params.query);
    const operation = getOperationAST(this.#document, params.operationName);
    this.#revisions = fieldOf(operation?.selectionSet, "revisions");
    this.#number = fieldOf(this.#revisions?.selectionSet, "number");
  }

  /** Takes note of a result. */
  pass({ data }: { data?: Record<string, unknown> | null | undefined }) {
    this.#began = true;
    if (this.#revisions && this.#number) {
      const revision = data?.[keyOf(this.#revisions)] as Record<string, unknown> | undefined;
      const number = revision?.[keyOf(this.#number)];
      this.#last = typeof number === "number" ? number : this.#last;
    }
  }

  /**
   * What to ask so that every revision is told of, and none twice. Null where that is not known: no
   * number has come, or what is asked would change with it.
   */
  onward(): SubscribePayload | null {
    // The only argument that there is.
    const after = this.#revisions?.arguments?.[0];
    if (!this.#began) {
      return this.#isGiven(after) ? this.#first : null;
    }
    if (this.#last === undefined || this.#revisions === undefined) {
      return null;
    }
    if (after?.value.kind !== Kind.VARIABLE) {
      return { ...this.#first, query: this.#withAfter(this.#last) };
    }
    const variable = after.value.name.value;
    if (this.#uses(variable) > 1) {
      return null;
    }
    return { ...this.#first, variables: { ...this.#first.variables, [variable]: this.#last } };
  }

  #isGiven(after: ArgumentNode | undefined): boolean {
    return after?.value.kind === Kind.VARIABLE
      ? typeof this.#first.variables?.[after.value.name.value] === "number"
      : after?.value.kind === Kind.INT;
  }

  #withAfter(number: number): string {
    const after: ArgumentNode = {
      kind: Kind.ARGUMENT,
      name: { kind: Kind.NAME, value: "after" },
      value: { kind: Kind.INT, value: String(number) },
    };
    return print(
      visit(this.#document, {
        Field: (field) =>
          field === this.#revisions ? { ...field, arguments: [after] } : undefined,
      }),
    );
  }

  #uses(variable: string): number {
    let uses = 0;
    visit(this.#document, {
      VariableDefinition: () => false,
      Variable: ({ name }) => {
        uses += name.value === variable ? 1 : 0;
      },
    });
    return uses;
  }
}

function fieldOf(selectionSet: SelectionSetNode | undefined, name: string): FieldNode | undefined {
  return selectionSet?.selections
    .filter((selection) => selection.kind === Kind.FIELD)
    .find((field) => field.name.value === name);
}

/** The key under which an answer holds a field. */
function keyOf({ alias, name }: FieldNode): string {
  return (alias ?? name).value;
}
