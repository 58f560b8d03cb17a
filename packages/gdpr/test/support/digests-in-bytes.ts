/**
 * Tells whether a digest, or at least its first eight bytes, occurs anywhere in a heap of bytes: as it is, in hexadecimal or in base64, at
 * whatever offset. A million digests can be tried: four bytes decide for all but a few of them.
 */
export function digestsIn(bytes: Buffer): (digest: Buffer) => boolean {
  const text = bytes.toString("latin1");
  const heaps = [bytes, ...decoded(text, /[0-9a-f]{16,}/g, "hex"), ...decoded(text, /[A-Za-z0-9+/_-]{11,}/g, "base64")];
  const known = new Set<number>();
  for (const heap of heaps) for (let at = 0; at + 8 <= heap.length; at++) known.add(heap.readUInt32BE(at));
  return (digest) => {
    if (!known.has(digest.readUInt32BE(0))) return false;
    const start = digest.subarray(0, 8);
    return heaps.some((heap) => heap.includes(start));
  };
}

/** Every run of such characters, decoded from each of the places where an encoded digest could begin within it. */
function decoded(text: string, runs: RegExp, encoding: "hex" | "base64"): Buffer[] {
  const starts = encoding === "hex" ? [0, 1] : [0, 1, 2, 3];
  return [...text.matchAll(runs)].flatMap(([run]) => starts.map((start) => Buffer.from(run.slice(start), encoding)));
}
