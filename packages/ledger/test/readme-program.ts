import { randomBytes } from "node:crypto";
import * as ledger from "@daybook/ledger";

const keys = ledger.newKeys("example.com/audit", randomBytes);
const vkey = ledger.vkeyOf(keys, 1);

// Three events become entries; the tree grows by their leaves.
const tree = ledger.Frontier.empty();
const entries = ["book.lent", "book.returned", "book.lent"].map((action) => {
  const head = { text: ledger.canonicalText({ action }) };
  const person = { text: ledger.canonicalText({ sub: ledger.pseudonymOf(keys, "ada"), uid: "ada" }) };
  const entry = ledger.prepareEntry({ class: ledger.CLASS.system, parts: [head, person] }, randomBytes);
  tree.push(entry.leaf);
  return entry;
});
const checkpoint = ledger.formatCheckpoint("example.com/audit/1", tree.size, tree.root());
const note = ledger.signNote(checkpoint, [{ name: "example.com/audit/1", key: keys.sign! }]);

// A reader with the public key can verify that the second entry is in the tree, and read its first part.
const { entry, parts } = entries[1]!;
const leaves = entries.map(({ leaf }) => leaf);
const hashes = await ledger.inclusionProofFromLeaves(tree.size, 1, leaves);
const open = [{ part: 0, salt: parts[0]!.salt, data: parts[0]!.text }];
const file = ledger.formatProof({ index: 1, hashes, note, entry, open });

const proven = ledger.verifyProof(file, { vkeys: [ledger.parseVkey(vkey)] });
console.log(proven.open[0]!.data, "not shown:", proven.notShown); // {"action":"book.returned"} not shown: [ 1 ]
