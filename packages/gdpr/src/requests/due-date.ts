import { DaybookError } from "@daybook/core";
import { DAY_MS } from "@daybook/core/store";

/** Version of the rule of `dueDate`, stored with every date. */
export const DUE_RULE = "months-clamped/1";

/** How days are counted at the place of a request. A lawyer confirms which calendar applies. */
export interface Calendar {
  /** Name that is stored with every date. */
  readonly id: string;
  /** IANA time zone in which a day begins. Default `UTC`. */
  readonly timeZone?: string;
  /** A period that would end on a Saturday, a Sunday or a holiday ends with the next working day. Default false. */
  readonly workingDays?: boolean;
  /** Public holidays, ISO dates. Default none. */
  readonly holidays?: readonly string[];
}

/** No weekends and no holidays: the earliest date of all rules. */
export const PLAIN_CALENDAR: Calendar = { id: "plain" };

/** Weekends move a date on, as in Regulation (EEC, Euratom) 1182/71, Art. 3(4). Add the holidays of the place. */
export const WEEKEND_CALENDAR: Calendar = { id: "weekends", workingDays: true };

/**
 * The last day of a period of whole months after a request (GDPR, Art. 12(3)): the same day of a later month, or the last day of
 * a shorter month. The calendar may move it to the next working day.
 * @param receivedAt milliseconds since the Unix epoch
 * @param months 1, or up to 3 with an extension
 * @returns ISO date
 */
export function dueDate(receivedAt: number, months: number, { timeZone = "UTC", workingDays = false, holidays = [] }: Calendar): string {
  if (!Number.isFinite(receivedAt)) throw new DaybookError("BAD_OPTION", "The time at which a request came in is not a time.");
  const [year, month, day] = localDate(receivedAt, timeZone);
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0)).getUTCDate();
  let at = Date.UTC(year, month - 1 + months, Math.min(day, last));
  const free = new Set(holidays);
  while (workingDays && (isWeekend(at) || free.has(isoDate(at)))) at += DAY_MS;
  return isoDate(at);
}

/** The end of a day in milliseconds since the Unix epoch. Days are those of UTC, which end a few hours after those of most of Europe. */
export const endOfDay = (date: string): number => Date.parse(date) + DAY_MS;

/** A date that many milliseconds later, rounded up to whole days. */
export const daysLater = (date: string, ms: number): string => isoDate(Date.parse(date) + Math.ceil(ms / DAY_MS) * DAY_MS);

function localDate(at: number, timeZone: string): [number, number, number] {
  let parts: Intl.DateTimeFormatPart[];
  try {
    parts = new Intl.DateTimeFormat("en-GB", { timeZone, year: "numeric", month: "numeric", day: "numeric" }).formatToParts(at);
  } catch (cause) {
    throw new DaybookError("BAD_OPTION", `There is no time zone ${timeZone}.`, { cause });
  }
  const value = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return [value("year"), value("month"), value("day")];
}

const isWeekend = (at: number) => [0, 6].includes(new Date(at).getUTCDay());

const isoDate = (at: number) => new Date(at).toISOString().slice(0, 10);
