import type { Command } from "commander";

/** Examples of verbs whose help has none, by full name. */
const EXAMPLES: Readonly<Record<string, string>> = {
  "journal delete": "daybook journal delete --user sabo --confirm",
  "consent list": "daybook consent list --purpose personal_diary",
  "consent grant": 'daybook consent grant --user sabo --purpose personal_diary --act "signed the form of 24 November"',
  "consent revoke": "daybook consent revoke --user sabo --purpose personal_diary",
  "gdpr status": "daybook gdpr status --retry",
  "gdpr replay": "daybook gdpr replay --confirm",
  "gdpr requests list": "daybook gdpr requests list",
  "gdpr requests add": "daybook gdpr requests add --user sabo --kind access --channel mail",
  "gdpr requests show": "daybook gdpr requests show 0199d7a0-0000-7000-8000-000000000001",
  "gdpr requests verify": "daybook gdpr requests verify 0199d7a0-0000-7000-8000-000000000001 --method email_loop",
  "gdpr requests pause": "daybook gdpr requests pause 0199d7a0-0000-7000-8000-000000000001 --ground 12(6)",
  "gdpr requests resume": "daybook gdpr requests resume 0199d7a0-0000-7000-8000-000000000001",
  "gdpr requests extend": 'daybook gdpr requests extend 0199d7a0-0000-7000-8000-000000000001 --reason "many records"',
  "gdpr requests move": "daybook gdpr requests move 0199d7a0-0000-7000-8000-000000000001 --state searching",
  "gdpr requests decide": "daybook gdpr requests decide 0199d7a0-0000-7000-8000-000000000001 --category journal --outcome act",
  "gdpr requests deliver": "daybook gdpr requests deliver 0199d7a0-0000-7000-8000-000000000001 --via mail",
  "gdpr requests close": "daybook gdpr requests close 0199d7a0-0000-7000-8000-000000000001 --outcome fulfilled",
  "gdpr hold list": "daybook gdpr hold list",
  "gdpr hold place": "daybook gdpr hold place --user sabo --case case-7 --ground 17(3)(e) --review 2027-03-01",
  "gdpr hold release": "daybook gdpr hold release 3f0e",
};

/** Adds an example to the help of every verb. */
export function addExamples(command: Command, parent = ""): void {
  for (const child of command.commands) {
    const name = parent === "" ? child.name() : `${parent} ${child.name()}`;
    const example = EXAMPLES[name];
    if (example !== undefined) child.addHelpText("after", `\nExample: ${example}`);
    addExamples(child, name);
  }
}
