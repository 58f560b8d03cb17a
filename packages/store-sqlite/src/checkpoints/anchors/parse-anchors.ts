import { DaybookError } from "@daybook/core";
import { isLedgerError, KEY_TYPE, parseVkey, type Vkey } from "@daybook/ledger";
import type { Anchor } from "./anchor.ts";
import { dirAnchor } from "./dir-anchor.ts";
import { stdoutAnchor } from "./stdout-anchor.ts";
import { witnessAnchor } from "./witness-anchor.ts";

/**
 * Parses a list of anchors as in `DAYBOOK_ANCHORS`: `dir:PATH`, `witness:URL#VKEY` and `stdout:`, separated by
 * commas. An empty list gives the default, a folder beside the database. The default detects a restored database
 * file, but not an attacker on this host.
 * @param text undefined and empty mean the default
 * @param databasePath place of the default folder: `<path>.anchors`
 * @throws {DaybookError} `BAD_OPTION`
 */
export function parseAnchors(text: string | undefined, databasePath: string): Anchor[] {
  const items = (text ?? "").split(",").map((item) => item.trim());
  if (items.every((item) => item === "")) return [dirAnchor(`${databasePath}.anchors`)];
  const anchors = items.map(parseAnchor);
  const twice = anchors.find(({ name }, i) => anchors.findIndex((other) => other.name === name) < i);
  if (twice !== undefined) throw bad(`${twice.name} is listed twice.`);
  return anchors;
}

function parseAnchor(item: string): Anchor {
  const [, kind, rest = ""] = /^([a-z]+):(.*)$/s.exec(item) ?? [];
  switch (kind) {
    case "dir":
      if (rest === "") throw bad("dir: needs a path, such as dir:/var/lib/audit-anchors.");
      return dirAnchor(rest);
    case "stdout":
      if (rest !== "") throw bad("stdout: takes nothing after the colon.");
      return stdoutAnchor();
    case "witness":
      return parseWitness(rest);
    case "git":
    case "tsa":
      throw bad(`${kind}: is not supported yet; use dir:PATH, witness:URL#VKEY or stdout:.`);
    default:
      throw bad(`${JSON.stringify(item)} is none of dir:PATH, witness:URL#VKEY, stdout:.`);
  }
}

function parseWitness(rest: string): Anchor {
  const split = rest.indexOf("#");
  const url = rest.slice(0, split);
  const parsed = split < 0 ? null : URL.parse(url);
  if (parsed === null || !["http:", "https:"].includes(parsed.protocol) || parsed.search !== "" || parsed.username !== "") {
    throw bad("a witness is written witness:URL#VKEY, such as witness:https://witness.example#witness.example/w1+e7091393+BGNV….");
  }
  let vkey: Vkey;
  try {
    vkey = parseVkey(rest.slice(split + 1));
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    throw bad(`the key of ${url} cannot be used: ${cause.hint}`, cause);
  }
  if (vkey.type !== KEY_TYPE.cosignature)
    throw bad(`the key of ${url} is one of a log; a witness's key has type 0x04 and begins with B after the last plus.`);
  return witnessAnchor({ url, vkeys: [vkey] });
}

const bad = (hint: string, cause?: unknown) =>
  new DaybookError("BAD_OPTION", `DAYBOOK_ANCHORS: ${hint}`, cause === undefined ? undefined : { cause });
