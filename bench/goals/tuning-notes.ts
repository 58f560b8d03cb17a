/** Measured choices that no goal states: the page of results ends with them. Figures are of two shared cores. */
export const TUNING_NOTES = `**Priority of the writer thread.** Five steps below the request threads, eight busy writers on two cores delay their event loops no more than a
sink that keeps no event; at the same priority the delay is 1.48 times that. But on a server that uses its only core fully, the queue had
no room for 15,163 of 284,367 requests. The writer therefore runs at the same priority.

**Checkpoints without reading.** Reading back and hashing every row costs a third of writing it. The checkpointer skips rows that its own
connection has written.

**Events from the bytes of a batch.** A batch as objects outlives a collection of the writer's young generation, and filled the old one: 28 to
39 MB of heap. The writer now decodes one event at a time inside the transaction: 13 to 16 MB at the same CPU. The price is a longer lock:
four processes that write one file as fast as they can store 41,000 instead of 49,000 events a second together.

**Gathering.** Background events wait up to 20 ms for others, because a commit costs 120 to 250 us whatever is in it. Without the pause, a server
at a tenth of its load had 3 to 18 events in a commit. A kill loses the events of that pause. With a backlog, a batch holds up to 640.

**Page size.** Pages of 4, 8 and 16 KiB cost the same in the writer thread, at 40 and at 300 events a commit; the size stays at 8.

**Next write before the receipts.** If at least 256 events are queued, the sink gets them before the receipts of the previous batch settle:
38,000 instead of 25,000 events a second from a loop that awaits its receipts. With fewer, the events that these callers add to the next commit
are worth more than the time. A limit of 640 instead of 1,000 makes two groups of a thousand waiting callers, one written while the other goes
on: 44,000 instead of 29,000 awaited events a second. It costs a tenth more of write-ahead log per event, because each commit writes
the last page of each index again.

**Encoding in groups.** Queued objects make V8's young generation double, up to 110 MB at full load; queued bytes do not. Events are encoded
sixteen at a time, because one by one costs 3 us more: other code has run in between.`;
