import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { userAgentProduct } from "../src/minimise/user-agent.ts";

describe("a User-Agent header", () => {
  it.each([
    ["Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox 131"],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36", "Chrome 130"],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.2849.68",
      "Edge 130",
    ],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15", "Safari 17"],
    ["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot 2"],
    ["Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)", "crawler"],
    ["curl/8.5.0", "curl 8"],
    ["node", "node"],
    ["my-secret-internal-tool/1.2 (user=ada@example.com)", "other"],
    ["", "other"],
  ])("of %j is kept as %j", (header, product) => {
    expect(userAgentProduct(header)).toBe(product);
  });

  it("cannot fill the cache", () => {
    const rest = "x".repeat(4_096);
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 20_000; i++) userAgentProduct(Buffer.from(`curl/${i}.0 ${rest}`).toString("latin1"));
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(4e6);
    expect(userAgentProduct(`curl/8.5.0 ${rest}`)).toBe("curl 8");
    for (let i = 0; i < 20_000; i++) userAgentProduct(`curl/${i}.0`);
    expect(userAgentProduct("curl/8.5.0")).toBe("curl 8");
  });

  it("is read in linear time", () => {
    const hostile = `${"Version/1 Mobile/a ".repeat(60)}Safari`;
    const begun = performance.now();
    for (let i = 0; i < 100; i++) userAgentProduct(hostile + i);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});
