import { DaybookError } from "@daybook/core";

const LONGEST = 512;

/** An id as the application knows a person: 1 to 512 characters, taken as they are. */
export const isPersonId = (id: unknown): id is string => typeof id === "string" && id !== "" && id.length <= LONGEST && id.isWellFormed();

/** @throws {DaybookError} `BAD_OPTION` */
export function checkPersonId(id: unknown): void {
  if (!isPersonId(id)) throw new DaybookError("BAD_OPTION", "The id of a person is text of 1 to 512 characters.");
}
