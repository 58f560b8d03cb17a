import { DaybookError } from "../daybook-error.ts";

const SIMPLE = /^(\d{1,6})(s|m|h|d|w|mo|y)$/;
const ISO = /^P(?!$)(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?$/;

interface Span {
  readonly months: number;
  readonly seconds: number;
}

const DAY = 86_400;

/** Milliseconds of a day. */
export const DAY_MS = 86_400_000;

function spanOf(text: string): Span {
  const simple = SIMPLE.exec(text);
  if (simple) {
    const n = Number(simple[1]);
    switch (simple[2]) {
      case "s":
        return { months: 0, seconds: n };
      case "m":
        return { months: 0, seconds: n * 60 };
      case "h":
        return { months: 0, seconds: n * 3600 };
      case "d":
        return { months: 0, seconds: n * DAY };
      case "w":
        return { months: 0, seconds: n * 7 * DAY };
      case "mo":
        return { months: n, seconds: 0 };
      case "y":
        return { months: n * 12, seconds: 0 };
    }
  }
  const iso = ISO.exec(text);
  if (iso) {
    const [years, months, weeks, days, hours, minutes, seconds] = iso.slice(1).map((group) => Number(group ?? 0)) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return { months: years * 12 + months, seconds: (weeks * 7 + days) * DAY + hours * 3600 + minutes * 60 + seconds };
  }
  throw new DaybookError(
    "BAD_DURATION",
    `Write ${JSON.stringify(text)} as a whole number and one of s, m, h, d, w, mo, y, such as 7d, or in ISO 8601, such as P7D.`,
  );
}

/**
 * The moment a duration before another one. Months and years are taken from the UTC calendar, the day cut to the month's last.
 * @param text `<integer><s|m|h|d|w|mo|y>` or an ISO 8601 duration. `m` is minutes, `mo` months; nothing else is accepted.
 * @param from milliseconds since the Unix epoch
 * @returns milliseconds since the Unix epoch
 * @throws {DaybookError} `BAD_DURATION`
 */
export function before(text: string, from: number): number {
  const span = spanOf(text);
  let at = from;
  if (span.months > 0) {
    const date = new Date(from);
    const day = date.getUTCDate();
    date.setUTCDate(1);
    date.setUTCMonth(date.getUTCMonth() - span.months);
    const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
    date.setUTCDate(Math.min(day, last));
    at = date.getTime();
  }
  const result = at - span.seconds * 1000;
  if (!Number.isFinite(result) || Math.abs(result) > 8.64e15)
    throw new DaybookError("BAD_DURATION", `${JSON.stringify(text)} reaches further back than dates go.`);
  return result;
}

/**
 * Length of a duration in milliseconds, a month counted as 30 days and a year as 365.
 * @throws {DaybookError} `BAD_DURATION`
 */
export function durationMs(text: string): number {
  const span = spanOf(text);
  const years = Math.floor(span.months / 12);
  return (years * 365 * DAY + (span.months % 12) * 30 * DAY + span.seconds) * 1000;
}
