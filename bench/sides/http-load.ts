/** Gives a server load over keep-alive connections, each asking again as soon as it has its answer. */
import { connect, type Socket } from "node:net";
import { quantile } from "../measure/ratio.ts";

export interface Load {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const HEAD_END = Buffer.from("\r\n\r\n");

/**
 * @param path of each request; `#` becomes the number of the connection
 * @throws where an answer is not 200 or has no Content-Length
 */
export async function run(port: number, path: string, connections: number, ms: number): Promise<Load> {
  const latencies: number[] = [];
  const begun = performance.now();
  const until = begun + ms;
  await Promise.all(Array.from({ length: connections }, (_, i) => askUntil(port, path.replace("#", String(i)), until, latencies)));
  const seconds = (performance.now() - begun) / 1_000;
  const sorted = Float64Array.from(latencies).sort();
  return {
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
  };
}

function askUntil(port: number, path: string, until: number, latencies: number[]): Promise<void> {
  const request =
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: application/json\r\n` +
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0\r\n\r\n";
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let asked = 0;
    /** Bytes of the answer that are still to come; undefined while its head is not complete. */
    let left: number | undefined;
    let head = Buffer.alloc(0);
    const ask = () => {
      asked = performance.now();
      socket.write(request, "latin1");
    };
    socket.once("connect", ask);
    socket.once("error", reject);
    socket.on("data", (block) => {
      let bytes = block.length;
      if (left === undefined) {
        head = head.length === 0 ? block : Buffer.concat([head, block]);
        const end = head.indexOf(HEAD_END);
        if (end < 0) return;
        const text = head.toString("latin1", 0, end);
        const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
        if (!text.startsWith("HTTP/1.1 200") || length === undefined) {
          socket.destroy();
          reject(new Error(`unexpected answer: ${text}`));
          return;
        }
        left = Number(length);
        bytes = head.length - end - HEAD_END.length;
        head = Buffer.alloc(0);
      }
      left -= bytes;
      if (left > 0) return;
      left = undefined;
      const now = performance.now();
      latencies.push(now - asked);
      if (now < until) ask();
      else {
        socket.destroy();
        resolve();
      }
    });
  });
}
