"""Takes out of programs what depends on the directory in which they were built, so that the same sources give the same bytes.

usage: same-bytes.py PROGRAM...

The compiler notes a hash of its own command line in .swift_modhash, for its incremental builds: it is zeroed. The linker's
build id is a hash over that, too: it is made anew, over what is loaded at run time. Before strip, so that debug symbols keep
the id of their program.
"""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

SECTION = re.compile(r"\[ *\d+\] (?P<name>\S+) +(?P<type>\S+) +[0-9a-f]+ (?P<at>[0-9a-f]+) (?P<size>[0-9a-f]+) \S+ +(?P<flags>[A-Z]*) ")
# An ELF note: three lengths and "GNU\0", then the id.
NOTE_HEADER = 16


def sections(path):
    listing = subprocess.run(["readelf", "-SW", path], check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        found = SECTION.search(line)
        if found and found["type"] != "NOBITS":
            yield found["name"], found["flags"], int(found["at"], 16), int(found["size"], 16)


def settle(path):
    data = bytearray(Path(path).read_bytes())
    found = {name: (at, size) for name, _, at, size in sections(path)}
    at, size = found[".swift_modhash"]
    data[at:at + size] = bytes(size)
    at, size = found[".note.gnu.build-id"]
    data[at + NOTE_HEADER:at + size] = bytes(size - NOTE_HEADER)
    digest = hashlib.sha256()
    for _, flags, start, length in sections(path):
        if "A" in flags:
            digest.update(data[start:start + length])
    data[at + NOTE_HEADER:at + size] = digest.digest()[:size - NOTE_HEADER]
    Path(path).write_bytes(data)


for program in sys.argv[1:]:
    settle(program)
