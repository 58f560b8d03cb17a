import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Library, type LibraryOptions, openLibrary } from "../../src/library/library.ts";

/** An empty folder that is deleted after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "alexandria-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A new library in a real file that is deleted after the test. */
export function temporaryLibrary(options: Omit<LibraryOptions, "path"> = {}): Library {
  const library = openLibrary({ ...options, path: join(temporaryFolder(), "library.db") });
  onTestFinished(() => library.close());
  return library;
}
