import type { Layout } from "./layout.ts";
import { PlainRows } from "./plain-rows.ts";
import { RowsToday } from "./rows-today.ts";
import { ValueACommit } from "./value-a-commit.ts";

export type LayoutKey = "A" | "B" | "C" | "A0" | "B2";

/** `A0` is A without its indexes; `B2` is B that blanks at the same length. */
export function openLayout(key: LayoutKey, path: string): Layout {
  switch (key) {
    case "A":
      return new RowsToday(path);
    case "A0":
      return new RowsToday(path, false);
    case "B":
      return new PlainRows(path);
    case "B2":
      return new PlainRows(path, "same-length");
    case "C":
      return new ValueACommit(path);
  }
}
