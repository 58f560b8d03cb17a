import { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Receipt } from "../contracts/receipt.ts";
import type { DaybookError } from "../daybook-error.ts";
import type { PendingReceipt } from "../delivery/pending-receipt.ts";

/** The members of a response Node does not document; they have been the same since Node 8 and are checked before use. */
interface HoldableResponse extends ServerResponse {
  _flush(): void;
  _headerSent: boolean;
  [HOLD]?: Hold;
}

const HOLD = Symbol.for("daybook.hold.v1");

/**
 * Keeps every byte of an answer back until the receipts it was given have settled: a client that sees any of it knows that the
 * records are stored.
 *
 * The response is taken off its socket, which is the state in which Node itself keeps the later answers of a pipelined
 * connection: headers, chunks, trailers, callbacks, return values and back-pressure go on as they do there, and what the
 * application or another middleware wrapped stays as it is. When the last receipt settles, the response gets its socket back and
 * writes what it has collected.
 *
 * If a receipt fails, the client gets 503 where nothing had left before, and otherwise loses the connection, so that it cannot take
 * the answer for a success.
 * @returns false when the answer can no longer be held: it has ended, or does not belong to an HTTP/1 connection
 */
export function holdAnswer(response: ServerResponse, receipt: Receipt): boolean {
  const res = response as HoldableResponse;
  if (res.writableEnded && !(res[HOLD]?.pending ?? 0)) return false;
  if (res.destroyed || !(res instanceof ServerResponse) || typeof res._flush !== "function") return false;
  res[HOLD] ??= new Hold(res);
  res[HOLD].wait(receipt as PendingReceipt);
  return true;
}

/** Milliseconds an answer was kept back after its handler had ended it. */
export const heldMs = (response: ServerResponse): number => (response as HoldableResponse)[HOLD]?.heldMs ?? 0;

/** The failure for which the client got 503 or lost the connection. */
export const holdFailure = (response: ServerResponse): DaybookError | undefined => (response as HoldableResponse)[HOLD]?.failed;

const BODY = JSON.stringify({ error: "the request could not be recorded, so it was not answered", code: "AUDIT_UNAVAILABLE" });

class Hold {
  pending = 0;
  heldMs = 0;
  failed: DaybookError | undefined;
  /** True once a byte of the answer has left; only the time before the first hold counts. */
  readonly #touched: boolean;
  readonly #res: HoldableResponse;
  readonly #socket: Socket;
  /** False for a later answer of a pipelined connection, which Node has not given its socket yet. */
  #first: boolean;
  #since = 0;
  #endedAt: number | undefined;

  constructor(res: HoldableResponse) {
    this.#res = res;
    this.#first = res.socket !== null;
    this.#socket = res.socket ?? res.req.socket;
    this.#touched = res._headerSent;
    const { end, destroy, assignSocket } = res;
    const hold = this;
    res.end = function (this: ServerResponse, ...args: unknown[]) {
      if (hold.pending > 0) hold.#endedAt ??= performance.now();
      return Reflect.apply(end, this, args);
    } as HoldableResponse["end"];
    // A response off its socket would wait with its destruction for the socket to come back.
    res.destroy = function (this: ServerResponse, error?: Error) {
      if (hold.pending > 0 && hold.#first) hold.#attach();
      return destroy.call(this, error);
    };
    res.assignSocket = function (this: ServerResponse, socket: Socket) {
      hold.#first = true;
      assignSocket.call(this, socket);
      if (hold.pending > 0) hold.#detach();
    };
  }

  wait(receipt: PendingReceipt): void {
    if (this.failed !== undefined) return;
    if (this.pending++ === 0) {
      this.#since = performance.now();
      this.#res._flush = () => undefined;
      this.#detach();
    }
    receipt.whenSettled((error) => {
      if (this.failed !== undefined) return;
      this.pending--;
      if (error !== undefined && receipt.policy !== "continue") this.#fail(error);
      else if (this.pending === 0) this.#release();
    });
  }

  // `socket` is an accessor that also moves corks. The socket goes on pointing to the response, so that the next answer of the
  // connection keeps waiting and a lost connection is still told.
  #detach(): void {
    (this.#res as { socket: Socket | null }).socket = null;
  }

  #attach(): void {
    (this.#res as { socket: Socket | null }).socket = this.#socket;
  }

  #release(): void {
    const res = this.#res;
    delete (res as Partial<HoldableResponse>)._flush;
    if (this.#endedAt !== undefined) this.heldMs += performance.now() - Math.max(this.#endedAt, this.#since);
    if (!this.#first || this.#socket.destroyed || res.destroyed) return;
    this.#attach();
    res._flush();
  }

  #fail(error: DaybookError): void {
    this.failed = error;
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (this.#touched || !this.#first) {
      socket.destroy();
      return;
    }
    const body = this.#res.req.method === "HEAD" ? "" : BODY;
    socket.write(
      `HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${BODY.length}\r\nRetry-After: 1\r\nConnection: close\r\n\r\n${body}`,
    );
    socket.end(() => socket.destroySoon());
  }
}
