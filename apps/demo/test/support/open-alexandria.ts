import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { Alexandria, type Framework } from "../../src/alexandria.ts";
import { DEMO_READERS } from "../../src/library/reader-list.ts";
import type { ModelOptions } from "../../src/library/search/ask-model.ts";
import { temporaryFolder } from "./temporary-library.ts";

export const SHELF = fileURLToPath(new URL("../../shelf", import.meta.url));
export const FRAMEWORKS = ["express", "fastify"] as const satisfies readonly Framework[];

export interface OpenedAlexandria {
  readonly alexandria: Alexandria;
  readonly auditPath: string;
  /** Tokens of the demo readers, by id. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Safe to call twice; called automatically after the test. */
  readonly close: () => Promise<void>;
}

/** The library on a free port with new files and its handbook on the shelf. */
export async function openAlexandria(
  framework: Framework,
  { folder = temporaryFolder(), books = SHELF, model }: { folder?: string; books?: string; model?: ModelOptions } = {},
): Promise<OpenedAlexandria> {
  mkdirSync(folder, { recursive: true });
  const auditPath = join(folder, "audit.db");
  const libraryPath = join(folder, "library.db");
  const alexandria = await Alexandria.open({ framework, port: 0, metricsPort: 0, auditPath, libraryPath, model });
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= alexandria.close());
  onTestFinished(close);
  const tokens = new Map(DEMO_READERS.map(({ id }) => [id, alexandria.library.issueToken(id)] as const));
  await alexandria.ingest(books);
  return { alexandria, auditPath, tokens, close };
}
