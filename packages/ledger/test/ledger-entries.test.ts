import { describe, expect, it } from "vitest";
import {
  continuesEntry,
  createdEntry,
  DEFAULT_POLICY,
  erasureEntry,
  incidentEntry,
  keyEntry,
  newKeys,
  policyEntry,
  provenEntry,
  pseudonymOf,
  readManifest,
  retentionEntry,
  SlotSet,
  type SplitEntry,
} from "../src/index.ts";
import { seededRandom } from "./support/memory-log.ts";

const random = seededRandom("entries");
const options = { time: "2026-11-22T09:00:00.000Z", random };
const slots = new SlotSet();
slots.add(1, 3, 5);

const read = ({ parts }: SplitEntry) => readManifest({ seq: 100, head: parts[0]!.text, parts: parts.slice(1).map(({ text }) => text) });

describe("an entry of the ledger about itself", () => {
  const from = { origin: "example.com/a/1", vkey: "v", size: 9, root: "r" };
  it.each<[string, SplitEntry, object]>([
    [
      "ledger.created",
      createdEntry({ origin: "example.com/a/1", vkey: "v", kid: "1", ...options }),
      { format: "dbk1", origin: "example.com/a/1", vkey: "v", kid: "1", policy: DEFAULT_POLICY },
    ],
    ["ledger.policy", policyEntry({ policy: DEFAULT_POLICY, ...options }), { policy: DEFAULT_POLICY }],
    [
      "ledger.erasure",
      erasureEntry({ gone: slots, basis: ["law", "request"], ...options }),
      { n: 3, basis: ["request", "law"], merges: [] },
    ],
    [
      "ledger.retention",
      retentionEntry({ class: 6, persons: 50, heads: 20, keep: slots, ...options }),
      { class: 6, persons: 50, heads: 20 },
    ],
    ["ledger.continues", continuesEntry({ from, reason: "restore", ...options }), { from, reason: "restore" }],
    ["ledger.key", keyEntry({ vkey: "v2", ...options }), { vkey: "v2" }],
    ["ledger.key", keyEntry({ kid: "2", change: "added", ...options }), { kid: "2", change: "added" }],
    ["ledger.proven", provenEntry({ of: [3, 7], scan: "clean", ...options }), { of: [3, 7], scan: "clean" }],
    ["ledger.incident", incidentEntry({ rows: [5, [7, 9]], note: "intrusion", ...options }), { note: "intrusion" }],
  ])("is read as it was written: %s", (action, entry, expected) => {
    expect(entry.class).toBe(8);
    expect(read(entry)).toMatchObject({ action, ...expected });
  });

  it("keeps its lists in a detachable part", () => {
    const erasure = erasureEntry({ gone: slots, basis: ["request"], ...options });
    expect(erasure.parts.map(({ role }) => role)).toEqual([undefined, "context"]);
    expect(readManifest({ seq: 100, head: erasure.parts[0]!.text, parts: [] })).toMatchObject({ n: 3, gone: undefined });
    expect(retentionEntry({ class: 6, persons: 50, heads: 20, ...options }).parts).toHaveLength(1);
  });

  it("names the operator in a separate part", () => {
    const keys = newKeys("example.com/a", random);
    const entry = erasureEntry({ gone: slots, basis: ["request"], operator: { id: "root", keys }, ...options });
    expect(entry.parts.map(({ role }) => role)).toEqual([undefined, "actor", "context"]);
    expect(JSON.parse(entry.parts[1]!.text)).toEqual({ role: "actor", sub: pseudonymOf(keys, "root"), uid: "root" });
    expect(entry.parts[0]!.text).toContain(`"actor_kind":"user"`);
    const pseudonymous = erasureEntry({
      gone: slots,
      basis: ["request"],
      operator: { id: "root", keys, userIds: "pseudonymous" },
      ...options,
    });
    expect(pseudonymous.parts[1]!.text).not.toContain("root");
    expect(read(entry)).toMatchObject({ n: 3 });
  });

  it("has a UUIDv7 of its time as its id", () => {
    const { id } = JSON.parse(policyEntry({ policy: {}, ...options }).parts[0]!.text) as { id: string };
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(Date.parse(options.time));
  });

  it("contains no link from slots to a person", () => {
    const [head, list] = erasureEntry({ gone: slots, basis: ["request"], ...options }).parts.map(({ text }) => JSON.parse(text));
    expect(Object.keys(head).sort()).toEqual(["action", "id", "ledger", "outcome", "severity", "ts", "type"]);
    expect(list).toEqual({ gone: { 1: [[3, 5]] }, role: "context" });
  });

  it("is refused without slots or reasons", () => {
    const refused = expect.objectContaining({ code: "BAD_MANIFEST" });
    expect(() => erasureEntry({ gone: new SlotSet(), basis: ["request"], ...options })).toThrow(refused);
    expect(() => erasureEntry({ gone: slots, basis: [], ...options })).toThrow(refused);
    expect(() => retentionEntry({ class: 6, persons: 1, heads: 2, ...options })).toThrow(refused);
  });
});
