import type { LedgerKeys } from "../keys/keys.ts";
import { KEY_TYPE, makeVkey, type Vkey } from "../keys/vkey.ts";
import { isLedgerError } from "../ledger-error.ts";
import { type OpenedCheckpoint, openCheckpoint, parseCheckpoint } from "./checkpoint.ts";
import { parseNote } from "./signed-note.ts";

/** A signed note and where it was found. */
export interface GivenNote {
  /** The note, not yet checked. */
  readonly note: string | Uint8Array;
  /** `stored`: in the database itself. `anchor`: where the log publishes its notes. `witnessed`: given by an independent party. */
  readonly source: "stored" | "anchor" | "witnessed";
  /** The size it is filed under, compared with the size it states. Default: not compared. */
  readonly size?: number;
  /** Name of the place in a report, such as a file name. Default: the source. */
  readonly name?: string;
}

/** All notes with one origin, size and root, as one checkpoint. */
export interface TrustedCheckpoint {
  readonly origin: string;
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** Name of the place that gave it first, for messages. */
  readonly name: string;
  /** Names of the independent parties that gave it. */
  readonly witnessed: readonly string[];
  /** Cosignatures by trusted witnesses, seconds since the Unix epoch. */
  readonly cosigned: readonly { readonly name: string; readonly time: number }[];
}

/** A key that the log itself names. Its notes count up to size `upTo`, when the next key took over. */
export interface LearnedKey {
  readonly seq: number;
  readonly vkey: Vkey;
  readonly upTo: number;
}

export interface Trust {
  readonly vkeys: readonly Vkey[];
  readonly witnesses: readonly Vkey[];
  /** The public key among them is trusted under every generation of their name. */
  readonly keys: LedgerKeys | undefined;
}

interface RefusedNote {
  readonly given: GivenNote;
  readonly reason: string;
}

/**
 * Opens notes with the trusted keys, and with keys that the log names in entries below an accepted checkpoint: the signer of that
 * checkpoint vouches for these entries.
 */
export class TrustedCheckpoints {
  readonly #trust: Trust;
  readonly #accepted = new Map<string, TrustedCheckpoint>();
  readonly #own = new Map<string, readonly Vkey[]>();
  #refused: readonly RefusedNote[];
  #reach = 0;

  constructor(notes: readonly GivenNote[], trust: Trust) {
    this.#trust = trust;
    this.#refused = notes.map((given) => ({ given, reason: "" }));
    this.#open([]);
  }

  /** Accepted checkpoints by size, ascending. */
  get accepted(): TrustedCheckpoint[] {
    return [...this.#accepted.values()].sort((a, b) => a.size - b.size);
  }

  /** Notes that no key opens, with the reason. */
  get refused(): readonly RefusedNote[] {
    return this.#refused;
  }

  /** Largest size of an accepted checkpoint. */
  get reach(): number {
    return this.#reach;
  }

  /** Tries again with keys the log names. */
  learn(keys: readonly LearnedKey[]): void {
    let known = 0;
    while (this.#refused.length > 0) {
      const vouched = keys.filter(({ seq }) => seq < this.#reach);
      if (vouched.length === known) return;
      known = vouched.length;
      this.#open(vouched);
    }
  }

  #open(learned: readonly LearnedKey[]): void {
    const refused: RefusedNote[] = [];
    for (const { given } of this.#refused) {
      const opened = this.#opened(given, learned);
      if (typeof opened === "string") refused.push({ given, reason: opened });
      else this.#accept(given, opened);
    }
    this.#refused = refused;
  }

  /** The checkpoint, or why it is refused. */
  #opened({ note, size: filed }: GivenNote, learned: readonly LearnedKey[]): OpenedCheckpoint | string {
    try {
      const { origin, size } = parseCheckpoint(parseNote(note).text);
      if (filed !== undefined && filed !== size) return `it is filed under size ${filed}, but says ${size}`;
      const named = learned.filter(({ upTo }) => size <= upTo).map(({ vkey }) => vkey);
      return openCheckpoint(note, [...this.#trust.vkeys, ...this.#ownKeys(origin), ...named, ...this.#trust.witnesses]);
    } catch (cause) {
      if (isLedgerError(cause)) return cause.hint;
      throw cause;
    }
  }

  /** The log's own public key under this origin, if it is `<name>/<generation>`. */
  #ownKeys(origin: string): readonly Vkey[] {
    let own = this.#own.get(origin);
    if (own === undefined) {
      const { name = "", public: key } = this.#trust.keys ?? {};
      const ours = key !== undefined && origin.startsWith(`${name}/`) && /^[1-9]\d{0,8}$/.test(origin.slice(name.length + 1));
      own = ours ? [makeVkey(origin, key)] : [];
      this.#own.set(origin, own);
    }
    return own;
  }

  #accept({ source, name }: GivenNote, { origin, size, root: bytes, signatures }: OpenedCheckpoint): void {
    const root = Buffer.from(bytes).toString("hex");
    const key = `${origin}\n${size}\n${root}`;
    const before = this.#accepted.get(key);
    const cosigned = signatures.flatMap(({ vkey, time }) =>
      vkey.type === KEY_TYPE.cosignature && time !== undefined ? [{ name: vkey.name, time }] : [],
    );
    const witnessed = source === "witnessed" ? [name ?? source] : [];
    this.#accepted.set(key, {
      origin,
      size,
      root,
      name: before?.name ?? name ?? source,
      witnessed: [...(before?.witnessed ?? []), ...witnessed],
      cosigned: [...(before?.cosigned ?? []), ...cosigned],
    });
    this.#reach = Math.max(this.#reach, size);
  }
}

/** True if an independent party has the checkpoint, or has signed it. */
export const isIndependent = ({ witnessed, cosigned }: TrustedCheckpoint): boolean => witnessed.length > 0 || cosigned.length > 0;
