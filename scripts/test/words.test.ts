import { describe, expect, it } from "vitest";
import { checkedFiles, wordProblems } from "../check-words.ts";
import { exists } from "../docs/markdown.ts";
import { LEFT_OUT, PHRASES } from "../words.ts";

const phrasesIn = (file: string, text: string) => wordProblems(file, text).map(({ line, phrase }) => `${line}: ${phrase}`);

describe("phrases in a page", () => {
  it.each([
    ["Whoever holds the key can write another log.", "Whoever"],
    ["Nobody waits for it.", "Nobody"],
    ["It shows that somebody changed it.", "somebody"],
    ["On exit, what waits is written.", "what waits"],
    ["What is about a person is erased.", "What is about"],
    ["A caller is told that it failed.", "is told"],
    ["The server answers with 503.", "answers with"],
    ["The request is answered 503.", "answered 503"],
    ["No byte of the answer is sent.", "byte of the answer"],
    ["A sink that can be asked.", "can be asked"],
    ["It uses the name, or a number where there is none.", "where there is none"],
    ["Where there is a backlog, a batch is larger.", "Where there is a backlog,"],
    ["The value is left as it is.", "left as it is"],
    ["What lies\nin the spool comes first.", "What lies"],
    ["> What\n> waits is lost.", "What waits"],
    ["A store of one's own.", "of one's own"],
  ])("finds %j", (text, phrase) => {
    expect(phrasesIn("page.md", text)).toEqual([`1: ${phrase}`]);
  });

  it.each([
    "Queued events are written when the process exits.",
    "The person is told the ground of a refusal.",
    "The file where references are stored.",
    "Whatever the size, memory is constant.",
    "The answer to a question of a reader.",
    "See `nobody-home` and somebody_else.",
    "A process group, as it is known in POSIX.",
  ])("accepts %j", (text) => {
    expect(phrasesIn("page.md", text)).toEqual([]);
  });

  it("gives the line and a better wording", () => {
    expect(wordProblems("page.md", "# A page\n\nIt is for whoever reads.")).toEqual([
      { line: 3, phrase: "whoever", better: expect.stringContaining("name the actor") },
    ]);
  });

  it("allows the phrases of a marked line, and of no other", () => {
    expect(phrasesIn("page.md", "nobody <!-- words-allow -->\nnobody")).toEqual(["2: nobody"]);
  });
});

describe("phrases in a source", () => {
  it("finds them in comments and strings, over lines of a comment too", () => {
    const source = [
      "/**",
      " * Writes what",
      " * waits.",
      " */",
      "export function f(nobody: string) {",
      "  // Told to whoever",
      "  // listens, and to nobody else.",
      `  const text = \`for \${nobody}, not for somebody\`; // everybody`,
      '  return text + "for anybody";',
      "  // what lies",
      "}",
    ].join("\n");
    expect(phrasesIn("source.ts", source)).toEqual([
      "2: what waits",
      "6: whoever",
      "7: nobody",
      "8: somebody",
      "8: everybody",
      "9: anybody",
      "10: what lies",
    ]);
  });

  it("leaves names and regular expressions alone", () => {
    expect(phrasesIn("source.ts", "const nobody = 1; const somebody = { anybody: /whoever/ };")).toEqual([]);
  });

  it("takes a string of one word for a name", () => {
    expect(phrasesIn("source.ts", 'const actor = { id: "nobody", note: "for nobody" };')).toEqual(["1: nobody"]);
  });

  it("allows the phrases of a marked line", () => {
    expect(phrasesIn("source.ts", 'const title = "as nobody"; // words-allow: the user of that name')).toEqual([]);
  });
});

describe("the list", () => {
  it("names a better wording for each phrase, and a reason for each file left out", () => {
    for (const { better } of PHRASES) expect(better.length).toBeGreaterThan(1);
    for (const [path, reason] of Object.entries(LEFT_OUT)) {
      expect({ path, exists: exists(path) }).toEqual({ path, exists: true });
      expect(reason.length).toBeGreaterThan(10);
    }
  });

  it("is applied to pages, changesets and sources", () => {
    const files = checkedFiles();
    expect(files).toEqual(expect.arrayContaining(["README.md", "scripts/layers.ts", "packages/core/src/index.ts"]));
    expect(files.some((file) => file.startsWith(".changeset/"))).toBe(true);
    expect(files.some((file) => file.includes("node_modules") || file.startsWith("apps/demo/shelf"))).toBe(false);
  });
});
