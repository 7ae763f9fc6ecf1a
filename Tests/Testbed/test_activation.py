"""The agent's socket comes from systemd (kymograph.socket): systemd-socket-activate stands in for the manager."""

import os
import socket

import pytest

from bed import wait_for


def passed(path, *options):
    """A command line that listens at `path`, and becomes the recorder when somebody connects."""
    return lambda environment: [
        "systemd-socket-activate", f"--listen={path}", *(f"--setenv={name}={value}" for name, value in environment.items()),
        *(options or ["--seqpacket", "--fdname=agent"])]


def knock(path, kind=socket.SOCK_SEQPACKET):
    wait_for(path.exists, "systemd-socket-activate to listen")
    path.chmod(0o666)
    connection = socket.socket(socket.AF_UNIX, kind)
    connection.connect(str(path))
    return connection


def test_an_agent_that_comes_first_starts_the_recorder_and_is_served(bed, recorder, agent):
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full"})
    daemon.process = daemon.launch(activator=passed(daemon.agent_socket))
    wait_for(daemon.agent_socket.exists, "systemd-socket-activate to listen")
    daemon.agent_socket.chmod(0o666)
    inode = os.stat(daemon.agent_socket).st_ino
    # Refused, since the recorder that it has just started does not know yet who sits there; the real one comes again.
    knock(daemon.agent_socket).close()
    wait_for(lambda: daemon.status_socket.exists() and daemon.status(), "the recorder to answer")
    daemon.grant()
    session = agent(daemon)
    wait_for(lambda: daemon.status()["devices"] == 1, "the agent to be believed, and the keyboard open")
    session.window("editor")
    keyboard.write("here")
    daemon.until(lambda rows: len(rows) == 8, "key")
    assert daemon.stop() == 0
    # Whoever owns the name takes it away; a recorder that did would leave the socket unit deaf.
    assert os.stat(daemon.agent_socket).st_ino == inode


@pytest.mark.parametrize("what, options", [
    ("of another path", ["--seqpacket", "--fdname=agent"]), ("of another type", ["--fdname=agent"])])
def test_a_passed_socket_that_is_not_the_configured_one_is_refused(bed, recorder, what, options):
    daemon = recorder()
    path = daemon.directory / ("other.sock" if what == "of another path" else "agent.sock")
    process = daemon.launch(activator=passed(path, *options))
    knock(path, socket.SOCK_SEQPACKET if "--seqpacket" in options else socket.SOCK_STREAM).close()
    assert process.wait(10) == 1
    assert f"does not listen on {daemon.agent_socket}" in daemon.log


def test_a_socket_with_another_name_is_not_taken_for_the_agents(bed, recorder, agent):
    bed.add("mouse", 1)
    daemon = recorder()
    other = daemon.directory / "other.sock"
    daemon.process = daemon.launch(activator=passed(other, "--seqpacket", "--fdname=other"))
    knock(other).close()
    wait_for(daemon.agent_socket.exists, "the recorder to listen itself")
    wait_for(lambda: daemon.status_socket.exists() and daemon.status(), "the recorder to answer")
    # Its answer says that the recorder knows the session.
    daemon.grant()
    agent(daemon)
    wait_for(lambda: daemon.status()["devices"] == 1, "the agent to be believed, and the mouse open")
