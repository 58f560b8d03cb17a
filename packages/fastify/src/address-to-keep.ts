import type { IncomingMessage } from "node:http";

/**
 * A connection says where it comes from only while it is open. A socket goes on saying it afterwards if it was asked before; a
 * stream of HTTP/2 does not, so its address has to be kept.
 */
export function addressToKeep(request: IncomingMessage, address: () => string | undefined): string | undefined {
  if (request.httpVersionMajor === 2) return address();
  void request.socket?.remoteAddress;
  return undefined;
}
