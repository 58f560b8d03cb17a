/** A cryptographically secure source of random bytes, such as `randomBytes` of node:crypto. */
export type Random = (length: number) => Uint8Array;
