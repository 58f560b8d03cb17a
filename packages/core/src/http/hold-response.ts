import { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Receipt } from "../contracts/receipt.ts";
import type { DaybookError } from "../daybook-error.ts";
import type { PendingReceipt } from "../delivery/pending-receipt.ts";

/** Members of a response that Node does not document. They are unchanged since Node 8 and are checked before use. */
interface HoldableResponse extends ServerResponse {
  _flush(): void;
  _headerSent: boolean;
  [HOLD]?: Hold;
}

const HOLD = Symbol.for("daybook.hold.v1");

/**
 * Holds every byte of a response until the receipts it was given have settled: a client that sees any byte knows that the records are
 * stored.
 *
 * The response is detached from its socket. Node keeps the later responses of a pipelined connection in the same state, so headers,
 * chunks, trailers, callbacks, return values and back-pressure work as they do there, and wrappers of other middleware stay in place.
 * When the last receipt settles, the response gets its socket back and writes what it collected.
 *
 * If a receipt fails, the client gets 503 if no byte was sent before. Otherwise it loses the connection, so that it cannot take the
 * response for a success.
 * @returns false if the response can no longer be held: it has ended, or does not belong to an HTTP/1 connection
 */
export function holdResponse(response: ServerResponse, receipt: Receipt): boolean {
  const res = response as HoldableResponse;
  if (res.writableEnded && !(res[HOLD]?.pending ?? 0)) return false;
  if (res.destroyed || !(res instanceof ServerResponse) || typeof res._flush !== "function") return false;
  res[HOLD] ??= new Hold(res);
  res[HOLD].wait(receipt as PendingReceipt);
  return true;
}

/** Milliseconds for which a response was held after its handler had ended it. */
export const heldMs = (response: ServerResponse): number => (response as HoldableResponse)[HOLD]?.heldMs ?? 0;

/** The failure for which the client got 503 or lost the connection. */
export const holdFailure = (response: ServerResponse): DaybookError | undefined => (response as HoldableResponse)[HOLD]?.failed;

const BODY = JSON.stringify({ error: "the request could not be recorded, so it was not answered", code: "AUDIT_UNAVAILABLE" });

class Hold {
  pending = 0;
  heldMs = 0;
  failed: DaybookError | undefined;
  /** A byte of the response was sent before it was first held. */
  readonly #touched: boolean;
  readonly #res: HoldableResponse;
  readonly #socket: Socket;
  /** False for a later response of a pipelined connection, which Node has not given its socket yet. */
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
    // A detached response would delay its destruction until the socket comes back.
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
      else if (this.pending === 0) this.#sendHeld();
    });
  }

  // `socket` is an accessor that also moves corks. The socket still points to the response, so that the next response of the
  // connection waits and a lost connection still closes this one.
  #detach(): void {
    (this.#res as { socket: Socket | null }).socket = null;
  }

  #attach(): void {
    (this.#res as { socket: Socket | null }).socket = this.#socket;
  }

  #sendHeld(): void {
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
