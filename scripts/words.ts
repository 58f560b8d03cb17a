/** Turns of phrase this project avoids, each with the wording to use instead. CONTRIBUTING.md gives the rules behind them. */

export interface Phrase {
  /** Matched in any case; a space in it matches any white space, line breaks included. */
  readonly pattern: string;
  readonly better: string;
}

const RESPONSE = "response: the client gets 503, the handler returns 503";

export const PHRASES: readonly Phrase[] = [
  { pattern: "who(?:m)?ever", better: "name the actor: a caller, a process, an attacker, a person" },
  { pattern: "(?:somebody|someone)", better: "name the actor: a person, a caller, an attacker, the team" },
  { pattern: "(?:nobody|no one)", better: "name the actor: no caller, no process, no person" },
  { pattern: "(?:anybody|everybody)", better: "name the actor: any reader, every caller, all users" },
  { pattern: "what waits", better: "queued events" },
  { pattern: "what (?:is|was|are) about(?! to)", better: "personal data; parts about a person" },
  { pattern: "what (?:is|was|were) given", better: "the given value; name the argument" },
  { pattern: "what lies", better: "name it: the files, the events, the rows" },
  { pattern: "what (?:is|was) (?:held|there|left|gone)", better: "name it: held slots, stored rows, the rest" },
  { pattern: "what (?:becomes|became) of", better: "the outcome of; the result of" },
  {
    pattern: "(?<!(?:person|people|persons|subject|they) )(?:is|are|was|were) told(?! (?:before|to ))",
    better: "calls `onProblem`; gets; is reported",
  },
  { pattern: "answers with", better: "returns; responds with" },
  { pattern: "answered (?:with )?[1-5]\\d\\d", better: RESPONSE },
  {
    pattern: "(?:the|an|its|no) answer (?:leaves|left|begins|began|had begun|has begun|ends|ended|has ended|was held|is held)",
    better: RESPONSE,
  },
  { pattern: "byte of (?:the|an|its|their) answer", better: "byte of the response" },
  { pattern: "(?:can|could|may|to) be asked", better: "can be queried" },
  { pattern: "of (?:its|their) own accord", better: "automatically" },
  { pattern: "(?:goes|go|runs|run|ends|end|recorded|removed|happens) by (?:itself|themselves)", better: "automatically" },
  { pattern: "of one's own", better: "your own; its own" },
  { pattern: "where (?:there is|it has|there are|they have) (?:none|no|nothing|such)", better: "if there is none; if it has no" },
  { pattern: "where none (?:is|are|was|were|does|do|can)", better: "if none" },
  { pattern: "(?<=^\\s*|[.;:] )(?-i:Where) (?:there|none|no|nothing|many|as many) [^.?!|:]{1,90},", better: "If" },
  {
    pattern: "(?:left|leaves?|stays?|stayed|kept|keeps?|remains?|taken|takes?|goes on|passed on) as (?:it|they) (?:is|are|was|were)",
    better: "unchanged",
  },
  { pattern: "all the same(?=[.,;:)])", better: "still; nevertheless" },
  { pattern: "those who (?:wait|waited|ask|asked)", better: "callers that await a receipt; readers" },
  { pattern: "who waits for", better: "name the caller; durable events block" },
  { pattern: "for want of", better: "because it is missing" },
  { pattern: "hands? back", better: "returns" },
  { pattern: "knows? nothing (?:of|about)", better: "does not know" },
  { pattern: "taken? along", better: "copied; included; exported" },
  { pattern: "waits no more", better: "is done; has settled" },
  { pattern: "retention categor(?:y|ies)", better: "retention class" },
];

/** Files and folders that are not checked, with the reason. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  "CODE_OF_CONDUCT.md": "the text of the Contributor Covenant",
  "apps/demo/shelf": "the books of the demo's library",
  "scripts/words.ts": "it lists the phrases",
  "scripts/test/words.test.ts": "its samples are bad on purpose",
};
