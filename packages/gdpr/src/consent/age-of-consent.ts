import { DaybookError } from "@daybook/core";

/**
 * Age from which a child agrees alone to a service of the information society where no national law says less (GDPR, Art. 8(1)).
 * Countries may go down to 13; which do is for counsel to say and for `ages` to state.
 */
export const STRICTEST_AGE = 16;

/** Who agrees for a child, and how it was checked that they may. */
export interface Guardian {
  readonly relation: string;
  readonly verification: string;
}

export interface ChildCheck {
  /** ISO date; used for this decision and not kept. */
  readonly birthDate: string;
  /** ISO 3166-1 alpha-2, in capitals. */
  readonly country?: string | undefined;
  /** Lower ages by country, such as `{ FR: 15 }`. Default: none. */
  readonly ages?: Readonly<Record<string, number>> | undefined;
}

/**
 * Until when somebody is too young to agree alone: the birthday on which that ends; undefined for who is old enough.
 * @param now milliseconds since the Unix epoch
 * @returns ISO time
 * @throws {DaybookError} `BAD_OPTION`
 */
export function childUntil({ birthDate, country = "", ages = {} }: ChildCheck, now: number): string | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(birthDate)?.map(Number) ?? [];
  if (year === undefined || Number.isNaN(Date.parse(birthDate)) || Date.parse(birthDate) > now) {
    throw new DaybookError("BAD_OPTION", "`birthDate` is a date in the past, YYYY-MM-DD.");
  }
  // Born on 29 February, one comes of age on 1 March of a year without that day.
  const birthday = Date.UTC(year + (ages[country] ?? STRICTEST_AGE), month! - 1, day);
  return birthday > now ? new Date(birthday).toISOString() : undefined;
}
