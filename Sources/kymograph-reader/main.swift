// systemd accepts a connection (kymograph-reader.socket, Accept=yes) and starts this with it as standard input, as a user of
// its own that can read the journal, and add to one list.
import Glibc

signal(SIGPIPE, SIG_IGN)
Connection(socket: STDIN_FILENO).serve()
