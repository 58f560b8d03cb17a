/**
 * Reads a `Retry-After` header, whole seconds or a date (RFC 9110, section 10.2.3).
 * @returns milliseconds from `now`, 0 for a moment that has passed, undefined if the header is missing or malformed
 */
export function retryAfterMs(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const at = /GMT$/.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
