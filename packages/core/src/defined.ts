/** Type of an object whose undefined members are left out. */
export type Defined<T extends object> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/**
 * Returns the object without its undefined members, so that an optional member is absent instead of undefined.
 * @example
 * ```ts
 * import { defined } from "@daybook/core/store";
 *
 * const reason: string | undefined = undefined;
 * console.log(defined({ action: "read", reason })); // { action: "read" }
 * ```
 */
export function defined<T extends object>(members: T): Defined<T> {
  const present: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(members)) if (value !== undefined) present[name] = value;
  return present as Defined<T>;
}
