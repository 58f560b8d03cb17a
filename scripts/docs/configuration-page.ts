/** `docs/configuration.md`, made from the types of the options. */
import {
  CLI_CONFIGURATION,
  documentationOf,
  libraries,
  namesOf,
  type PublicName,
  publicNames,
  type Setting,
  settingsOf,
  surfaceProgram,
} from "./public-surface.ts";

const HEAD = `# Configuration

Every option of every function, from its type. An option with a default is not required. An invalid option throws \`BAD_OPTION\` with a hint.

Beside options in code, Daybook reads these variables of the environment:

| Variable | |
| --- | --- |
| \`DAYBOOK_DB\` | path of the database, if the code names none; default \`data/audit.db\` |
| \`DAYBOOK_KEYS\` | the text of the keys file |
| \`DAYBOOK_KEYS_FILE\` | path of the keys file; default: beside the database |
| \`DAYBOOK_ANCHORS\` | places to which checkpoints are published: \`dir:PATH\`, \`witness:URL#VKEY\` and \`stdout:\`, separated by commas; default: a folder beside the database |
| \`DAYBOOK_BREAK_GLASS\` | a reason: from the start, no event blocks an operation |
| \`DAYBOOK_KILLS\` | how often the fault suite of the testkit kills a process; default 10 |

The command line reads \`daybook.config.{ts,mjs,json}\` in the working directory; its settings are listed under
[daybook](#daybook-the-command-line).

This page is made from the types by \`npx -y pnpm@12 write-docs\`.
`;

const IS_OPTIONS = /(?:Options|Configuration)$/;
const cell = (text: string) => text.replaceAll("|", "\\|");

export function configurationPage(): string {
  const program = surfaceProgram();
  const checker = program.getTypeChecker();
  const sections = [HEAD.trim()];
  const tell = (title: string, names: readonly PublicName[]) => {
    const tables = names
      .filter(({ name, kind }) => kind === "type" && IS_OPTIONS.test(name))
      .map(({ name, symbol }) => ({ name, about: documentationOf(checker, symbol), settings: settingsOf(program, symbol) }))
      .filter(({ settings }) => settings.length > 0);
    if (tables.length > 0) sections.push(`## ${title}`, ...tables.map(table));
  };
  for (const library of libraries()) tell(`@daybook/${library}`, publicNames(program, library));
  tell("daybook, the command line", namesOf(program, CLI_CONFIGURATION));
  return `${sections.join("\n\n")}\n`;
}

function table({
  name,
  about,
  settings,
}: {
  readonly name: string;
  readonly about: string;
  readonly settings: readonly Setting[];
}): string {
  const rows = settings.map(
    ({ name: setting, type, required, description }) =>
      `| \`${setting}\`${required ? " (required)" : ""} | \`${cell(type)}\` | ${cell(description)} |`,
  );
  return [`### ${name}`, ...(about === "" ? [] : [about]), ["| Option | Type | |", "| --- | --- | --- |", ...rows].join("\n")].join("\n\n");
}
