/** Why the library refused. Callers branch on the code; the message is for people. */
export type LibraryErrorCode =
  | "UNREADABLE_FILE"
  | "FILE_TOO_LARGE"
  | "NOTHING_TO_READ"
  | "QUOTA_EXCEEDED"
  | "UNKNOWN_COLLECTION"
  | "UNKNOWN_READER"
  | "NAME_TAKEN"
  | "MODEL_FAILED";

export class LibraryError extends Error {
  override readonly name = "LibraryError";
  readonly code: LibraryErrorCode;

  constructor(code: LibraryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
