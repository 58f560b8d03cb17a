import { LibraryError } from "../../src/library/library-error.ts";

/** Code and message of the library's refusal; fails if there is none. */
export function refusalOf(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof LibraryError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("nothing was refused");
}
