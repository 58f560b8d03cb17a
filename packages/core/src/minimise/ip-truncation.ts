import ipaddr from "ipaddr.js";

const seen = new Map<string, string | undefined>();
const REMEMBERED = 4096;

/**
 * Returns the network part of an address: IPv4 cut to /24, IPv6 to /48. An IPv4-mapped IPv6 address is treated as IPv4.
 * @returns the cut address, or undefined for text that is no IP address
 */
export function truncateIp(address: string): string | undefined {
  const known = seen.get(address);
  if (known !== undefined || seen.has(address)) return known;
  const cut = cutAddress(address);
  if (seen.size >= REMEMBERED) seen.clear();
  seen.set(address, cut);
  return cut;
}

function cutAddress(address: string): string | undefined {
  if (address.length > 64 || !ipaddr.isValid(address)) return undefined;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") {
    const bytes = parsed.toByteArray();
    return `${bytes[0]}.${bytes[1]}.${bytes[2]}.0`;
  }
  const bytes = parsed.toByteArray().fill(0, 6);
  return ipaddr.fromByteArray(bytes).toString();
}
