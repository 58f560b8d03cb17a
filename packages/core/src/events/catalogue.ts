import { DaybookError } from "../daybook-error.ts";
import type { EventDefinition } from "./event-definition.ts";

/** The definitions an audit log accepts, found by type and action. */
export class Catalogue {
  readonly #definitions = new Map<string, EventDefinition>();

  /** @throws {DaybookError} `DUPLICATE_DEFINITION` */
  constructor(definitions: readonly EventDefinition[]) {
    for (const definition of definitions) {
      const name = nameOf(definition);
      const present = this.#definitions.get(name);
      if (present !== undefined && present !== definition) {
        throw new DaybookError("DUPLICATE_DEFINITION", `Give ${name} to one definition only, or rename the action of the other.`);
      }
      this.#definitions.set(name, definition);
    }
  }

  /** The listed definition of that name. A package that is loaded twice has its definitions twice. */
  find(definition: { readonly type: string; readonly action: string }): EventDefinition | undefined {
    return this.#definitions.get(nameOf(definition));
  }

  all(): readonly EventDefinition[] {
    return [...this.#definitions.values()];
  }
}

const nameOf = ({ type, action }: { readonly type: string; readonly action: string }) => `${type}/${action}`;
