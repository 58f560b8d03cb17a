/** Gives a server load over keep-alive connections. */
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
 * Each connection sends its next request as soon as it has its response.
 * @param path of each request; `#` becomes the number of the connection
 * @throws if a response is not 200 or has no Content-Length
 */
export async function run(port: number, path: string, connections: number, ms: number): Promise<Load> {
  const latencies: number[] = [];
  const begun = performance.now();
  const until = begun + ms;
  let open = connections;
  await new Promise<void>((resolve, reject) => {
    for (let i = 0; i < connections; i++) {
      new Connection(port, path.replace("#", String(i)), {
        ready: (connection) => connection.ask(),
        responded: (connection, took) => {
          latencies.push(took);
          if (performance.now() < until) connection.ask();
          else {
            connection.end();
            if (--open === 0) resolve();
          }
        },
        failed: reject,
      });
    }
  });
  return loadOf(latencies, begun);
}

/**
 * Requests are due at an even rate. One that is due while all connections are busy waits for the first free one, and is not sent
 * after the end.
 */
export async function runAtRate(port: number, path: string, connections: number, ms: number, perSecond: number): Promise<Load> {
  const latencies: number[] = [];
  const all: Connection[] = [];
  const idle: Connection[] = [];
  const total = Math.round((perSecond * ms) / 1_000);
  let begun = 0;
  let sent = 0;
  await new Promise<void>((resolve, reject) => {
    const send = () => {
      const passed = performance.now() - begun;
      const due = passed > ms ? sent : Math.min(total, Math.floor((passed / 1_000) * perSecond));
      while (sent < due && idle.length > 0) {
        sent++;
        idle.shift()!.ask();
      }
      if (idle.length === connections && (sent === total || passed > ms)) {
        clearInterval(timer);
        for (const connection of all) connection.end();
        resolve();
      }
    };
    let timer: NodeJS.Timeout;
    for (let i = 0; i < connections; i++) {
      const connection = new Connection(port, path.replace("#", String(i)), {
        ready: () => {
          if (idle.push(connection) < connections) return;
          begun = performance.now();
          timer = setInterval(send, 1);
        },
        responded: (_, took) => {
          latencies.push(took);
          idle.push(connection);
          send();
        },
        failed: reject,
      });
      all.push(connection);
    }
  });
  return loadOf(latencies, begun);
}

function loadOf(latencies: readonly number[], begun: number): Load {
  const seconds = (performance.now() - begun) / 1_000;
  const sorted = Float64Array.from(latencies).sort();
  return {
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
  };
}

interface Handlers {
  ready(connection: Connection): void;
  /** @param took milliseconds from the request to the last byte of the response */
  responded(connection: Connection, took: number): void;
  failed(cause: Error): void;
}

/** One request at a time. */
class Connection {
  readonly #socket: Socket;
  readonly #request: string;
  readonly #handlers: Handlers;
  #asked = 0;
  /** Bytes of the response that are still to come; undefined while its head is not complete. */
  #left: number | undefined;
  #head: Buffer = Buffer.alloc(0);

  constructor(port: number, path: string, handlers: Handlers) {
    this.#handlers = handlers;
    this.#request =
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: application/json\r\n` +
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0\r\n\r\n";
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.once("connect", () => handlers.ready(this));
    this.#socket.once("error", handlers.failed);
    this.#socket.on("data", (block) => this.#receive(block));
  }

  ask(): void {
    this.#asked = performance.now();
    this.#socket.write(this.#request, "latin1");
  }

  end(): void {
    this.#socket.destroy();
  }

  #receive(block: Buffer): void {
    let bytes = block.length;
    if (this.#left === undefined) {
      const head = this.#head.length === 0 ? block : Buffer.concat([this.#head, block]);
      this.#head = head;
      const end = head.indexOf(HEAD_END);
      if (end < 0) return;
      const text = head.toString("latin1", 0, end);
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      if (!text.startsWith("HTTP/1.1 200") || length === undefined) {
        this.#socket.destroy();
        this.#handlers.failed(new Error(`unexpected response: ${text}`));
        return;
      }
      this.#left = Number(length);
      bytes = head.length - end - HEAD_END.length;
      this.#head = Buffer.alloc(0);
    }
    this.#left -= bytes;
    if (this.#left > 0) return;
    this.#left = undefined;
    this.#handlers.responded(this, performance.now() - this.#asked);
  }
}
