import { describe, expect, it } from "vitest";
import type { Machine } from "../measure/machine.ts";
import { spread } from "../measure/ratio.ts";
import { parseSummary } from "../measure/system-calls.ts";
import { type ThreadUse, usedBetween } from "../measure/threads.ts";
import type { Profile } from "../profile.ts";
import { profileSection, withProfile } from "../profile-report.ts";
import { asPage } from "../report.ts";

const SUMMARY = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 61.20    0.123456          12     10288         7 futex
 38.80    0.078111           9      8679           write
------ ----------- ----------- --------- --------- ----------------
100.00    0.201567          10     18967         7 total
`;

const PROFILE: Profile = {
  rounds: 3,
  rows: (["nothing", "daybook"] as const).map((recording) => ({
    framework: "fastify",
    recording,
    share: 0.1,
    writer: "same",
    perSecond: 4_000,
    cpuUs: { request: 20, writer: recording === "daybook" ? 15 : 0, pool: 0, v8: 1 },
    voluntary: 0.5,
    involuntary: 0.01,
    ...(recording === "daybook" ? { commitsPerSecond: 200, eventsPerCommit: 20 } : {}),
  })),
  costs: [
    { framework: "fastify", perSecond: 100, bare: 90, daybook: spread([60, 62, 64]), logger: spread([30, 31, 32]) },
    { framework: "fastify", perSecond: 1_000, bare: 40, daybook: spread([30, 31, 32]), logger: spread([1, 5, 20]) },
  ],
  gaps: ["System calls: the strace command is not installed."],
};

const MACHINE: Machine = {
  cores: 2,
  processor: "a processor",
  memoryGiB: 4,
  system: "Linux",
  node: "v24",
  sqlite: "3",
  sqliteShell: "3",
  pinned: true,
};

describe("the profile of a request", () => {
  it("reads the system calls that strace counted", () => {
    expect([...parseSummary(SUMMARY)]).toEqual([
      ["futex", 10_288],
      ["write", 8_679],
    ]);
  });

  it("adds up the threads by what they are for, with those that began in between", () => {
    const use = (group: ThreadUse["group"], cpuUs: number): ThreadUse => ({ group, cpuUs, voluntary: cpuUs, involuntary: 1 });
    const before = new Map([
      [1, use("request", 100)],
      [2, use("writer", 50)],
      [3, use("v8", 10)],
    ] as const);
    const after = new Map([
      [1, use("request", 160)],
      [2, use("writer", 70)],
      [4, use("v8", 5)],
    ] as const);
    expect(usedBetween(before, after)).toEqual({ cpuUs: { request: 60, writer: 20, pool: 0, v8: 5 }, voluntary: 85, involuntary: 1 });
  });

  it("shows what is added, and no ratio of a cost within its own spread", () => {
    const section = profileSection(PROFILE);
    expect(section).toMatch(/\| Fastify \| Daybook \| 10 % \| same core \| .*\| 36\.0 \| \+15\.0 \|.*\| 200 \| 20 \|/);
    expect(section).toMatch(/\| 100 \| 90\.0 \| \+62\.0 \|.*\| 2\.00x \|/);
    expect(section).toMatch(/\| 1,000 \|.*\| within the spread \|/);
    expect(section).toContain("strace command is not installed");
  });

  it("takes its place in the page, once", () => {
    const page = "# Performance\n\n## As the log grows\n\ntext\n\n## Tuning notes\n\nnotes\n";
    const first = withProfile(page, PROFILE);
    expect(first).toMatch(
      /^# Performance\n\n## As the log grows\n\ntext\n\n## Where the time goes\n[\s\S]*\n\n## Tuning notes\n\nnotes\n$/,
    );
    expect(withProfile(first, PROFILE)).toBe(first);
    expect(withProfile(asPage([], [], MACHINE), PROFILE)).toBe(asPage([], [], MACHINE, PROFILE));
  });
});
