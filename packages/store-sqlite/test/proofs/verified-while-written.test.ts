import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { openSqliteReader, openSqliteStore } from "../../src/index.ts";
import { bundleProgram } from "../faults/support/bundle-program.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PROCESSES = 8;
const SECONDS = Number(process.env.DAYBOOK_WRITE_SECONDS ?? 60);
const program = fileURLToPath(await bundleProgram(new URL("./support/proof-program.ts", import.meta.url).href));

describe(`${PROCESSES} processes that write and erase for ${SECONDS} s`, () => {
  it("leave a valid log for every verification in between", {
    timeout: 120_000 + SECONDS * 4_000,
  }, async () => {
    const path = join(temporaryFolder(), "audit.db");
    await (await openSqliteStore({ path, anchors: [], onNotice: () => undefined })).close();
    let running = PROCESSES;
    const writers = Array.from({ length: PROCESSES }, (_, i) => {
      const child = spawn(process.execPath, [program, "write", path, `w${i}`, String(SECONDS * 1_000)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      onTestFinished(() => void child.kill("SIGKILL"));
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk;
      });
      return new Promise<number>((resolve, reject) => {
        child.once("close", (code) => {
          running--;
          const [, written] = /^ready\n(\d+)\n$/.exec(output) ?? [];
          if (code === 0 && written !== undefined) resolve(Number(written));
          else reject(new Error(`writer ${i} ended with ${code}: ${output}`));
        });
      });
    });
    const all = Promise.all(writers);
    let looks = 0;
    while (running > 0) {
      const reader = await openSqliteReader({ path });
      const { verdict, findings } = await reader.verify();
      await reader.close();
      expect({ verdict, findings }).toEqual({ verdict: "intact", findings: [] });
      looks++;
    }
    const written = (await all).reduce((sum, n) => sum + n, 0);
    const reader = await openSqliteReader({ path });
    const report = await reader.verify();
    expect(report).toMatchObject({ verdict: "intact", findings: [] });
    expect(report.erased).toBeGreaterThan(0);
    let next = 0;
    for await (const { seq } of reader.scan({}, { order: "oldest" })) expect(seq).toBe(next++);
    expect(next).toBe(report.entries);
    expect(await reader.count({ action: "note.recorded" })).toBe(written);
    await reader.close();
    expect(looks).toBeGreaterThan(1);
    console.info(
      `${PROCESSES} processes wrote ${written} events in ${SECONDS} s; verified ${looks} times meanwhile, ${report.erased} parts erased`,
    );
  });
});
