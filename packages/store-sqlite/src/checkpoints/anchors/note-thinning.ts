/** A note with the time it was made. */
export interface TimedNote {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Which notes are kept: all of the last 7 days, the last of each hour of the last 365 days, the last of each day before; the newest
 * always.
 * @param notes in the order they were made
 */
export function thinned<Note extends TimedNote>(notes: readonly Note[], now: number): Note[] {
  return notes.filter((note, i) => {
    const next = notes[i + 1];
    if (next === undefined || note.at > now - 7 * DAY) return true;
    const step = note.at > now - 365 * DAY ? HOUR : DAY;
    return Math.floor(next.at / step) !== Math.floor(note.at / step);
  });
}
