import type { EventDefinition } from "@daybook/core";
import type { SinkEntry } from "@daybook/core/store";
import { classOf, type LedgerKeys, type SplitEntry, type SplitOptions, splitEvent } from "@daybook/ledger";

interface Splitting {
  readonly options: SplitOptions;
  /** Top-level keys of the payload with personal data; undefined if the definition declares none. */
  readonly personal: ReadonlySet<string> | undefined;
}

const NONE: readonly string[] = [];

/**
 * Splits events as their definitions say (docs/ledger.md). The split runs on the thread that made the event: the
 * texts of head and parts cost less to hand over than the two dozen values of an event, and the writer parses
 * nothing.
 */
export class EventSplitter {
  readonly #keys: LedgerKeys;
  readonly #userIds: "readable" | "pseudonymous";
  readonly #known = new WeakMap<EventDefinition, Splitting>();

  constructor(keys: LedgerKeys, userIds: "readable" | "pseudonymous") {
    this.#keys = keys;
    this.#userIds = userIds;
  }

  /** @throws {LedgerError} for an event that can never be stored */
  split({ event, definition }: SinkEntry): SplitEntry {
    const { options, personal } = this.#splittingOf(definition);
    if (personal === undefined || event.data === undefined) return splitEvent(event, options);
    return splitEvent(event, { ...options, headKeys: Object.keys(event.data).filter((key) => !personal.has(key)) });
  }

  #splittingOf(definition: EventDefinition): Splitting {
    let splitting = this.#known.get(definition);
    if (splitting === undefined) {
      const { personal, resourceId, retention } = definition;
      splitting = {
        options: {
          headKeys: NONE,
          resourceIdDeclared: resourceId === "impersonal",
          classOf: retention === undefined ? classOf : () => retention,
          keys: this.#keys,
          userIds: this.#userIds,
        },
        personal: personal && new Set(personal.map(topLevelKey)),
      };
      this.#known.set(definition, splitting);
    }
    return splitting;
  }
}

function topLevelKey(path: string): string {
  const [key = path] = path.split(".", 1);
  return key;
}
