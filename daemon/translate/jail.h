/* The jail of a translate process: what it may ask of the kernel once its modules are loaded and its database is known.
 *
 * Allowed, because libpq, libevent, malloc and the log need it: read, write and poll on descriptors, memory without
 * PROT_EXEC, clocks, timers, signals of its own, randomness, reading files (a reload reads the configuration, libpq a
 * root certificate), and getting back to the database after a loss: socket and connect. The families of socket() are
 * those that the configured database hosts need: with a socket in the file system AF_UNIX alone, so that nothing on a
 * network can be reached at all; with hosts AF_INET and AF_INET6 streams, and datagrams only where a host is a name
 * that must be resolved. The filter cannot see where connect() goes: with TCP hosts a module that took the process over
 * could open connections, and only a firewall rule for this user stops that.
 *
 * Refused with EPERM: everything else, so writing, making, renaming or removing files, listening, and executable
 * memory. Ends the process: execve, fork and clone of processes, ptrace, other processes' memory, mounting, namespaces,
 * modules, bpf, keys. Under AddressSanitizer these are refused only, since its leak checker forks. */
#ifndef TRANSLATE_JAIL_H
#define TRANSLATE_JAIL_H

#include "base/core.h"

/* Which sockets the database may need. */
enum jail_network { JAIL_UNIX = 1, JAIL_TCP = 2, JAIL_NAMES = 4 };

/* From one conninfo: ORed enum jail_network; ERR_INVALID. */
int jail_network(const char *conninfo, unsigned *ret_network) MUSTUSE;
/* For good, for all threads of the process and what it would start. ERR_SYS with text. */
int jail_enter(unsigned network) MUSTUSE;

#endif
