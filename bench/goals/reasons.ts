/** Why a goal is not reached, and what to try next. */
export interface Reason {
  /** The main cost, as measured. */
  readonly reason: string;
  /** The next idea. */
  readonly next: string;
}

const WRITER: Reason = {
  reason:
    "The writer thread takes some 15 us of a request, while an access logger appends a line: 8 for the row and its three indexes, 4 for commitments, leaf and seal, " +
    "1 for the hand-over and the write-ahead log. The rest comes from small commits of 150 events, those of a few turns of the event loop",
  next: "Store one value for each batch instead of a row with three indexes for each event; gather background events for 10 to 20 ms",
};

const REQUEST_THREAD: Reason = {
  reason:
    "About 8 us are in functions of Daybook: they make the event and its two texts, and hand them over. The rest is garbage collection, and cache misses that the writer thread causes on the same core",
  next: "Compose in the writer thread; hand over repeated strings as numbers",
};

const MEMORY: Reason = {
  reason:
    "A separate thread costs Node 19 MB before it does any work, the writer in it 12, SQLite included; 9 to 16 MB are memory that V8's compilers took in the first second and the C library keeps. V8 doubles the young generation when the objects that outlived its collections add up to its size, 14 MB. That happens to a bare server too, some ten seconds later",
  next: "Keep fewer objects in the queue",
};

/** Of each goal, `P1`, or of one part of it, `P4 2 ms handler`. */
export const REASONS: Readonly<Record<string, Reason>> = {
  P1: WRITER,
  P2: WRITER,
  P3: WRITER,
  "P4 request thread, express": REQUEST_THREAD,
  "P4 request thread, fastify": REQUEST_THREAD,
  "P4 2 ms handler": {
    reason: "The one core of the server is busy all the time, so the cost of a record on any thread reduces the requests",
    next: "The same as for P2",
  },
  "P4 2 ms handler, two cores": {
    reason: "The load generator and the writer thread share the second core",
    next: "The same as for P2",
  },
  P5: {
    reason:
      "The queue, the writer and the proof take as much CPU as the table with its random index writes; their further cost is disk time",
    next: "The same as for P2",
  },
  "P6 CPU": {
    reason:
      "No step of an insert grows with the log: indexes are written at their ends, references a bucket at a time. Single steps differ by a fifth on a shared machine; five full runs gave 0.86x, 0.87x, 1.15x, 1.00x and 1.20x",
    next: "Compare on a quiet machine, with more rounds",
  },
  "P6 WAL": {
    reason: "Each commit writes the last page of the table and of each index again, nine pages",
    next: "Fewer indexes; larger commits",
  },
  P7: {
    reason:
      "35 to 45 us of CPU for each awaited event, promise and message included; half of it in the writer thread, which is busy all the time",
    next: "A cheaper writer, as for P2",
  },
  "P8 p50": {
    reason: "Two changes of threads, and a commit of half a dozen pages of 8 KiB instead of one block of 4",
    next: "Fewer pages in a commit; wake the writer with `Atomics` instead of a message",
  },
  "P8 event loop": {
    reason: "One busy thread more on two cores, which the load needs too",
    next: "A cheaper writer, as for P2",
  },
  P9: {
    reason:
      "22 % are SQLite's own check of its pages and indexes, 18 % the read of the rows, 17 % four hashes and a keyed one of each entry, while the other side makes one hash, 17 % the read of heads and parts as canonical JSON",
    next: "Fewer indexes to check; seals depend on each other, but buckets can be hashed on two cores",
  },
  "P10 csv": {
    reason:
      "Rows cross from SQLite into JavaScript, where cells that a spreadsheet would run as formulas are found; the shell prints them unchanged",
    next: "Build the line in SQL",
  },
  "P10 ndjson": { reason: "Rows cross from SQLite into JavaScript", next: "Build the line in SQL" },
  "P10 memory": {
    reason: "76 MB are resident before the first row is read: Node, of which 47 are its program, the database driver and the modules",
    next: "Load fewer modules for a report",
  },
  P11: {
    reason:
      "Parts are blanked and overwritten, and the file is searched for their salts before the erasure counts as proven; a DELETE leaves the bytes in the file",
    next: "Overwrite in place with the same number of bytes, bucket by bucket",
  },
  "P12 time": {
    reason:
      "Every blanked row loses three index entries and writes its page twice, to the log and to the file. A flush after each 1,000 to 1,600 rows, so that no step is long, takes 4 of 15 us",
    next: "Expire by bucket, not by row",
  },
  "P12 step": {
    reason: "The checkpoint of the write-ahead log into the file, if the disk takes longer to flush it",
    next: "Smaller steps of the checkpoint; expire by bucket",
  },
  "P13 text": {
    reason:
      "The text itself is 660 bytes, because pseudonyms come on top of the ids; 86 are entry and seal, 64 salts, 114 three indexes, 23 references, 80 the unused ends of pages",
    next: "One value for each batch, without the three indexes",
  },
  "P13 table": { reason: "The table keeps no id, no pseudonym and no proof", next: "The same as for P13 text" },
  P14: {
    reason:
      "prom-client finds the series by its labels for each observation; the rest are the hooks and the context of the plugin, which records no events here",
    next: "Keep the series of a route with the route; skip the context if no event is recorded",
  },
  "M1 express": MEMORY,
  "M1 fastify": MEMORY,
  C1: { reason: "Two thirds are Node's own start", next: "Load the verbs on demand" },
};
