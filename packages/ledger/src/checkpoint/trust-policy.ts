import { KEY_TYPE, type KeyType, parseVkey, type Vkey } from "../keys/vkey.ts";
import { isLedgerError, LedgerError } from "../ledger-error.ts";
import { type OpenedCheckpoint, openCheckpoint } from "./checkpoint.ts";

/** Whom to believe about a log (C2SP tlog-policy): its keys, its witnesses, and how many of these are enough. */
export interface TrustPolicy {
  readonly logs: readonly TrustedLog[];
  readonly witnesses: readonly TrustedWitness[];
  /** In the order of the file: a group names only witnesses and groups before it. */
  readonly groups: readonly WitnessGroup[];
  /** Name of the witness or group that must have cosigned; undefined where no cosignature is asked for. */
  readonly quorum: string | undefined;
}

export interface TrustedLog {
  readonly vkey: Vkey;
  readonly url?: string;
}

export interface TrustedWitness {
  /** What the policy calls it, which need not be the name of its key. */
  readonly name: string;
  readonly vkey: Vkey;
  readonly url?: string;
}

/** Cosigned when at least `threshold` of its members are. */
export interface WitnessGroup {
  readonly name: string;
  readonly threshold: number;
  readonly members: readonly string[];
}

const NO_WITNESS = "none";
const FORBIDDEN = /[^\t\n\x20-\x7e\x80-\xff]/;
const COUNT = /^[1-9][0-9]{0,8}$/;

/**
 * Reads a policy file. Keys must be Ed25519, of type 0x01 for a log and 0x04 for a witness: a policy that names others cannot be
 * checked here as it is meant, so it is refused.
 * @param content the file; names in it are compared byte by byte, whatever their encoding
 * @throws {LedgerError} `BAD_POLICY`, naming the line
 */
export function parseTrustPolicy(content: string | Uint8Array): TrustPolicy {
  // One character per byte: the format knows octets, not characters.
  const octets = Buffer.from(content).toString("latin1");
  const logs: TrustedLog[] = [];
  const witnesses: TrustedWitness[] = [];
  const groups: WitnessGroup[] = [];
  const defined = new Set<string>();
  const inGroup = new Set<string>();
  let quorum: string | undefined;
  let quorumSeen = false;

  octets.split("\n").forEach((line, index) => {
    const refuse = (reason: string, options?: ErrorOptions) => new LedgerError("BAD_POLICY", `Line ${index + 1}: ${reason}`, options);
    const define = (name: string) => {
      if (name === NO_WITNESS) throw refuse(`"${NO_WITNESS}" is not a name to give.`);
      if (defined.has(name)) throw refuse(`${shown(name)} is defined twice.`);
      defined.add(name);
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
      logs.push({ vkey: keyOf(first, KEY_TYPE.signature, logs), ...urlOf(second) });
    } else if (keyword === "witness" && first !== undefined && second !== undefined && words.length <= 4) {
      define(first);
      witnesses.push({ name: shown(first), vkey: keyOf(second, KEY_TYPE.cosignature, witnesses), ...urlOf(third) });
    } else if (keyword === "group" && first !== undefined && second !== undefined && third !== undefined) {
      const members = words.slice(3);
      const threshold = second === "all" ? members.length : second === "any" ? 1 : COUNT.test(second) ? Number(second) : 0;
      if (threshold < 1 || threshold > members.length) throw refuse(`a group needs "all", "any" or a number from 1 to ${members.length}.`);
      for (const member of members) {
        if (!defined.has(member)) throw refuse(`${shown(member)} is not defined above.`);
        if (inGroup.has(member)) throw refuse(`${shown(member)} is a member of a group already.`);
        inGroup.add(member);
      }
      define(first);
      groups.push({ name: shown(first), threshold, members: members.map(shown) });
    } else if (keyword === "quorum" && first !== undefined && words.length === 2) {
      if (quorumSeen) throw refuse("there is a quorum already.");
      if (first !== NO_WITNESS && !defined.has(first)) throw refuse(`${shown(first)} is not defined above.`);
      quorumSeen = true;
      quorum = first === NO_WITNESS ? undefined : shown(first);
    } else throw refuse(`${JSON.stringify(shown(line))} is not a line of a policy.`);
  });
  if (!quorumSeen) throw new LedgerError("BAD_POLICY", `The line "quorum" is missing; "quorum ${NO_WITNESS}" asks for no witness.`);
  return { logs, witnesses, groups, quorum };
}

/**
 * Opens a checkpoint as the policy asks: signed by one of its logs, under that log's own name, and cosigned by a quorum.
 * @param logs further log keys to trust, for a policy that lists none
 * @throws {LedgerError} `BAD_NOTE`, `UNTRUSTED_NOTE`
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

/** True when the good signatures of a checkpoint include the policy's quorum. */
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

const urlOf = (url: string | undefined) => (url === undefined ? {} : { url: shown(url) });
/** Bytes back to characters where they are UTF-8, which the format only recommends; others keep one character per byte. */
function shown(octets: string): string {
  const bytes = Buffer.from(octets, "latin1");
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : octets;
}
