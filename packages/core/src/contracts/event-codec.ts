import type { RefusedEvent, SinkEntry } from "./sink-entry.ts";

/** An event as a store's codec encoded it. */
export interface EncodedEvent {
  readonly id: string;
  readonly type: string;
  /** The result of `encode`: one line without its line feed. */
  readonly text: string;
}

/**
 * Turns events into the lines of text that a store takes. Encoded events are queued outside of the JavaScript heap, and the spool
 * holds the same lines, so that one person can be removed there too.
 */
export interface EventCodec {
  /**
   * Encodes one event as text without line breaks. Runs on the thread of the requests, as soon as the event is recorded.
   * @throws {Error} if the store can never take the event; `code` and `hint` of the error, if present, reach the caller
   */
  encode(entry: SinkEntry): string;
  /** Returns why a text must not be written to the spool, or undefined if it may. Default: every text may. */
  refuse?(text: string): Omit<RefusedEvent, "id"> | undefined;
  /**
   * Removes the data of these persons from a text.
   * @returns the same text if it held nothing of theirs; undefined if the event has to be removed
   */
  forget(text: string, userIds: readonly string[]): string | undefined;
}

/** The reason for which `encode` threw, as the refusal of an event. */
export function refusalOf(id: string, cause: unknown): RefusedEvent {
  const { code = "EVENT_REFUSED", hint, message } = cause as { code?: string; hint?: string; message: string };
  return { id, code, hint: hint ?? message };
}

/** UTF-8 lines as `appendLines` takes them. */
export const linesOf = (events: readonly EncodedEvent[]): Uint8Array => Buffer.from(events.map(({ text }) => `${text}\n`).join(""));
