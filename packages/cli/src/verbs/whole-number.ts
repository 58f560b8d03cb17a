import { InvalidArgumentError } from "commander";

/** Reads a whole number of at least `least`, at most 15 digits. */
export const wholeNumber = (least: number) => (text: string) => {
  const n = Number(text);
  if (!/^\d{1,15}$/.test(text) || n < least) throw new InvalidArgumentError(`It is a whole number, at least ${least}.`);
  return n;
};
