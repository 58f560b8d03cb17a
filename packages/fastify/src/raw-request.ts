import type { IncomingMessage } from "node:http";

/** A request as Node gives it, with what `@fastify/middie` and `@fastify/express` add. */
export type RawRequest = IncomingMessage & {
  readonly id?: unknown;
  readonly ip?: unknown;
  readonly originalUrl?: unknown;
};

/**
 * Returns the address if it has to be kept now. A socket still reports its address after it closed, if it was read before. A stream of
 * HTTP/2 does not.
 */
export function addressToKeep(request: IncomingMessage, address: () => string | undefined): string | undefined {
  if (request.httpVersionMajor === 2) return address();
  void request.socket?.remoteAddress;
  return undefined;
}

/** The path of a URL as the router reads it: decoded, without query and fragment. */
export function decodedPath(url: string): string {
  const end = url.search(/[?#]/);
  const path = end < 0 ? url : url.slice(0, end);
  if (!path.includes("%")) return path;
  try {
    return decodeURI(path);
  } catch {
    // Fastify responds 400 to such a path before it looks for a route.
    return path;
  }
}
