import { context, trace } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import { activeSpan, parseTraceparent } from "../src/context/trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("a traceparent header", () => {
  it("yields trace and span of the standard's example", () => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual({ traceId: TRACE, spanId: SPAN });
  });

  it("may have more fields in a later version", () => {
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-comes`)).toEqual({ traceId: TRACE, spanId: SPAN });
  });

  it.each([
    undefined,
    "",
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01 `,
    `00-${TRACE}-${SPAN}-0x`,
    `cc-${TRACE}-${SPAN}-01-${"x".repeat(600)}`,
    `00-${TRACE}-${SPAN}-01\n`,
  ])("is ignored when it is %j", (header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });
});

describe("an application with OpenTelemetry", () => {
  afterEach(() => {
    context.disable();
    trace.disable();
  });

  it("provides its active span without an import", () => {
    expect(activeSpan()).toBeUndefined();
    const span = trace.wrapSpanContext({ traceId: TRACE, spanId: SPAN, traceFlags: 1 });
    const active = trace.setSpan(context.active(), span);
    context.setGlobalContextManager({
      active: () => active,
      with: (_context, work, thisArg, ...args) => work.apply(thisArg, args),
      bind: (_context, target) => target,
      enable() {
        return this;
      },
      disable() {
        return this;
      },
    });
    expect(activeSpan()).toEqual({ traceId: TRACE, spanId: SPAN });
  });
});
