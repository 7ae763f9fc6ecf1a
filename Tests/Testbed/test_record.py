"""What is typed and moved is recorded, by rule."""

import subprocess


def test_off_class_and_full_end_to_end(bed, recorder, agent):
    keyboard, mouse = bed.add("keyboard", 1), bed.add("mouse", 2)
    daemon = recorder(rules={"editor": "full", "vault": "off"}).start(devices=2)
    session = agent(daemon)
    session.window("editor", 1)
    keyboard.write("Hi")
    daemon.until(lambda rows: len(rows) >= 4, "key")
    print(daemon.rows())
