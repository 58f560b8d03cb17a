/** Why a goal is not reached, and what to try next. */
export interface Reason {
  /** The main cost, as measured. */
  readonly reason: string;
  /** The next idea. */
  readonly next: string;
}

const WRITER: Reason = {
  reason:
    "The writer thread takes 12 to 15 us of a request at full load, while an access logger appends a line: 3 for the statements, 3 for the commit, 1 for the copy of the write-ahead log, " +
    "3 for five hashes, 2 for summaries and ids, 2 for reading the lines. The request thread takes 10 to 12 for hooks, event, texts and hand-over; 7 more appear in functions of Node and the framework",
  next: "Fewer hashes: one seal a commit, if the verifier can still name the row; compose in the writer thread, with repeated strings as numbers",
};

const REQUEST_THREAD: Reason = {
  reason:
    "10 to 12 us are in functions of Daybook: hooks, the event, its two texts, the hand-over. As much again appears elsewhere with a sink that keeps nothing too: context of asynchronous calls, and the wake-up of the load generator, which a slower server finds asleep",
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
      "No step of an insert grows with the log: rows are written at the end of two tables, summaries and references a bucket at a time. Single steps differ by a fifth on a shared machine; five full runs gave 0.86x, 0.87x, 1.15x, 1.00x and 1.20x",
    next: "Compare on a quiet machine, with more rounds",
  },
  "P6 WAL": {
    reason: "Each commit writes the last pages of its tables again",
    next: "Larger commits",
  },
  P7: {
    reason:
      "35 to 45 us of CPU for each awaited event, promise and message included; half of it in the writer thread, which is busy all the time",
    next: "A cheaper writer, as for P2",
  },
  "P8 p50": {
    reason: "Two changes of threads, and a commit of three pages of 8 KiB instead of one block of 4",
    next: "Fewer pages in a commit; wake the writer with `Atomics` instead of a message",
  },
  "P8 event loop": {
    reason: "One busy thread more on two cores, which the load needs too",
    next: "A cheaper writer, as for P2",
  },
  P9: {
    reason:
      "Four hashes and a keyed one of each entry, while the other side makes one hash; the read of heads and parts as canonical JSON; summaries and references made again; SQLite's own check of its pages",
    next: "Seals depend on each other, but buckets can be hashed on two cores",
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
    next: "Plan and remove in one pass over the references",
  },
  "P12 time": {
    reason:
      "Every blanked row writes its page twice, to the log and to the file, and a trigger checks that only parts go. Each step is flushed, so that none is long",
    next: "Parts in a table of their own, whose pages are freed by bucket without being written",
  },
  "P12 step": {
    reason: "The checkpoint of the write-ahead log into the file, if the disk takes longer to flush it",
    next: "Smaller steps of the checkpoint; expire by bucket",
  },
  "P13 text": {
    reason:
      "The text itself is 660 bytes, because pseudonyms come on top of the ids; 86 are entry and seal, 64 salts, 11 references, 14 summaries, some 80 the unused ends of pages",
    next: "Compressed texts, or one value for each batch, whose look-ups cost 25 times as much",
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
