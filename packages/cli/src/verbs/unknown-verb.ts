import { Command } from "commander";

/**
 * Commander gives an unknown word to the default verb, which then has too many arguments. With this, every group of verbs refuses the
 * word itself and suggests a verb.
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

/** @throws {CommanderError} like a group without a default verb */
function refuse(group: Command, word: string): void {
  const likeIt = new Command(group.name()).copyInheritedSettings(group);
  for (const child of group.commands) likeIt.command(child.name());
  likeIt.parse([word], { from: "user" });
}
