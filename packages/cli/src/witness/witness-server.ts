import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerAddCheckpoint, type WitnessSigner } from "@daybook/ledger";
import type { WitnessStateFile } from "./witness-state.ts";

export interface WitnessServerOptions {
  /** The known logs with their last checkpoints. The caller closes it. */
  readonly state: WitnessStateFile;
  /** Name and private key, used only for the cosignatures of this witness. */
  readonly signer: WitnessSigner;
  /** Address to listen on. Default `127.0.0.1`. For access from outside, put a TLS web server before it. */
  readonly host?: string;
  /** Default 8443; 0 takes any free port. */
  readonly port?: number;
  /** Default `Date`. */
  readonly clock?: { now(): number };
  /** Called for each response, with the error if there was one. Default: none. */
  readonly onAnswer?: (answered: AnsweredRequest) => void;
}

export interface AnsweredRequest {
  readonly status: number;
  /** Present if the checkpoint was cosigned. */
  readonly origin?: string;
  readonly size?: number;
  readonly error?: unknown;
}

export interface WitnessServer {
  /** Submission prefix, to be given to logs. */
  readonly url: string;
  /** Stops listening and waits for requests under way. */
  close(): Promise<void>;
}

const PATH = "/add-checkpoint";
// A note of 64 KiB, 63 hashes and the size before it.
const MAX_BODY_BYTES = 72 * 1024;
const TIMEOUT_MS = 10_000;
const PLAIN = "text/plain; charset=utf-8";

/** Hosts a witness (C2SP tlog-witness) over HTTP. The state file has a cosigned checkpoint before its response is sent. */
export async function startWitnessServer({
  state,
  signer,
  host = "127.0.0.1",
  port = 8443,
  clock = Date,
  onAnswer = () => {},
}: WitnessServerOptions): Promise<WitnessServer> {
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<AnsweredRequest> {
    const reply = (status: number, body: string, headers: Record<string, string> = {}): AnsweredRequest => {
      response.writeHead(status, { "content-type": PLAIN, ...headers }).end(body);
      return { status };
    };
    if (request.url !== PATH) return reply(404, "not found\n");
    if (request.method !== "POST") return reply(405, "method not allowed\n", { allow: "POST" });
    const body = await readBody(request);
    if (body === undefined) return reply(413, "request too large\n", { connection: "close" });
    // There is no await from here on, so no other request comes between the read of the state and its update.
    const { status, contentType, body: text, accepted } = answerAddCheckpoint(state.logs, body, signer, clock.now());
    if (accepted !== undefined) state.accept(accepted);
    reply(status, text, { "content-type": contentType });
    return accepted === undefined ? { status } : { status, origin: accepted.origin, size: accepted.size };
  }

  const server = createServer({ requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS }, (request, response) => {
    serve(request, response).then(onAnswer, (error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { "content-type": PLAIN, connection: "close" }).end("internal error\n");
      onAnswer({ status: 500, error });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { address, family, port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${actual}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeIdleConnections();
      }),
  };
}

/** Undefined if the body is longer than any request of the protocol. An iterator would destroy the request, and its response too. */
function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) chunks.push(chunk);
      else {
        request.pause();
        resolve(undefined);
      }
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", reject);
  });
}
