import { DaybookError } from "@daybook/core";

/**
 * Age from which a child agrees alone to a service of the information society, unless national law has a lower one (GDPR, Art. 8(1)).
 * Countries may go down to 13. A lawyer confirms which do; `ages` states them.
 */
export const STRICTEST_AGE = 16;

/** The person who agrees for a child, and how the right to do so was checked. */
export interface Guardian {
  /** Relation to the child, in words. */
  readonly relation: string;
  /** How the relation was checked, in words. */
  readonly verification: string;
}

/** What `childUntil` needs to know. */
export interface ChildCheck {
  /** ISO date. It is used for this decision and not kept. */
  readonly birthDate: string;
  /** ISO 3166-1 alpha-2, in capitals. */
  readonly country?: string | undefined;
  /** Lower ages by country, such as `{ FR: 15 }`. Default: none. */
  readonly ages?: Readonly<Record<string, number>> | undefined;
}

/**
 * The birthday until which a person is too young to agree alone; undefined if the person is old enough.
 * @param now milliseconds since the Unix epoch
 * @returns ISO time
 * @throws {DaybookError} `BAD_OPTION`
 */
export function childUntil({ birthDate, country = "", ages = {} }: ChildCheck, now: number): string | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(birthDate)?.map(Number) ?? [];
  if (year === undefined || Number.isNaN(Date.parse(birthDate)) || Date.parse(birthDate) > now) {
    throw new DaybookError("BAD_OPTION", "`birthDate` is a date in the past, YYYY-MM-DD.");
  }
  // A person born on 29 February comes of age on 1 March in a year without that day.
  const birthday = Date.UTC(year + (ages[country] ?? STRICTEST_AGE), (month ?? 1) - 1, day);
  return birthday > now ? new Date(birthday).toISOString() : undefined;
}
