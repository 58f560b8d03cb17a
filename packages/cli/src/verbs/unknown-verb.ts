import { Command } from "commander";

/**
 * Commander hands a word it does not know to the verb that runs by default, which then has too many arguments. This lets every group
 * of verbs refuse such a word itself, with the verb that was meant.
 */
export function refuseUnknownVerbs(group: Command): void {
  if (group.commands.length === 0) return;
  group.hook("preSubcommand", () => {
    const [word] = group.args;
    if (word !== undefined && !word.startsWith("-") && !namesOf(group).includes(word)) refuse(group, word);
  });
  for (const child of group.commands) refuseUnknownVerbs(child);
}

const namesOf = (group: Command) => ["help", ...group.commands.flatMap((child) => [child.name(), ...child.aliases()])];

/** @throws {CommanderError} as a group without a default does */
function refuse(group: Command, word: string): void {
  const likeIt = new Command(group.name()).copyInheritedSettings(group);
  for (const child of group.commands) likeIt.command(child.name());
  likeIt.parse([word], { from: "user" });
}
