import { join } from "node:path";
import type { AuditEvent, EventDefinition } from "@daybook/core";
import { appendEntries, uuidV7 } from "@daybook/core/store";
import type { VerifyReport } from "@daybook/ledger";
import { expect, onTestFinished } from "vitest";
import { openSqliteReader, openSqliteStore, type SqliteStore, type SqliteStoreOptions } from "../../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const DAY_MS = 86_400_000;

/** The fields of an event that tests set. */
export type EventFields = Partial<Pick<AuditEvent, "data" | "resource" | "subjects" | "tenant">> & {
  /** Actor; the system if it is left out. */
  readonly user?: string | undefined;
  readonly definition: EventDefinition;
};

/** A trail whose clock the test moves. It writes on the thread of the test, because the clock is there. */
export class TrailInTime {
  readonly path: string;
  store: SqliteStore;
  now = Date.parse("2024-01-01T09:00:00.000Z");
  readonly #options: Partial<SqliteStoreOptions>;

  static async open(options: Partial<SqliteStoreOptions> = {}): Promise<TrailInTime> {
    const trail = new TrailInTime(options);
    await trail.reopen();
    onTestFinished(() => trail.store.close());
    return trail;
  }

  private constructor(options: Partial<SqliteStoreOptions>) {
    this.path = join(temporaryFolder(), "audit.db");
    this.#options = options;
    this.store = undefined as unknown as SqliteStore;
  }

  async reopen(more: Partial<SqliteStoreOptions> = {}): Promise<void> {
    await (this.store as SqliteStore | undefined)?.close();
    this.store = await openSqliteStore({
      onNotice: () => undefined,
      anchors: [],
      retention: "manual",
      ...this.#options,
      ...more,
      path: this.path,
      worker: false,
      clock: { now: () => this.now },
    });
  }

  pass(days: number): void {
    this.now += days * DAY_MS;
  }

  /** Stores events with the current time, a millisecond apart. */
  async record(...events: readonly EventFields[]): Promise<void> {
    await this.recordAt(this.now, ...events);
    this.now += events.length;
  }

  /** Stores events of another time now. */
  async recordAt(at: number, ...events: readonly EventFields[]): Promise<void> {
    const batch = events.map(({ definition, user, ...fields }, n) => {
      const time = new Date(at + n).toISOString();
      const { type, action, severity, outcome } = definition;
      const actor = user === undefined ? { kind: "system" as const } : { kind: "user" as const, id: user };
      return { definition, event: { id: uuidV7(at + n), time, type, action, severity, outcome, actor, ...fields } as AuditEvent };
    });
    expect(await appendEntries(this.store, batch, { durable: true })).toMatchObject({ refused: [] });
  }

  async verify(): Promise<VerifyReport> {
    const reader = await openSqliteReader({ path: this.path });
    try {
      return await reader.verify();
    } finally {
      await reader.close();
    }
  }
}
