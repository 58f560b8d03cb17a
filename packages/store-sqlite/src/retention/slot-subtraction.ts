import { SlotSet } from "@daybook/ledger";

/** The slots of `set` that are not in `removed`. */
export function without(set: SlotSet, removed: SlotSet): SlotSet {
  const rest = new SlotSet();
  for (const part of set.parts()) {
    const gaps = removed.ranges(part);
    let gap = gaps.next();
    for (const [from, to] of set.ranges(part)) {
      let at = from;
      while (!gap.done && gap.value[1] < at) gap = gaps.next();
      while (!gap.done && gap.value[0] <= to) {
        if (gap.value[0] > at) rest.add(part, at, gap.value[0] - 1);
        at = gap.value[1] + 1;
        if (at > to) break;
        gap = gaps.next();
      }
      if (at <= to) rest.add(part, at, to);
    }
  }
  return rest;
}
