/**
 * Decodes standard base64 (RFC 4648, section 4) and nothing else: padded, no white space, the spare bits of the last character zero.
 * So each byte string has one text, and nothing can hide in the encoding.
 * @returns undefined for anything else
 */
export function decodeBase64(text: string): Buffer<ArrayBuffer> | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
