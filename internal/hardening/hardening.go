// Package hardening keeps the memory of a process that holds plaintext away
// from core files and, on Linux, from other processes of the same user.
//
// It does not protect from root, from a debugger that is attached already, nor
// memory that is swapped out.
package hardening
