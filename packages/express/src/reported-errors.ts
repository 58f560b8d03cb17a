/** Under this key the router keeps the errors that left a handler of a request, since its version 2.3, for all its copies. */
const REPORTED = Symbol.for("router.tracing.publishedErrors");

export function reportedErrors(request: object): Iterable<unknown> {
  const reported = (request as { [REPORTED]?: unknown })[REPORTED];
  return reported instanceof Set ? reported : [];
}
