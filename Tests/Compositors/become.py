"""Connects to a compositor as who it is now, and goes on as another program, which finds the connection. Usage: become.py SOCKET
COMMAND…. The kernel has noted who connected; /proc says what the process is now.
"""

import os
import socket
import sys

connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
os.set_inheritable(connection.fileno(), True)
os.environ["WAYLAND_SOCKET"] = str(connection.fileno())
os.execvp(sys.argv[2], sys.argv[2:])
