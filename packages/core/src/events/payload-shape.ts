import type { StandardSchemaV1 } from "@standard-schema/spec";

type Kind = "text" | "number" | "count" | "boolean" | "texts" | "numbers" | "object";
interface Of {
  text: string;
  number: number;
  count: number;
  boolean: boolean;
  texts: readonly string[];
  numbers: readonly number[];
  object: { readonly [key: string]: unknown };
}
type Shape = Readonly<Record<string, Kind | `${Kind}?`>>;
type Payload<S extends Shape> = {
  readonly [K in keyof S as S[K] extends `${string}?` ? never : K]: S[K] extends Kind ? Of[S[K]] : never;
} & {
  readonly [K in keyof S as S[K] extends `${string}?` ? K : never]?: (S[K] extends `${infer T extends Kind}?` ? Of[T] : never) | undefined;
};

const CHECK: Record<Kind, (value: unknown) => boolean> = {
  text: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  count: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  boolean: (value) => typeof value === "boolean",
  texts: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
  numbers: (value) => Array.isArray(value) && value.every((item) => typeof item === "number"),
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};

/** Makes the payload schema of a built-in event: flat and closed. Core needs no schema library for it. */
export function payloadShape<const S extends Shape>(shape: S): StandardSchemaV1<Payload<S>, Payload<S>> {
  const fields = Object.entries(shape).map(([key, kind]) => {
    const optional = kind.endsWith("?");
    return { key, optional, kind: (optional ? kind.slice(0, -1) : kind) as Kind };
  });
  const known = new Set(fields.map((field) => field.key).concat("truncated"));
  return {
    "~standard": {
      version: 1,
      vendor: "daybook",
      validate(value) {
        if (typeof value !== "object" || value === null || Array.isArray(value)) return { issues: [{ message: "expected an object" }] };
        const given = value as Record<string, unknown>;
        const issues: StandardSchemaV1.Issue[] = [];
        for (const { key, optional, kind } of fields) {
          const field = given[key];
          if (field === undefined ? !optional : !CHECK[kind](field)) issues.push({ message: `expected ${kind}`, path: [key] });
        }
        for (const key of Object.keys(given)) if (!known.has(key)) issues.push({ message: "is not part of this event", path: [key] });
        return issues.length > 0 ? { issues } : { value: given as Payload<S> };
      },
    },
  };
}
