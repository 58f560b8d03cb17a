import { type Agent, type IncomingHttpHeaders, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly body: Buffer;
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly agent?: Agent;
  readonly onContinue?: () => void;
}

/** One request over a real connection, with nothing followed, decoded or repeated. */
export function ask(
  port: number,
  path: string,
  { method = "GET", headers = {}, body, agent, onContinue }: RequestOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers, agent: agent ?? false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, trailers: answer.trailers, body: Buffer.concat(chunks) }),
      );
    });
    sent.on("error", reject);
    if (onContinue === undefined) {
      sent.end(body);
    } else {
      sent.on("continue", () => {
        onContinue();
        sent.end(body);
      });
      sent.flushHeaders();
    }
  });
}
