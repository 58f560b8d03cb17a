import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exists, ROOT } from "../docs/markdown.ts";

const PAGE = readFileSync(join(ROOT, "docs", "architecture.md"), "utf8");

/** Rooms by the folder their table stands below. */
const ROOMS = [...PAGE.matchAll(/^### `(packages\/[\w-]+\/src)`\n([\s\S]*?)(?=^#)/gm)].map(([, folder, table]) => ({
  folder: folder!,
  rooms: [...table!.matchAll(/^\| `([\w/-]+)\/` \|/gm)].map(([, room]) => room!),
}));

describe("docs/architecture.md", () => {
  it("names only paths that exist", () => {
    const written = [...PAGE.matchAll(/`((?:packages|apps|scripts|bench|docs|\.ci|\.github|\.changeset)(?:\/[\w./-]+)?)`/g)].map(
      ([, path]) => path!,
    );
    const drawn = [...PAGE.matchAll(/\b((?:core|ledger|store-sqlite)\/[a-z][a-z/]+[a-z])/g)]
      .filter(({ index }) => !/[\w/-]/.test(PAGE[index - 1]!))
      .map(([, path]) => `packages/${path!.replace("/", "/src/")}`);
    expect(written.length).toBeGreaterThan(50);
    expect(drawn.length).toBeGreaterThan(15);
    expect([...written, ...drawn].filter((path) => !exists(path))).toEqual([]);
  });

  it("lists every room of the packages it lists, and no other", () => {
    expect(ROOMS.length).toBeGreaterThan(6);
    for (const { folder, rooms } of ROOMS) {
      const folders = readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(join(ROOT, folder).length + 1));
      expect({ folder, rooms: rooms.toSorted() }).toEqual({ folder, rooms: folders.toSorted() });
    }
  });

  it("says where to go for at least 34 tasks", () => {
    const tasks = PAGE.split("## I want to change something\n")[1]!.match(/^\| [a-z].* \| .* \|$/gm);
    expect(tasks!.length).toBeGreaterThanOrEqual(34);
  });
});
