"""Where a guest notes what the recorder calls durable: behind the file system, on the same disk, so that its place in the
log of writes is its place in time. Written without a flush: a mark is what the guest had told the world, and no cut takes
that back."""

import struct

FILE_SYSTEM_BYTES = 48 << 20
MAGIC = b"KYMOMARK"
MARK = struct.Struct("<8sQ")
