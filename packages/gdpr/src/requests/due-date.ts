import { DaybookError } from "@daybook/core";

/** Version of the rule below, stored with every date it made. */
export const DUE_RULE = "months-clamped/1";

/** How days are counted where a request came in. Which one applies is for counsel to say; none is built in but the plainest. */
export interface Calendar {
  readonly id: string;
  /** IANA time zone in which a day begins. Default `UTC`. */
  readonly timeZone?: string;
  /** A period that would end on a Saturday, a Sunday or a holiday ends with the next working day. Default false. */
  readonly workingDays?: boolean;
  /** Public holidays, ISO dates. Default none. */
  readonly holidays?: readonly string[];
}

/** No weekends, no holidays: the earliest date any rule gives. */
export const PLAIN_CALENDAR: Calendar = { id: "plain" };

/** Weekends move a date on, as Regulation (EEC, Euratom) 1182/71, Art. 3(4) has it; add the holidays of the place. */
export const WEEKEND_CALENDAR: Calendar = { id: "weekends", workingDays: true };

const DAY_MS = 86_400_000;

/**
 * The last day of a period of whole months after a request (GDPR, Art. 12(3)): the same day of a later month, or its last day where
 * there is none such, moved to the next working day where the calendar says so.
 * @param receivedAt milliseconds since the Unix epoch
 * @param months 1, or up to 3 with an extension
 * @returns ISO date
 */
export function dueDate(receivedAt: number, months: number, { timeZone = "UTC", workingDays = false, holidays = [] }: Calendar): string {
  if (!Number.isFinite(receivedAt)) throw new DaybookError("BAD_OPTION", "When a request came in is a time.");
  const [year, month, day] = localDate(receivedAt, timeZone);
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0)).getUTCDate();
  let at = Date.UTC(year, month - 1 + months, Math.min(day, last));
  const free = new Set(holidays);
  while (workingDays && (isWeekend(at) || free.has(isoDate(at)))) at += DAY_MS;
  return isoDate(at);
}

/** The moment a day is over, milliseconds since the Unix epoch; days are those of UTC, a few hours after those of most of Europe. */
export const endOfDay = (date: string): number => Date.parse(date) + DAY_MS;

/** A date so many milliseconds later, in whole days, counted up. */
export const daysLater = (date: string, ms: number): string => isoDate(Date.parse(date) + Math.ceil(ms / DAY_MS) * DAY_MS);

function localDate(at: number, timeZone: string): [number, number, number] {
  let parts: Intl.DateTimeFormatPart[];
  try {
    parts = new Intl.DateTimeFormat("en-GB", { timeZone, year: "numeric", month: "numeric", day: "numeric" }).formatToParts(at);
  } catch (cause) {
    throw new DaybookError("BAD_OPTION", `There is no time zone ${timeZone}.`, { cause });
  }
  const value = (type: string) => Number(parts.find((part) => part.type === type)!.value);
  return [value("year"), value("month"), value("day")];
}

const isWeekend = (at: number) => [0, 6].includes(new Date(at).getUTCDay());

const isoDate = (at: number) => new Date(at).toISOString().slice(0, 10);
