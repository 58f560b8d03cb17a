import { defined } from "../encoding/defined.ts";
import { KEY_TYPE, type KeyType, parseVkey, type Vkey } from "../keys/vkey.ts";
import { isLedgerError, LedgerError } from "../ledger-error.ts";
import { type OpenedCheckpoint, openCheckpoint } from "./checkpoint.ts";

/** A trust policy (C2SP tlog-policy): keys of logs, witnesses, and how many of the witnesses must cosign. */
export interface TrustPolicy {
  /** Keys of logs. Checkpoints of other logs are refused. */
  readonly logs: readonly TrustedLog[];
  /** In the order of the file. */
  readonly witnesses: readonly TrustedWitness[];
  /** In the order of the file: a group only names witnesses and groups before it. */
  readonly groups: readonly WitnessGroup[];
  /** Name of the witness or group that must have cosigned; undefined if the policy asks for no cosignature. */
  readonly quorum: string | undefined;
}

/** A log that a policy trusts. */
export interface TrustedLog {
  /** Its key, of type 0x01. */
  readonly vkey: Vkey;
  /** Where the log publishes its tiles, if the policy says so. */
  readonly url?: string;
}

/** A witness that a policy trusts. */
export interface TrustedWitness {
  /** Its name in the policy, which can differ from the name of its key. */
  readonly name: string;
  /** Its key, of type 0x04. */
  readonly vkey: Vkey;
  /** Where the witness takes requests, if the policy says so. */
  readonly url?: string;
}

/** A group of witnesses or other groups, cosigned if at least `threshold` of its members are. */
export interface WitnessGroup {
  /** Its name in the policy. */
  readonly name: string;
  /** 1 to the number of members. */
  readonly threshold: number;
  /** Names of witnesses and groups. */
  readonly members: readonly string[];
}

const NO_WITNESS = "none";
const FORBIDDEN = /[^\t\n\x20-\x7e\x80-\xff]/;
const COUNT = /^[1-9][0-9]{0,8}$/;

/**
 * Parses a policy file (C2SP tlog-policy). Keys must be Ed25519, of type 0x01 for a log and 0x04 for a witness. A policy with other keys
 * is refused, because it cannot be checked as it is meant.
 * @param content content of the file; names are compared byte by byte in any encoding
 * @throws {LedgerError} `BAD_POLICY`, naming the line
 * @example
 * ```ts
 * import { readFileSync } from "node:fs";
 * import { openByPolicy, parseTrustPolicy } from "@daybook/ledger";
 *
 * const policy = parseTrustPolicy(readFileSync("audit.policy"));
 * const { origin, size } = openByPolicy(readFileSync("checkpoint"), policy);
 * console.log(`${origin} has ${size} entries`);
 * ```
 */
export function parseTrustPolicy(content: string | Uint8Array): TrustPolicy {
  // One character per byte: the format is defined over octets, not characters.
  const octets = Buffer.from(content).toString("latin1");
  const logs: TrustedLog[] = [];
  const witnesses: TrustedWitness[] = [];
  const groups: WitnessGroup[] = [];
  const names = new Set<string>();
  const inGroup = new Set<string>();
  let quorum: string | undefined;
  let quorumSeen = false;

  octets.split("\n").forEach((line, index) => {
    const refuse = (reason: string, options?: ErrorOptions) => new LedgerError("BAD_POLICY", `Line ${index + 1}: ${reason}`, options);
    const define = (name: string) => {
      if (name === NO_WITNESS) throw refuse(`"${NO_WITNESS}" is not a name to give.`);
      if (names.has(name)) throw refuse(`${shown(name)} is defined twice.`);
      names.add(name);
    };
    const keyOf = (text: string, type: KeyType, others: readonly { readonly vkey: Vkey }[]): Vkey => {
      let vkey: Vkey;
      try {
        vkey = parseVkey(Buffer.from(text, "latin1").toString());
      } catch (cause) {
        throw refuse(isLedgerError(cause) ? cause.hint : "not a verifier key", { cause });
      }
      if (vkey.type !== type)
        throw refuse(`a ${type === KEY_TYPE.signature ? "log" : "witness"} has a key of type 0x0${type}, not 0x0${vkey.type}.`);
      if (others.some((other) => other.vkey.key.equals(vkey.key))) throw refuse(`the public key of ${vkey.name} is listed already.`);
      return vkey;
    };
    if (FORBIDDEN.test(line)) throw refuse("control characters other than tabs are not allowed.");
    const words = line.split(/[ \t]+/).filter((word) => word !== "");
    const [keyword, first, second, third] = words;
    if (keyword === undefined || keyword.startsWith("#")) return;
    if (keyword === "log" && first !== undefined && words.length <= 3) {
      logs.push(defined({ vkey: keyOf(first, KEY_TYPE.signature, logs), url: shownUrl(second) }));
    } else if (keyword === "witness" && first !== undefined && second !== undefined && words.length <= 4) {
      define(first);
      witnesses.push(defined({ name: shown(first), vkey: keyOf(second, KEY_TYPE.cosignature, witnesses), url: shownUrl(third) }));
    } else if (keyword === "group" && first !== undefined && second !== undefined && third !== undefined) {
      const members = words.slice(3);
      const threshold = second === "all" ? members.length : second === "any" ? 1 : COUNT.test(second) ? Number(second) : 0;
      if (threshold < 1 || threshold > members.length) throw refuse(`a group needs "all", "any" or a number from 1 to ${members.length}.`);
      for (const member of members) {
        if (!names.has(member)) throw refuse(`${shown(member)} is not defined above.`);
        if (inGroup.has(member)) throw refuse(`${shown(member)} is a member of a group already.`);
        inGroup.add(member);
      }
      define(first);
      groups.push({ name: shown(first), threshold, members: members.map(shown) });
    } else if (keyword === "quorum" && first !== undefined && words.length === 2) {
      if (quorumSeen) throw refuse("there is a quorum already.");
      if (first !== NO_WITNESS && !names.has(first)) throw refuse(`${shown(first)} is not defined above.`);
      quorumSeen = true;
      quorum = first === NO_WITNESS ? undefined : shown(first);
    } else throw refuse(`${JSON.stringify(shown(line))} is not a line of a policy.`);
  });
  if (!quorumSeen) throw new LedgerError("BAD_POLICY", `The line "quorum" is missing; "quorum ${NO_WITNESS}" asks for no witness.`);
  return { logs, witnesses, groups, quorum };
}

/**
 * Opens a checkpoint under a policy: signed by one of its logs, under that log's own name, and cosigned by its quorum.
 * @param logs further log keys to trust. Default: none
 * @throws {LedgerError} `BAD_NOTE`: malformed; `UNTRUSTED_NOTE`: not signed by a trusted log, or without the quorum
 */
export function openByPolicy(note: string | Uint8Array, policy: TrustPolicy, logs: readonly Vkey[] = []): OpenedCheckpoint {
  const opened = openCheckpoint(note, [...logs, ...policy.logs.map(({ vkey }) => vkey), ...policy.witnesses.map(({ vkey }) => vkey)]);
  if (!hasQuorum(policy, opened)) {
    throw new LedgerError(
      "UNTRUSTED_NOTE",
      `The cosignatures of ${opened.origin} at size ${opened.size} are not the quorum the policy asks for.`,
    );
  }
  return opened;
}

/** True if the good signatures of a checkpoint include the policy's quorum, or if the policy asks for none. */
export function hasQuorum({ witnesses, groups, quorum }: TrustPolicy, { signatures }: Pick<OpenedCheckpoint, "signatures">): boolean {
  if (quorum === undefined) return true;
  const cosigned = new Set<string>();
  for (const { name, vkey } of witnesses) {
    if (signatures.some((good) => good.time !== undefined && good.vkey.key.equals(vkey.key))) cosigned.add(name);
  }
  for (const { name, threshold, members } of groups) {
    if (members.filter((member) => cosigned.has(member)).length >= threshold) cosigned.add(name);
  }
  return cosigned.has(quorum);
}

const shownUrl = (url: string | undefined) => (url === undefined ? undefined : shown(url));

/** Decodes UTF-8, which the format only recommends. Other bytes become one character each. */
function shown(octets: string): string {
  const bytes = Buffer.from(octets, "latin1");
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : octets;
}
