import { describe, expect, it } from "vitest";
import { RecurringText } from "../src/encoding/recurring-text.ts";

describe("text of values that recur", () => {
  it("is made once for each value", () => {
    const made: unknown[] = [];
    const text = new RecurringText((value) => {
      made.push(value);
      return `<${value}>`;
    });
    expect(["a", "b", "a", 1, "1", 1].map((value) => text.of(value))).toEqual(["<a>", "<b>", "<a>", "<1>", "<1>", "<1>"]);
    expect(made).toEqual(["a", "b", 1, "1"]);
  });

  it("refuses a bad value each time", () => {
    let asked = 0;
    const text = new RecurringText(() => {
      asked++;
      throw new Error("no");
    });
    expect(() => text.of("a")).toThrow("no");
    expect(() => text.of("a")).toThrow("no");
    expect(asked).toBe(2);
  });

  it("bounds its memory", () => {
    let made = 0;
    const text = new RecurringText((value) => {
      made++;
      return String(value);
    });
    for (let i = 0; i < 1_000; i++) expect(text.of(`value ${i}`)).toBe(`value ${i}`);
    expect(text.of("value 0")).toBe("value 0");
    expect(made).toBe(1_001);
  });
});
