"""What the socket of Wayfire's plugins tells beside its windows' protocol: by a stand-in. The real one: Tests/VM."""

import json
import socket
import struct
import threading

import pytest
from fake_compositor import COSMIC_GLOBALS
from service import Backend, Focus, WindowPlace

ALPHA = {"id": 1, "pid": 4242, "app-id": "alpha", "role": "toplevel", "geometry": {"x": 0, "y": 0, "width": 9, "height": 9}}


class FakeWayfire:
    """Beside a fake compositor, which is this process: by its number the agent knows the socket."""

    def __init__(self, path, answer):
        self.answer = answer
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        path.chmod(0o666)
        self.listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        try:
            peer = self.listener.accept()[0]
            with peer, peer.makefile("rb") as questions:
                while header := questions.read(4):
                    assert json.loads(questions.read(*struct.unpack("<I", header)))["method"] == "window-rules/get-focused-view"
                    peer.sendall(self.answer)
        except OSError:
            pass

    def stop(self):
        self.listener.close()


def answer(view):
    body = json.dumps({"result": "ok", "info": view}).encode()
    return struct.pack("<I", len(body)) + body


@pytest.fixture
def told(fake_with, service):
    """What the agent says while alpha has the focus and Wayfire answers that."""
    made = []

    def told(answer):
        desk, compositor = fake_with(COSMIC_GLOBALS)
        made.append(FakeWayfire(desk.runtime / "wayfire-wayland-7.socket", answer))
        compositor.open_window("alpha", "first")
        agent = desk.agent(service.path)
        connection, _ = service.greet()
        connection.expect(Backend, usable=True)
        connection.heard(Focus, app="alpha")
        return agent, connection

    yield told
    for one in made:
        one.stop()


def test_process_of_the_window(told):
    agent, connection = told(answer(ALPHA))
    connection.heard(Focus, app="alpha", pid=4242)
    assert any("focus from" in line for line in agent.lines) and any("processes from Wayfire's socket" in line for line in agent.lines)
    connection.settled()
    assert not [said for said in connection.messages if isinstance(said, WindowPlace)], "that is another plane's"


@pytest.mark.parametrize("said", [
    answer(None), answer(ALPHA | {"role": "desktop-environment"}), answer(ALPHA | {"app-id": "beta"}), answer(ALPHA | {"pid": -1}),
    struct.pack("<I", 3) + b"{}}", struct.pack("<I", 1 << 31) + b"x"],
    ids=["nothing", "a panel", "another window", "no process", "no JSON", "no length"])  # fmt: skip
def test_what_is_no_word_on_that_window_tells_nothing(told, said):
    _, connection = told(said)
    for _ in range(3):
        connection.settled()
    assert {said.pid for said in connection.messages if isinstance(said, Focus)} == {0}
