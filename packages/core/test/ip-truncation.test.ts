import { describe, expect, it } from "vitest";
import { truncateIp } from "../src/minimise/ip-truncation.ts";

describe("a client address", () => {
  it.each([
    ["203.0.113.77", "203.0.113.0"],
    ["127.0.0.1", "127.0.0.0"],
    ["::ffff:203.0.113.77", "203.0.113.0"],
    ["::ffff:cb00:714d", "203.0.113.0"],
    ["2001:db8:85a3:8d3:1319:8a2e:370:7348", "2001:db8:85a3::"],
    ["::1", "::"],
    ["fe80::1%eth0", "fe80::"],
    ["fe80::1ff:fe23:4567:890a%3", "fe80::"],
  ])("%s is cut to %s", (address, cut) => {
    expect(truncateIp(address)).toBe(cut);
  });

  it.each([
    "",
    "unknown",
    "_hidden",
    "203.0.113.77, 10.0.0.1",
    '"[2001:db8::1]:4711"',
    "203.0.113.77:80",
    "for=203.0.113.77",
    "x".repeat(300),
  ])("%j is not an address", (text) => {
    expect(truncateIp(text)).toBeUndefined();
    expect(truncateIp(text)).toBeUndefined();
  });

  it("cannot fill the cache", () => {
    for (let i = 0; i < 20_000; i++) truncateIp(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    expect(truncateIp("203.0.113.77")).toBe("203.0.113.0");
  });
});
