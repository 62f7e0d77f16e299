// Package leaktest runs a scenario with unique canary values and then searches
// everything the scenario could have left behind for them.
//
// A test makes a [Box], takes canaries from it, hands them to programs with
// [Box.Run] or [Box.Start], and is done: when the test ends the box fails it
// for every canary found in a place that was not excused. A place is one of
//
//   - a file below the box, or its name, also in gzip, zlib, bzip2 and zip
//     streams and in the objects of git repositories;
//   - what a traced process wrote to any file anywhere, also if the file was
//     deleted later, and every name it opened, made or connected to;
//   - the arguments of every process that ran, its children included, and the
//     environment it was started with;
//   - what a process wrote to a pipe, a terminal, a socket or anonymous memory;
//   - standard output and standard error.
//
// Canaries are found in clear and in the encodings listed at [Searcher], whole
// or in part: any 23 bytes in a row of a canary contain one of the 12-byte runs
// that are searched for. A failure names the place, the offset, the encoding
// and the canary; it never holds the value.
//
// It fails closed. A write that was not seen whole, a file mapped for writing
// and deleted, the use of io_uring, a stream too large to unpack, and a canary
// that no program was given are failures too.
//
// It does not see the memory of processes, what is encrypted, what a process
// left running by something else (a service that was there before) does, nor
// encodings that the Searcher does not list. Tracing is done by strace and
// works on Linux only; tests that use a Box carry the build tag linux.
package leaktest
