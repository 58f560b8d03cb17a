/** Reporter for `node --test`: one line of JSON for each test that failed, and one with the number of those that passed. */
import { relative } from "node:path";

export default async function* failures(source) {
  let passed = 0;
  for await (const { type, data } of source) {
    if (type === "test:pass" && data.details?.type !== "suite" && !data.skip && !data.todo) passed++;
    if (type !== "test:fail" || data.details?.type === "suite" || data.skip !== undefined || data.todo !== undefined) continue;
    const cause = data.details?.error?.cause ?? data.details?.error;
    // A file fails with its tests. It counts itself only if it failed outside of them.
    if (data.details?.error?.failureType === "subtestsFailed") continue;
    const file = relative(process.cwd(), data.file ?? data.name);
    yield `${JSON.stringify({ test: `${file} > ${data.name}`, file, why: String(cause?.message ?? cause).split("\n")[0] })}\n`;
  }
  yield `${JSON.stringify({ passed })}\n`;
}
