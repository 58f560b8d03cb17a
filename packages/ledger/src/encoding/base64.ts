/**
 * Decodes canonical base64 (RFC 4648, section 4): padded, no white space, the spare bits of the last character zero. Each byte string has
 * exactly one text, so nothing can hide in the encoding.
 * @returns undefined for any other text
 */
export function decodeBase64(text: string): Buffer<ArrayBuffer> | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
