/** A note with the time of its creation. */
export interface TimedNote {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Thins notes by age: all of the last 7 days stay, then the last of each hour for 365 days, then the last of each
 * day. The newest note always stays.
 * @param notes in order of creation
 */
export function thinned<Note extends TimedNote>(notes: readonly Note[], now: number): Note[] {
  return notes.filter((note, i) => {
    const next = notes[i + 1];
    if (next === undefined || note.at > now - 7 * DAY) return true;
    const step = note.at > now - 365 * DAY ? HOUR : DAY;
    return Math.floor(next.at / step) !== Math.floor(note.at / step);
  });
}
