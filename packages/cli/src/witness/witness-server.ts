import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerAddCheckpoint, type WitnessSigner } from "@daybook/ledger";
import type { WitnessStateFile } from "./witness-state.ts";

export interface WitnessServerOptions {
  /** The logs it knows and what it has seen of them. Closed by whoever opened it. */
  readonly state: WitnessStateFile;
  /** Name and private key, used for nothing but this witness's cosignatures. */
  readonly signer: WitnessSigner;
  /** Address to listen on. Default `127.0.0.1`; put a web server that speaks TLS before it to be reached from outside. */
  readonly host?: string;
  /** Default 8443; 0 takes any free port. */
  readonly port?: number;
  /** Default `Date`. */
  readonly clock?: { now(): number };
  /** Told of each answer, and of what kept one from being given. Default: nothing. */
  readonly onAnswer?: (answered: AnsweredRequest) => void;
}

export interface AnsweredRequest {
  readonly status: number;
  /** Only of a checkpoint that was cosigned. */
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

/** Hosts a witness (C2SP tlog-witness) over HTTP. What it cosigns is in the state file before the answer leaves. */
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
    // From here to the end nothing waits, so no other request comes between looking at the state and storing the new one.
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

/** Undefined where the body is longer than any request of the protocol. Iterating would destroy the request, and with it the answer. */
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
