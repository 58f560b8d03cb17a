import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { runOutside } from "../context/request-context.ts";

const restartTimer = (socket: Socket) => socket.setTimeout(socket.timeout!);

/**
 * Restarts the timer of the connection outside of any context. Node starts it in the context of the finished request, so an idle
 * connection would keep the exchange, with its actor, until the next request. Many such exchanges make V8's young generation grow.
 */
export function leaveContext({ socket, httpVersionMajor }: IncomingMessage): void {
  // An HTTP/2 connection has one timer for all its requests, a simulated one has none.
  if (httpVersionMajor > 1 || !(socket instanceof Socket) || socket.destroyed || !socket.timeout) return;
  runOutside(restartTimer, socket);
}
