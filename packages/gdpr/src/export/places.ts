import { defined } from "@daybook/core/store";
import type { Recipient } from "./privacy-information.ts";

/** A place that holds personal data and cannot be queried from here, such as a sink. */
export interface UnsearchedPlace {
  /** Name of the place, for the person. */
  readonly place: string;
  /** What the person should know about it. */
  readonly note?: string;
}

/** A place in which an export looked, or could not look. */
export interface Place extends UnsearchedPlace {
  readonly searched: boolean;
  /** Number of records, entries or requests. */
  readonly found?: number;
}

/** Number of records, entries or requests that each search found. */
export interface FoundCounts {
  readonly records: number;
  readonly journal: number;
  readonly consents: number;
  readonly requests: number;
}

/**
 * All places that may hold data of the person, searched or not.
 * @param spooled records in the spool that the store does not take
 */
export function placesOf(
  { records, journal, consents, requests }: FoundCounts,
  spooled: number,
  recipients: readonly Recipient[],
  unsearched: readonly UnsearchedPlace[] = recipients.map(({ name, erasure }) => ({
    place: name,
    note: `a recipient; erasure there: ${erasure}`,
  })),
): Place[] {
  return [
    { place: "audit trail, in every role", searched: true, found: records },
    { place: "journal", searched: true, found: journal },
    { place: "consents", searched: true, found: consents },
    { place: "register of requests", searched: true, found: requests },
    spooled === 0
      ? { place: "records waiting for the store", searched: true, note: "written before the search" }
      : {
          place: "records waiting for the store",
          searched: false,
          note: `${spooled} records are in the spool, because the store does not take them now; export again when it does`,
        },
    ...unsearched.map(({ place, note }) => defined({ place, searched: false, note })),
  ];
}
