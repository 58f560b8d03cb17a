import { describe, expect, it } from "vitest";
import { porterStem } from "../src/library/search/porter-stem.ts";
import { normalForm } from "../src/library/text/normal-form.ts";

describe("the stem of a word", () => {
  // Examples from Porter's paper.
  it.each([
    ["caresses", "caress"],
    ["ponies", "poni"],
    ["cats", "cat"],
    ["agreed", "agre"],
    ["plastered", "plaster"],
    ["motoring", "motor"],
    ["sing", "sing"],
    ["hopping", "hop"],
    ["falling", "fall"],
    ["filing", "file"],
    ["conflated", "conflat"],
    ["happy", "happi"],
    ["sky", "sky"],
    ["relational", "relat"],
    ["conditional", "condit"],
    ["rational", "ration"],
    ["vietnamization", "vietnam"],
    ["operator", "oper"],
    ["hopefulness", "hope"],
    ["electrical", "electr"],
    ["goodness", "good"],
    ["replacement", "replac"],
    ["adoption", "adopt"],
    ["controlling", "control"],
    ["probate", "probat"],
    ["cease", "ceas"],
    ["rate", "rate"],
  ])("of %s is %s", (word, stem) => {
    expect(porterStem(word)).toBe(stem);
  });

  it.each([
    ["went", "goes"],
    ["thought", "thinking"],
    ["stolen", "steals"],
    ["carried", "carry"],
  ])("brings %s and %s together", (one, other) => {
    expect(normalForm(one)).toBe(normalForm(other));
  });
});
