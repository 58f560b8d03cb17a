import { DaybookError } from "@daybook/core";
import { addCheckpointRequest, isLedgerError, readAddCheckpointAnswer, type Vkey, type WitnessReply } from "@daybook/ledger";
import type { Anchor, PublishContext } from "./anchor.ts";
import { reachOf } from "./published-note.ts";

/** Default of `timeoutMs`. */
export const DEFAULT_WITNESS_TIMEOUT_MS = 10_000;

/** Options of `witnessAnchor`. */
export interface WitnessAnchorOptions {
  /** Submission prefix of the witness, `http:` or `https:`. The anchor appends `/add-checkpoint`. */
  readonly url: string;
  /** Cosignature keys of the witness, type 0x04. */
  readonly vkeys: readonly Vkey[];
  /** Milliseconds for one request with its response. Default `DEFAULT_WITNESS_TIMEOUT_MS`, 10 s. */
  readonly timeoutMs?: number;
}

const MAX_RESPONSE_BYTES = 64 * 1024;
const MOST_REQUESTS = 3;

/**
 * Creates an anchor that lets a witness cosign each checkpoint (C2SP tlog-witness, `add-checkpoint`). The witness
 * remembers the last size it saw. The anchor learns that size from the responses and stores nothing.
 * @param options see `WitnessAnchorOptions`
 */
export function witnessAnchor({ url, vkeys, timeoutMs = DEFAULT_WITNESS_TIMEOUT_MS }: WitnessAnchorOptions): Anchor {
  const name = `witness:${url}`;
  const address = `${url.replace(/\/+$/, "")}/add-checkpoint`;
  /** Last cosigned size by origin. */
  const seen = new Map<string, number>();
  const failed = (what: string, cause?: unknown) =>
    new DaybookError("ANCHOR_FAILED", `${name}: ${what}`, cause === undefined ? undefined : { cause });

  async function ask(note: string, oldSize: number, context: PublishContext): Promise<WitnessReply> {
    const proof = oldSize === 0 ? [] : await context.consistencyProof(oldSize);
    let received: { status: number; body: string };
    try {
      const response = await fetch(address, {
        method: "POST",
        body: addCheckpointRequest({ oldSize, proof, note }),
        headers: { "content-type": "text/plain; charset=utf-8" },
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      received = { status: response.status, body: await shortText(response) };
    } catch (cause) {
      throw failed(reasonOf(cause), cause);
    }
    try {
      return readAddCheckpointAnswer(received, { note, vkeys });
    } catch (cause) {
      if (!isLedgerError(cause)) throw cause;
      throw failed(cause.hint, cause);
    }
  }

  return {
    name,
    cosigns: true,
    async publish(note, context) {
      const { origin, size } = reachOf(note);
      for (let requests = 0; requests < MOST_REQUESTS; requests++) {
        const oldSize = seen.get(origin) ?? 0;
        const reply = await ask(note, Math.min(oldSize, size), context);
        switch (reply.kind) {
          case "cosigned":
            seen.set(origin, size);
            return reply.lines;
          case "conflict":
            if (reply.size > size) {
              const entries = await context.entries();
              // Another process was faster: the witness already holds a newer checkpoint of the same log.
              if (reply.size <= entries) return undefined;
              throw new DaybookError(
                "LOG_DAMAGED",
                `${name} has seen ${reply.size} entries of ${origin}, this log has ${entries}: it was cut or an older copy was put back. See \`daybook ledger restore\`.`,
              );
            }
            seen.set(origin, reply.size);
            break;
          case "refused":
            if (reply.status === 422) {
              throw new DaybookError(
                "LOG_DAMAGED",
                `${name} has seen other entries of ${origin} than this log holds (${reply.reason}). Run \`daybook verify\` and keep a copy of the file.`,
              );
            }
            throw failed(`responded with ${reply.status}: ${reply.reason}`);
        }
      }
      throw failed("it names another size each time; another process publishes this log too.");
    },
  };
}

/** The text of a response; longer than any valid response of a witness, it is refused. */
async function shortText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_RESPONSE_BYTES) throw new Error("the response is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** `fetch` reports only "fetch failed"; the reason is in its cause. */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error;
  if (name === "TimeoutError") return "no response in time";
  return cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code || message : message;
}
