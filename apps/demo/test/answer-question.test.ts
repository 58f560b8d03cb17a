import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Library } from "../src/library/library.ts";
import { answerQuestion } from "../src/library/search/answer-question.ts";
import { collect } from "./support/collect.ts";
import { temporaryLibrary } from "./support/temporary-library.ts";

interface Received {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly model: string; readonly messages: readonly { readonly role: string; readonly content: string }[] };
}

/** A model on the loopback address; `received` is what it was sent. */
async function modelServer(reply: (response: ServerResponse) => void): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks = await collect<Buffer>(request);
    received.push({ path: request.url, headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
    reply(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`, received };
}

const saying = (content: unknown) => (response: ServerResponse) => {
  response.setHeader("content-type", "application/json").end(JSON.stringify({ choices: [{ message: { content } }] }));
};

function harbour(): Library {
  const library = temporaryLibrary();
  library.addBook({
    title: "The Harbour",
    author: "A. Writer",
    sections: [
      { heading: "Noon", body: "Rain fell. The cook fed the parrot at noon. It ate quickly. Then all slept." },
      { heading: "Night", body: "The lamp was lit by the keeper." },
    ],
  });
  return library;
}

const QUOTE = {
  text: "The cook fed the parrot at noon. It ate quickly.",
  bookId: 1,
  title: "The Harbour",
  author: "A. Writer",
  heading: "Noon",
  position: 1,
};

describe("answering a question", () => {
  it("quotes the best sentences with their place", async () => {
    expect(await answerQuestion(harbour(), "Who fed the parrot?")).toEqual({ quotes: [QUOTE] });
  });

  it("returns no quote if no passage fits", async () => {
    expect(await answerQuestion(harbour(), "Where are the elephants?")).toEqual({ quotes: [] });
  });

  it("lets a model put the passages into words", async () => {
    const { url, received } = await modelServer(saying(" The cook [1]. "));
    const answer = await answerQuestion(harbour(), "Who fed the parrot?", { model: { url, model: "small", apiKey: "k" } });
    expect(answer).toEqual({ quotes: [QUOTE], text: "The cook [1]." });
    expect(received).toHaveLength(1);
    const [{ path, headers, body }] = received as [Received];
    expect([path, headers.authorization, body.model]).toEqual(["/v1/chat/completions", "Bearer k", "small"]);
    expect(body.messages[1]?.content).toBe(
      "[1] Rain fell. The cook fed the parrot at noon. It ate quickly. Then all slept.\n\nQuestion: Who fed the parrot?",
    );
  });

  it("does not call the model without a quote", async () => {
    const { url, received } = await modelServer(saying("Anything."));
    await answerQuestion(harbour(), "Where are the elephants?", { model: { url, model: "small" } });
    expect(received).toEqual([]);
  });

  it.each([
    {
      name: "responds with an error",
      reply: (response: ServerResponse) => response.writeHead(503).end("overloaded"),
      failure: /status 503/,
    },
    { name: "says nothing", reply: saying(null), failure: /no text/ },
    { name: "sends no JSON", reply: (response: ServerResponse) => response.end("<p>"), failure: /no usable reply/ },
    { name: "never answers", reply: () => {}, failure: /no usable reply/ },
  ])("keeps the quotes when the model $name", async ({ reply, failure }) => {
    const { url } = await modelServer(reply);
    const answer = await answerQuestion(harbour(), "Who fed the parrot?", { model: { url, model: "small", timeoutMs: 300 } });
    expect(answer).toEqual({ quotes: [QUOTE], modelFailure: expect.stringMatching(failure) });
  });
});
