import { connect, type Socket } from "node:net";

/** A client that sees each byte as it arrives. */
export interface RawConnection {
  readonly socket: Socket;
  send(bytes: string): void;
  /** Everything that has come so far, one character per byte. */
  received(): string;
  /** Resolves when the received text contains `text`, or rejects after `withinMs`. */
  until(text: string, withinMs?: number): Promise<string>;
  /** Resolves with everything received, when the server has closed the connection. */
  closed(): Promise<string>;
}

export async function rawConnection(port: number): Promise<RawConnection> {
  const socket = connect({ port, host: "127.0.0.1" });
  let text = "";
  const closed = Promise.withResolvers<void>();
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    text += chunk;
  });
  // Some tests expect that the connection is cut.
  socket.on("error", () => closed.resolve());
  socket.on("close", () => closed.resolve());
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  return {
    socket,
    send: (bytes) => void socket.write(bytes, "latin1"),
    received: () => text,
    async until(expected, withinMs = 5_000) {
      const end = performance.now() + withinMs;
      while (!text.includes(expected)) {
        if (performance.now() > end) throw new Error(`waited ${withinMs} ms for ${JSON.stringify(expected)}, got ${JSON.stringify(text)}`);
        if (socket.destroyed) throw new Error(`closed before ${JSON.stringify(expected)} came, after ${JSON.stringify(text)}`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return text;
    },
    async closed() {
      await closed.promise;
      return text;
    },
  };
}

/** A request without a body, after whose response the server closes the connection. */
export const requestText = (line: string, headers: Readonly<Record<string, string>> = {}): string =>
  `${line} HTTP/1.1\r\nHost: daybook.test\r\n${Object.entries({ Connection: "close", ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;
