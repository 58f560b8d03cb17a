import type { AuditStore } from "@daybook/core/store";

export interface MoodyStore {
  readonly store: AuditStore;
  mode: "well" | "fails" | "hangs";
  /** Lets a write that hangs go on. */
  release(): void;
}

/** A real store whose writes, and those of its spool, can be made to fail or to hang. */
export function moody(real: AuditStore): MoodyStore {
  let release: () => void = () => undefined;
  const gate = async () => {
    if (state.mode === "fails") throw new Error("disk I/O error");
    if (state.mode !== "hangs") return;
    await new Promise<void>((resolve) => {
      release = resolve;
    });
  };
  // A store takes entries or lines: the other write is never called.
  const instead: Record<string, unknown> =
    real.codec === undefined
      ? {
          async append(...args: Parameters<typeof real.append>) {
            await gate();
            return real.append(...args);
          },
        }
      : {
          async appendLines(...args: Parameters<typeof real.appendLines>) {
            await gate();
            return real.appendLines(...args);
          },
        };
  const state: MoodyStore = {
    mode: "well",
    release: () => release(),
    store: new Proxy(real, {
      get(target, key) {
        if (Object.hasOwn(instead, key)) return Reflect.get(instead, key);
        const value = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    }),
  };
  return state;
}
