import { createReadStream } from "node:fs";

/** Lines of a file. */
export async function linesOf(path: string): Promise<number> {
  let lines = 0;
  for await (const block of createReadStream(path) as AsyncIterable<Buffer>) {
    for (let at = block.indexOf(10); at >= 0; at = block.indexOf(10, at + 1)) lines++;
  }
  return lines;
}
