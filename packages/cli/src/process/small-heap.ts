import { setFlagsFromString } from "node:v8";

/**
 * For a verb that streams: V8 would let the young generation grow to 100 MB and more, because a few bytes of every row outlive a
 * collection, and gains nothing by it here. The flag is read whenever it would grow.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
