const WRITER =
  "The writer thread takes some 15 us for a request, while an access logger appends a line: 8 for the row and its three indexes, 4 for commitments, leaf and seal, " +
  "1 for handing over and for the write-ahead log. The rest is because a commit has only 150 events, those of a few turns of the event loop. " +
  "Gathering them for 50 ms takes 6 us off; it was not done because a killed process would lose more queued events";

const REQUEST_THREAD =
  "About 8 us are in functions of Daybook: making the event and its two texts, and handing them over. The rest is garbage collection, and cache misses that the writer thread causes on the same core";

const MEMORY =
  "A separate thread costs Node 19 MB before it does any work, the writer in it 12, SQLite included; 9 to 16 MB are memory that V8's compilers took in the first second and the C library keeps. The young generation doubles when the objects that outlived its collections add up to its size, 14 MB. That happens to a bare server too, some ten seconds later";

/**
 * The main cost of a goal that is not met, as measured, and how it could be met: for `P1`, or for one part of a goal, `P4 2 ms
 * handler`.
 */
export const REASONS: Readonly<Record<string, string>> = {
  P1: WRITER,
  P2: WRITER,
  P3: WRITER,
  "P4 request thread, express": REQUEST_THREAD,
  "P4 request thread, fastify": REQUEST_THREAD,
  "P4 2 ms handler":
    "The one core of the server is busy all the time, so the cost of a record on any thread reduces the requests. With a second core for the writer it would be the share of the request thread",
  P5: "CPU: the queue, the writer and the proof take as much of it as the table with its random index writes; their further cost is disk time. Here the table inserts some 21,000 rows/s at five million events, and we 35,000; where it inserted 14,500, on another machine of the same kind, 31,200 of ours were 2.10x as many",
  "P6 CPU":
    "No step of an insert grows with the log: indexes are written at their ends, references a bucket at a time. Single steps differ by a fifth on a shared machine; five full runs gave 0.86x, 0.87x, 1.15x, 1.00x and 1.20x",
  "P6 WAL":
    "Each commit writes the last page of the table and of each index again, nine pages; commits of several thousand events would write fewer",
  P7: "35 to 45 us of CPU for each awaited event, promise and message included; half of it in the writer thread, which is busy all the time. The other side flushes faster on this disk, 500 to 870 times a second, than the 344 by which the goal was set",
  "P8 p50": "Two changes of threads, and a commit of half a dozen pages of 8 KiB instead of one block of 4",
  "P8 event loop": "One busy thread more on two cores, which the load needs too",
  P9: "22 % are SQLite's own check of its pages and indexes, 18 % reading the rows, 17 % the four hashes and the keyed one of each entry, while the other side makes one hash, 17 % reading heads and parts as canonical JSON. Seals depend on each other, so that a second core cannot share them",
  "P10 csv":
    "Rows cross from SQLite into JavaScript, where cells that a spreadsheet would run as formulas are found; the shell prints them unchanged",
  "P10 ndjson": "Rows cross from SQLite into JavaScript",
  "P10 memory": "76 MB are resident before the first row is read: Node, of which 47 are its program, the database driver and the modules",
  P11: "Parts are blanked and overwritten, and the file is searched for their salts before the erasure counts as proven; a DELETE leaves the bytes in the file",
  "P12 time":
    "Every blanked row loses three index entries and writes its page twice, to the log and to the file. A flush after each 1,000 to 1,600 rows, so that no step is long, takes 4 of 15 us",
  "P12 step": "The checkpoint of the write-ahead log into the file, if the disk takes longer to flush it",
  "P13 text":
    "The text itself is 660 bytes, because pseudonyms come on top of the ids; 86 are entry and seal, 64 salts, 114 three indexes, 23 references, 80 the unused ends of pages",
  "P13 table": "The table keeps no id, no pseudonym and no proof",
  P14: "prom-client finds the series by its labels for each observation; the rest are the hooks and the context of the plugin, which records no events here",
  "M1 express": MEMORY,
  "M1 fastify": MEMORY,
  C1: "Two thirds are Node's own start",
};
