/** The path of a URL as the router reads it: decoded, without query and fragment. */
export function decodedPath(url: string): string {
  const end = url.search(/[?#]/);
  const path = end < 0 ? url : url.slice(0, end);
  if (!path.includes("%")) return path;
  try {
    return decodeURI(path);
  } catch {
    // Fastify answers 400 to such a path before it looks for a route.
    return path;
  }
}
