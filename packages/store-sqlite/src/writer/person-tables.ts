import type { AuditEvent } from "@daybook/core";
import type { Removals } from "../erasure/removal-proof.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import { ConsentTable } from "../persons/consent-table.ts";
import { JournalTable } from "../persons/journal-table.ts";
import { projectedRecord } from "../persons/person-projection.ts";
import { RequestTable } from "../persons/request-table.ts";

/** The tables beside the ledger that are about persons: consents, journals, the register of requests. */
export class PersonTables {
  readonly consents: ConsentTable;
  readonly journal: JournalTable;
  readonly requests: RequestTable;
  readonly #scope: WriterScope;
  readonly #removals: Removals;

  constructor(scope: WriterScope, removals: Removals) {
    this.#scope = scope;
    this.#removals = removals;
    this.consents = new ConsentTable(scope);
    this.journal = new JournalTable(scope);
    this.requests = new RequestTable(scope);
  }

  /** Applies a record to the table that it changes, inside the transaction that stores the record. */
  follow(event: AuditEvent, seq: number): void {
    const record = projectedRecord(event, seq, this.#scope);
    let rows = 0;
    if (record.action.startsWith("consent.")) rows = this.consents.apply(record);
    else if (record.action.startsWith("dsar.")) this.requests.apply(record);
    else rows = this.journal.apply(record);
    if (rows > 0) this.#removals.note(undefined, []);
  }
}
