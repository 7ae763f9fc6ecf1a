"""A recorder as one writes it in an afternoon with python-evdev: a JSON line per event.

usage: evdev_recorder.py NODE FILE
"""

import json
import sys

from evdev import InputDevice

device = InputDevice(sys.argv[1])
with open(sys.argv[2], "w") as file:
    print("ready", flush=True)
    for event in device.read_loop():
        file.write(json.dumps({"time": event.timestamp(), "type": event.type, "code": event.code, "value": event.value}) + "\n")
