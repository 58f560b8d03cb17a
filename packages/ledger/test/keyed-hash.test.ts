import { createHmac, createSecretKey } from "node:crypto";
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { keyedHashOfBytes, keyedHashOfText } from "../src/keys/keyed-hash.ts";

describe("a keyed hash", () => {
  test.prop([fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.string({ unit: "binary", maxLength: 3_000 })])(
    "is the HMAC-SHA-256 of texts of any length",
    (secret, text) => {
      const key = createSecretKey(secret);
      expect(keyedHashOfText(key, text, "hex")).toBe(createHmac("sha256", key).update(text, "utf8").digest("hex"));
    },
  );

  test.prop([
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.array(fc.uint8Array({ maxLength: 4_096 }), { minLength: 1, maxLength: 4 }),
  ])("is the HMAC-SHA-256 of bytes after earlier messages", (secret, messages) => {
    const key = createSecretKey(secret);
    for (const message of messages) {
      expect(keyedHashOfBytes(key, message, "hex")).toBe(createHmac("sha256", key).update(message).digest("hex"));
    }
  });
});
