import { describe, expect, it } from "vitest";
import {
  addCosignatures,
  cosign,
  formatVkey,
  hasQuorum,
  KEY_TYPE,
  makeVkey,
  openByPolicy,
  parseTrustPolicy,
  parseVkey,
} from "../src/index.ts";
import { LOG, testKey } from "./support/golden-log.ts";
import golden from "./vectors/golden.json" with { type: "json" };

const witnesses = [1, 2, 3, 4, 5, 6].map((n) => ({ name: `w${n}.example`, key: testKey(n) }));
const vkeys = witnesses.map(({ name, key }) => formatVkey(makeVkey(name, key, KEY_TYPE.cosignature)));
const TWO_LEVELS = `# who may be believed
log ${golden.vkey} https://example.com/audit

witness X1 ${vkeys[0]}
witness X2 ${vkeys[1]}\thttps://x2.example/
\twitness X3 ${vkeys[2]}
group X-witnesses 2 X1 X2 X3

witness Y1 ${vkeys[3]}
witness Y2 ${vkeys[4]}
group Y-witnesses any Y1 Y2

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`;
const cosignedBy = (...numbers: number[]) =>
  addCosignatures(
    LOG.noteAt(6),
    numbers.map((n) => cosign(LOG.noteAt(6), { ...witnesses[n - 1]!, time: 1_795_338_010 })),
  );
const untrusted = expect.objectContaining({ code: "UNTRUSTED_NOTE" });

describe("a policy", () => {
  it("is parsed into logs, witnesses, groups and quorum", () => {
    expect(parseTrustPolicy(TWO_LEVELS)).toEqual({
      logs: [{ vkey: parseVkey(golden.vkey), url: "https://example.com/audit" }],
      witnesses: [
        { name: "X1", vkey: parseVkey(vkeys[0]!) },
        { name: "X2", vkey: parseVkey(vkeys[1]!), url: "https://x2.example/" },
        { name: "X3", vkey: parseVkey(vkeys[2]!) },
        { name: "Y1", vkey: parseVkey(vkeys[3]!) },
        { name: "Y2", vkey: parseVkey(vkeys[4]!) },
      ],
      groups: [
        { name: "X-witnesses", threshold: 2, members: ["X1", "X2", "X3"] },
        { name: "Y-witnesses", threshold: 1, members: ["Y1", "Y2"] },
        { name: "X-and-Y", threshold: 2, members: ["X-witnesses", "Y-witnesses"] },
      ],
      quorum: "X-and-Y",
    });
  });

  it.each([
    [[1, 2, 4], true],
    [[1, 3, 5], true],
    [[1, 2, 3, 4, 5], true],
    [[1, 2], false],
    [[1, 4, 5], false],
    [[4, 5], false],
    [[1, 6, 4], false],
    [[], false],
  ])("with two levels of groups accepts %j: %s", (numbers, content) => {
    const open = () => openByPolicy(cosignedBy(...numbers), parseTrustPolicy(TWO_LEVELS));
    if (content) expect(open()).toMatchObject({ origin: LOG.origin, size: 6 });
    else expect(open).toThrow(untrusted);
  });

  it("can ask for no witness and list no log", () => {
    const nobody = parseTrustPolicy("quorum none");
    expect(openByPolicy(LOG.noteAt(6), nobody, [LOG.vkey]).size).toBe(6);
    expect(() => openByPolicy(LOG.noteAt(6), nobody)).toThrow(untrusted);
  });

  it("can ask for one witness", () => {
    const policy = parseTrustPolicy(`log ${golden.vkey}\nwitness w ${golden.cosigned.cosignerVkey}\nquorum w\n`);
    expect(openByPolicy(golden.cosigned.note, policy).signatures).toHaveLength(2);
    expect(() => openByPolicy(LOG.noteAt(6), policy)).toThrow(untrusted);
    expect(hasQuorum(policy, { signatures: [] })).toBe(false);
  });

  it("does not count a log signature as cosignature", () => {
    const same = formatVkey(makeVkey(LOG.origin, LOG.signer.key, KEY_TYPE.cosignature));
    const policy = parseTrustPolicy(`log ${golden.vkey}\nwitness w ${same}\nquorum w\n`);
    expect(() => openByPolicy(LOG.noteAt(6), policy)).toThrow(untrusted);
  });

  it("compares names byte by byte", () => {
    const kelvin = `witness \u212a ${vkeys[0]}\nwitness K ${vkeys[1]}\nquorum \u212a\n`;
    expect(parseTrustPolicy(kelvin).quorum).toBe("\u212a");
    const notUtf8 = Buffer.concat([
      Buffer.from("witness "),
      Uint8Array.of(0xe4),
      Buffer.from(` ${vkeys[0]}\nquorum `),
      Uint8Array.of(0xe4, 0x0a),
    ]);
    expect(parseTrustPolicy(notUtf8)).toMatchObject({ quorum: "\u00e4", witnesses: [{ name: "\u00e4" }] });
  });

  const [w1, w2] = vkeys as [string, string];
  const mlDsa = `w+00000000+${Buffer.concat([Uint8Array.of(6), Buffer.alloc(1312)]).toString("base64")}`;
  it.each([
    ["no quorum", `witness a ${w1}\n`],
    ["two quorums", "quorum none\nquorum none\n"],
    ["a quorum that is not defined", "quorum a\n"],
    ["a quorum defined below", `quorum a\nwitness a ${w1}\n`],
    ["a name defined twice", `witness a ${w1}\nwitness a ${w2}\nquorum a\n`],
    ["a group named like a witness", `witness a ${w1}\ngroup a any a\nquorum a\n`],
    ["a witness named none", `witness none ${w1}\nquorum none\n`],
    ["none as a member", `witness a ${w1}\ngroup g any a none\nquorum g\n`],
    ["a member defined below", `group g any a\nwitness a ${w1}\nquorum g\n`],
    ["a member of two groups", `witness a ${w1}\ngroup g any a\ngroup h any a\nquorum g\n`],
    ["a member twice", `witness a ${w1}\ngroup g 2 a a\nquorum g\n`],
    ["a group without members", `witness a ${w1}\ngroup g any\nquorum a\n`],
    ["a threshold of 0", `witness a ${w1}\ngroup g 0 a\nquorum g\n`],
    ["a threshold above the members", `witness a ${w1}\ngroup g 2 a\nquorum g\n`],
    ["a threshold in words", `witness a ${w1}\ngroup g one a\nquorum g\n`],
    ["the same log key twice", `log ${golden.vkey}\nlog ${golden.vkey}\nquorum none\n`],
    ["the same witness key under two names", `witness a ${w1}\nwitness b ${w1}\nquorum a\n`],
    ["a witness with a log's key type", `witness a ${golden.vkey}\nquorum a\n`],
    ["a log with a witness's key type", `log ${w1}\nquorum none\n`],
    ["a kind of key it cannot check", `witness a ${mlDsa}\nquorum none\n`],
    ["something after the URL", `log ${golden.vkey} https://example.com x\nquorum none\n`],
    ["an unknown keyword", "logs x\nquorum none\n"],
    ["a carriage return", "quorum none\r\n"],
  ])("is refused with %s", (_, text) => {
    expect(() => parseTrustPolicy(text)).toThrow(expect.objectContaining({ code: "BAD_POLICY" }));
  });

  it("names the wrong line in its error", () => {
    expect(() => parseTrustPolicy("# fine\nquorum none\nnonsense\n")).toThrow(/Line 3/);
  });
});
