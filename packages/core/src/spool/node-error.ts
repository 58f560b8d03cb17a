/** True for an error of Node's file system with one of these codes, such as `ENOENT`. */
export const isErrno = (cause: unknown, ...codes: readonly string[]): boolean =>
  cause instanceof Error && codes.includes((cause as NodeJS.ErrnoException).code ?? "");
