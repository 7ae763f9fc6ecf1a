"""The consent of the guest's only person."""

import os
import pwd

import terminal
from guest import SUBJECT

# Set by the script beside this one.
PASSWORD = "an3x1stence"


def has_receipt(name):
    return os.path.exists(f"/var/lib/kymograph/consent/{pwd.getpwnam(name).pw_uid}/receipt")


def kymo(*words, says=()):
    """She does it, at a terminal."""
    return terminal.run(["kymo", *words], pwd.getpwnam(SUBJECT).pw_uid, says)


def grant(password=PASSWORD):
    return kymo("consent", "grant", says=[('type "I consent"', "I consent"), ("assword: ", password)])


def give(report, recorder):
    """As a person does it, with the password that polkit asks for. Once: the receipt stays."""
    if has_receipt(SUBJECT):
        return
    report.check("consent: without one no device node is open", not recorder.open_nodes())
    wrong = grant("another")
    report.check("consent: a wrong password gives none", wrong.code != 0 and not has_receipt(SUBJECT), wrong)
    right = grant()
    report.check("consent: hers gives it", right.code == 0 and has_receipt(SUBJECT), right)
