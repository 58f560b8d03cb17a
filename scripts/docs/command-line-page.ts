/** `docs/command-line.md`, made from the command line itself. */
import { createProgram } from "../../packages/cli/src/program.ts";

type Command = ReturnType<typeof createProgram>;

const HEAD = `# The command line

\`npm install --save-dev daybook\` installs it; \`npx daybook\` runs it. \`--db\` names the trail; otherwise it reads the one of
\`daybook.config.{ts,mjs,json}\` in the working directory, otherwise \`DAYBOOK_DB\`, otherwise \`data/audit.db\`. Data goes to stdout, all
messages to stderr. Only their owner can read the files it writes. A file appears when it is complete, or not at all.

| Exit status | |
| --- | --- |
| 0 | done, no problem found |
| 1 | a finding or a failure |
| 2 | wrong usage; of \`verify\` also: it could not run |
| 3 | no result |
| 4 | done in part |

If a verb has other meanings, its section lists them.

A duration is a whole number and one of \`s m h d w mo y\`, or ISO 8601 such as \`P7D\`. Anything else is refused. A report, an export or a
verification is itself a record in the trail. If the log cannot be written, they work too, and a message says that no record was left.

This page is made from the program by \`npx -y pnpm@12 write-docs\`.
`;

/** Leaf verbs with their full names, in the order the program lists them. */
export const verbsOf = (command: Command, above = ""): { readonly name: string; readonly command: Command }[] =>
  command.commands.flatMap((child) => {
    const name = `${above}${child.name()}`;
    return child.commands.length > 0 ? verbsOf(child as Command, `${name} `) : [{ name, command: child as Command }];
  });

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function section(name: string, command: Command): string {
  const parts = [`## daybook ${name}`, `${sentence(command.description())}`, `\`daybook ${name} ${command.usage()}\``];
  const options = command.options.filter((option) => !option.hidden);
  const rows = [
    ...command.registeredArguments.map((argument) => [
      `\`${argument.required ? `<${argument.name()}>` : `[${argument.name()}]`}\``,
      argument.description,
      "",
    ]),
    ...options.map((option) => [
      `\`${option.flags}\``,
      option.description + (option.argChoices === undefined ? "" : `: ${option.argChoices.map((choice) => `\`${choice}\``).join(", ")}`),
      option.mandatory ? "required" : defaultOf(option.defaultValue),
    ]),
  ];
  if (rows.length > 0) {
    parts.push(
      ["| Option | | Default |", "| --- | --- | --- |", ...rows.map((row) => `| ${row.map((text) => cell(text!)).join(" | ")} |`)].join(
        "\n",
      ),
    );
  }
  const { notes, example } = after(command);
  if (notes !== "") parts.push(notes);
  if (example !== "") parts.push(`\`\`\`sh\n${example}\n\`\`\``);
  return parts.join("\n\n");
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;

function defaultOf(value: unknown): string {
  if (value === undefined || value === true || value === false) return "";
  return `\`${Array.isArray(value) ? value.join(" ") : String(value)}\``;
}

/** The text below the options of the help: notes, and the commands of the example. */
function after(command: Command): { readonly notes: string; readonly example: string } {
  let whole = "";
  command.configureOutput({ writeOut: (text) => (whole += text) });
  command.outputHelp();
  // Every help ends with the exit status of the whole program, which the head of the page has.
  const text = whole
    .slice(command.helpInformation().length)
    .trim()
    .replace(/\n*Exit status:[^\n]*$/, "");
  const at = text.search(/^Examples?:/m);
  const notes = (at < 0 ? text : text.slice(0, at)).trim();
  const example = at < 0 ? "" : text.slice(at).replace(/^Examples?:\s*/, "");
  return {
    notes: notes.split("\n").join("\n\n"),
    example: example
      .split("\n")
      .map((line) => line.trim())
      .join("\n"),
  };
}

export function commandLinePage(): string {
  const program = createProgram(() => undefined);
  const verbs = verbsOf(program);
  const list = verbs.map(({ name, command }) => `- [\`${name}\`](#daybook-${name.replaceAll(" ", "-")}): ${command.description()}`);
  return `${[HEAD.trim(), list.join("\n"), ...verbs.map(({ name, command }) => section(name, command))].join("\n\n")}\n`;
}
