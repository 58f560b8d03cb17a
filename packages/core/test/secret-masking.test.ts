import { describe, expect, it } from "vitest";
import { maskSecrets } from "../src/minimise/secret-masking.ts";
import { missingSharedData, sharedText } from "./support/shared-data.ts";

describe("free text", () => {
  it.each([
    ["write to ada.lovelace+x@mail.example.co.uk, please", "write to [mail], please", 1],
    ["Authorization: Bearer abcdefgh12345678.xyz was refused", "Authorization: [credential] was refused", 1],
    ["token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P expired", "token [jwt] expired", 1],
    ["pay to DE89 3704 0044 0532 0130 00 by Friday", "pay to [iban] by Friday", 1],
    ["pay to GB82WEST12345698765432 by Friday", "pay to [iban] by Friday", 1],
    ["card 4111 1111 1111 1111 declined", "card [card] declined", 1],
    ["cards 4111-1111-1111-1111 and 5555555555554444", "cards [card] and [card]", 2],
  ])("%j becomes %j", (text, masked, count) => {
    expect(maskSecrets(text)).toEqual({ text: masked, count });
  });

  it.each([
    "order 4111 1111 1111 1112 was shipped",
    "invoice GB82WEST12345698765433 is open",
    "meet @noon at the library",
    "the token was wrong",
    "Zürich, 北京, 🦊: nothing to hide",
    "build 20261124120000 of version 1.2.3",
  ])("%j is unchanged", (text) => {
    expect(maskSecrets(text)).toEqual({ text, count: 0 });
  });

  it("is masked in linear time", () => {
    const pieces = ["a@", "1 ", "DE89 ", "eyJ", "bearer ", "a.", "-4", "@a.b"];
    const begun = performance.now();
    for (const piece of pieces) maskSecrets(piece.repeat(Math.ceil(8_192 / piece.length)));
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

const missing = missingSharedData("pii/generated_small.json");

describe.skipIf(missing)("labelled sentences of another project (presidio-research)", () => {
  interface Sample {
    readonly full_text: string;
    readonly spans: readonly { readonly entity_type: string; readonly entity_value: string }[];
  }

  it("lose every mail address", () => {
    const samples = JSON.parse(sharedText("pii/generated_small.json")) as Sample[];
    const addresses = samples.flatMap((sample) =>
      sample.spans.filter((span) => span.entity_type === "EMAIL_ADDRESS").map((span) => ({ sample, value: span.entity_value })),
    );
    expect(addresses.length).toBeGreaterThan(0);
    expect(addresses.filter(({ sample, value }) => maskSecrets(sample.full_text).text.includes(value))).toEqual([]);
  });

  it("lose every IBAN and card with valid check digits", () => {
    const samples = JSON.parse(sharedText("pii/generated_small.json")) as Sample[];
    const luhn = (digits: string) =>
      [...digits]
        .reverse()
        .reduce((sum, digit, i) => sum + (i % 2 === 0 ? Number(digit) : [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][Number(digit)]!), 0) %
        10 ===
      0;
    const cards = samples.flatMap((sample) =>
      sample.spans
        .filter((span) => span.entity_type === "CREDIT_CARD" && /^\d{13,19}$/.test(span.entity_value) && luhn(span.entity_value))
        .map((span) => ({ sample, value: span.entity_value })),
    );
    const ibans = samples.flatMap((sample) =>
      sample.spans.filter((span) => span.entity_type === "IBAN_CODE").map((span) => ({ sample, value: span.entity_value })),
    );
    const left = [...cards, ...ibans].filter(({ sample, value }) => maskSecrets(sample.full_text).text.includes(value));
    expect({ cards: cards.length > 0, left: left.map(({ value }) => value) }).toEqual({ cards: true, left: [] });
  });
});
