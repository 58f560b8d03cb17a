import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { formatVkey, KEY_TYPE, makeVkey, newKeys } from "@daybook/ledger";
import { describe, expect, it } from "vitest";
import { parseAnchors } from "../../src/checkpoints/anchors/parse-anchors.ts";

const key = newKeys("w", randomBytes).sign!;
const witnessKey = formatVkey(makeVkey("witness.example/w1", key, KEY_TYPE.cosignature));
const logKey = formatVkey(makeVkey("example.com/log/1", key));
const names = (text: string | undefined) => parseAnchors(text, "data/audit.db").map(({ name }) => name);

describe("DAYBOOK_ANCHORS", () => {
  it.each([undefined, "", " ", ","])("without content (%j) means the default folder", (text) => {
    expect(names(text)).toEqual([`dir:${resolve("data/audit.db.anchors")}`]);
  });

  it("lists anchors in the given order", () => {
    expect(names(`dir:/srv/anchors, witness:https://witness.example/prefix#${witnessKey} ,stdout:,dir:relative`)).toEqual([
      "dir:/srv/anchors",
      "witness:https://witness.example/prefix",
      "stdout:",
      `dir:${join(process.cwd(), "relative")}`,
    ]);
  });

  it.each([
    ["an unknown kind", "s3:bucket"],
    ["no kind", "/srv/anchors"],
    ["a kind that comes later", "git:/srv/repository"],
    ["a time stamp service", "tsa:https://tsa.example"],
    ["a folder without a path", "dir:"],
    ["something after stdout:", "stdout:x"],
    ["an empty item between others", "dir:/a,,dir:/b"],
    ["one anchor twice", "dir:/a,dir:/a"],
    ["a witness without a key", "witness:https://witness.example"],
    ["a witness without an address", `witness:#${witnessKey}`],
    ["a witness at another kind of address", `witness:ftp://witness.example#${witnessKey}`],
    ["a witness with a password in its address", `witness:https://a:b@witness.example#${witnessKey}`],
    ["a witness with a broken key", `witness:https://witness.example#${witnessKey.slice(0, -2)}`],
    ["a witness with the key of a log", `witness:https://witness.example#${logKey}`],
  ])("is refused with %s", (_, text) => {
    expect(() => parseAnchors(text, "audit.db")).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });
});
