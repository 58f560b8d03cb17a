/** The value, which a case needs. @throws {Error} if there is none */
export function present<T>(value: T | null | undefined): T {
  if (value === undefined || value === null) throw new Error("the case expected a value, and there is none");
  return value;
}
