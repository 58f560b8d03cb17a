import type { PackagedFile, PackageFile, PackageFolder } from "./package-folder.ts";

/** The two JSON files of a package: everything about the person, and what the person may take to another service. */
export interface JsonFiles {
  readonly everything: PackageFile;
  readonly portable: PackageFile;
}

/** Makes the files of a package, and paces the loops that fill them. */
export interface PackageWriter {
  file(name: string): PackageFile;
  /** Writes a whole file at once. */
  whole(name: string, text: string): PackagedFile;
  /** To be called after each entry: reports progress, waits for the disk, and throws if the export is aborted. */
  written(): void | Promise<void>;
}

/** Entries between two reports of progress, and between two waits for the disk. */
const ENTRIES_AT_ONCE = 1_000;

export function packageWriter(
  { file, drained }: PackageFolder,
  { onProgress, signal }: { readonly onProgress?: ((entries: number) => void) | undefined; readonly signal?: AbortSignal | undefined },
): PackageWriter {
  let entries = 0;
  return {
    file,
    whole(name, text) {
      const whole = file(name);
      whole.write(text);
      return whole.finish();
    },
    written() {
      signal?.throwIfAborted();
      if (++entries % ENTRIES_AT_ONCE !== 0) return undefined;
      onProgress?.(entries);
      return drained();
    },
  };
}
