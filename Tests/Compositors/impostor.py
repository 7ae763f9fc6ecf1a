"""Sockets at the places of a compositor's, that another process than the compositor has."""

import contextlib
import os
import subprocess
import sys

LISTENS = """
import socket, sys
listeners = []
for path in sys.argv[1:]:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    listeners.append(listener)
print("done", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def listened_to_by_another(paths):
    paths = [str(path) for path in paths]
    other = subprocess.Popen([sys.executable, "-c", LISTENS, *paths], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline() == b"done\n"
        for path in paths:
            os.chmod(path, 0o666)
        yield
    finally:
        other.kill()
        other.communicate()
