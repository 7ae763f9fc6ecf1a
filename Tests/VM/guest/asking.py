"""Those of the corpus's prompts (prompts.py) that a real machine answers: the secret is the person's own password, and that
it was taken shows that it arrived.
"""

import subprocess
from pathlib import Path

import prompts
from corpus import SECRET
from guest import SUBJECT, seat_session, switch_to_terminal
from session import until

SESSION_TERMINAL, CONSOLE_TERMINAL, GREETER_TERMINAL = 1, 2, 7
# Typed into a shell there: as little of it is to be found as of the secret.
CONSOLE_TEXT = "zj4gkq8vfy6x"


class Accepted:
    """A terminal's script that leaves a file when it has had the secret, and reads an ordinary line after it."""

    has_third = True

    def leave(self, typist):
        super().leave(typist)
        until(lambda: self.written("secret"), f"{self.app}: the secret is taken", 20)


class Sudo(Accepted, prompts.Terminal):
    script = "sudo -k; sudo true 2>said && echo taken >secret"


class Su(Accepted, prompts.Terminal):
    script = f"su {SUBJECT} -c true && echo taken >secret"


class Ssh(Accepted, prompts.Terminal):
    """To this machine, by Debian's own server and settings."""

    script = (
        "ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "
        f"-o PreferredAuthentications=password,keyboard-interactive {SUBJECT}@127.0.0.1 true && echo taken >secret"
    )

    def start(self):
        subprocess.run(["systemctl", "start", "ssh.service"], check=True)
        super().start()

    def close(self):
        super().close()
        subprocess.run(["systemctl", "stop", "ssh.service"], check=True)


class Getpass(Accepted, prompts.Getpass):
    pass


class Read(Accepted, prompts.Read):
    pass


TRIES = 3
AUTHORIZATION = "org.freedesktop.policykit.exec"


class Polkit(Accepted, prompts.Terminal):
    """polkit's agent for terminals, asked by the machine's own polkitd."""

    script = (
        "pkttyagent --process $$ --notify-fd 9 9>registered & until [ -e registered ]; do :; done; sleep 2\n"
        f"pkcheck --action-id {AUTHORIZATION} --process $$ --allow-user-interaction && echo taken >secret"
    )


class Over(prompts.GTK3):
    """An ordinary window, and then something else has the keyboard."""

    def received(self):
        return None


class PolkitAgent(Over):
    """A desktop's agent, in the session, with its own window."""

    dialog = "polkit-mate-authentication-agent-1"

    def start(self):
        command = ["/usr/libexec/polkit-mate-authentication-agent-1"]
        self.agent = self.desk.run(["env", "GDK_BACKEND=wayland", *command], "polkit-agent")
        super().start()

    def ask(self, typist):
        done = self.directory / "taken"
        command = f"until pkcheck --action-id {AUTHORIZATION} --process $$ --allow-user-interaction; do sleep 1; done; echo >{done}"
        self.check = self.desk.run(["sh", "-c", command], "polkit-check")
        until(lambda: self.desk.compositor.windows().get(self.dialog), "the agent's window has the keyboard", 20)

    def leave(self, typist):
        typist.key("enter")
        taken = (self.directory / "taken").exists
        # Its window has the keyboard before it has a field.
        for _ in range(TRIES):
            try:
                until(taken, "the secret is taken", 2)
                break
            except AssertionError:
                typist.write(SECRET)
                typist.key("enter")
        until(taken, "the secret is taken", 20)
        until(self.window, "the window has the focus again")

    def close(self):
        super().close()
        self.agent.kill()


class Swaylock(Over):
    def ask(self, typist):
        # It detaches when the screen is locked.
        locked = self.directory / "locked"
        self.desk.run(["sh", "-c", f"swaylock --daemonize --color 000000 && echo >{locked}"], "swaylock")
        until(locked.exists, "the screen is locked", 20)

    def leave(self, typist):
        typist.key("enter")
        is_there = ["pgrep", "-x", "swaylock"]
        until(lambda: subprocess.run(is_there, capture_output=True).returncode == 1, "the secret unlocks the screen", 20)
        until(self.window, "the window has the focus again")


def screen(terminal):
    """What stands on a terminal of the machine's."""
    return Path(f"/dev/vcs{terminal}").read_bytes().decode(errors="replace")


class OtherTerminal(Over):
    """An ordinary window, and then another terminal of the machine's has the seat."""

    terminal = 0

    def log_in(self, typist):
        until(lambda: "login:" in screen(self.terminal), f"{self.app}: a name is asked for", 20)
        until(lambda: self.desk.nodes() == [], f"{self.app}: no device is open")
        typist.write(SUBJECT)
        typist.key("enter")
        until(lambda: "assword:" in screen(self.terminal), f"{self.app}: a password is asked for", 20)

    def come_back(self):
        switch_to_terminal(SESSION_TERMINAL)
        until(self.desk.nodes, "the session's turn again", 20)
        until(self.window, "the window has the focus again")


class Console(OtherTerminal):
    """A text console: its login, and then a session of hers beside the desktop's, whose agent is there still."""

    terminal = CONSOLE_TERMINAL

    def ask(self, typist):
        switch_to_terminal(self.terminal)
        self.log_in(typist)

    def leave(self, typist):
        typist.key("enter")
        until(lambda: seat_session("Type") == "tty" and seat_session("Name") == SUBJECT, "the secret lets her in", 20)
        typist.write(CONSOLE_TEXT)
        nodes = self.desk.nodes()
        assert nodes == [], f"{self.app}: open at her text console: {nodes}"
        subprocess.run(["loginctl", "terminate-session", seat_session("Id")], check=True)
        self.come_back()


class Greeter(OtherTerminal):
    """greetd and its greeter, in a session of logind's class `greeter`."""

    terminal = GREETER_TERMINAL
    configuration = Path("/run/greetd-test.toml")

    def ask(self, typist):
        self.entered = self.directory / "taken"
        # What the session runs that greetd starts when it has had the password.
        session = self.directory / "entered"
        session.write_text(f"#!/bin/sh\necho >{self.entered}\n")
        session.chmod(0o755)
        self.configuration.write_text(
            f'[terminal]\nvt = {self.terminal}\n[default_session]\ncommand = "/usr/sbin/agreety --cmd {session}"\n'
            'user = "_greetd"\n')  # fmt: skip
        unit = Path("/run/systemd/system/greetd.service.d")
        unit.mkdir(parents=True, exist_ok=True)
        (unit / "test.conf").write_text(f"[Service]\nExecStart=\nExecStart=/usr/sbin/greetd --config {self.configuration}\n")
        subprocess.run("systemctl daemon-reload && systemctl start greetd.service", shell=True, check=True)
        until(lambda: seat_session("Class") == "greeter", "the greeter's session has the seat", 20)
        self.log_in(typist)

    def leave(self, typist):
        typist.key("enter")
        until(self.entered.exists, "the secret lets her in", 20)
        subprocess.run(["systemctl", "stop", "greetd.service"], check=True)
        self.come_back()
