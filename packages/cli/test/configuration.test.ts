import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { daybook } from "./support/run-daybook.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { textNoted, trailWith } from "./support/trail.ts";

const folderWith = (name: string, content: string) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, name), content);
  return folder;
};

describe("the configuration file", () => {
  it.each([
    { name: "daybook.config.json", content: (db: string) => JSON.stringify({ db }) },
    { name: "daybook.config.mjs", content: (db: string) => `export default { db: ${JSON.stringify(db)} };\n` },
    { name: "daybook.config.ts", content: (db: string) => `export default { db: ${JSON.stringify(db)} satisfies string };\n` },
  ])("$name names the database", async ({ name, content }) => {
    const db = await trailWith((audit) => void audit.record(textNoted, { data: { text: "found" } }));
    const { status, stdout } = await daybook(["report", "--format", "ndjson", "--event-type", "custom"], {
      cwd: folderWith(name, content(db)),
    });
    expect([status, stdout]).toEqual([0, expect.stringContaining('"text":"found"')]);
  });

  it.each([
    { name: "daybook.config.json", content: "{ db: 1", says: "daybook.config.json: " },
    { name: "daybook.config.json", content: "[]", says: "daybook.config.json must have one object." },
    { name: "daybook.config.mjs", content: "export const db = 1;", says: "must have one object as its default export" },
    { name: "daybook.config.mjs", content: "throw new Error('no luck');", says: "daybook.config.mjs: no luck" },
    { name: "daybook.config.json", content: '{"database":"x"}', says: "has an unknown setting database; known are db," },
    { name: "daybook.config.json", content: '{"db":7}', says: "`db` is a path" },
    { name: "daybook.config.json", content: '{"userIds":"none"}', says: "`userIds` is readable or pseudonymous" },
    { name: "daybook.config.json", content: '{"catalogue":{}}', says: "`catalogue` is a list of definitions" },
  ])("$name with $content is refused with what is right", async ({ name, content, says }) => {
    const { status, stderr } = await daybook(["report"], { cwd: folderWith(name, content) });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^daybook: CONFIG_INVALID: /);
    expect(stderr).toContain(says);
  });
});
