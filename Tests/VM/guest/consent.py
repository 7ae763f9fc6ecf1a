"""The consent of the guest's only person."""

import os
import pwd

import terminal
from guest import SUBJECT

# Set by the script beside this one.
PASSWORD = "an3x1stence"


def has_receipt(name):
    return os.path.exists(f"/var/lib/kymograph/consent/{pwd.getpwnam(name).pw_uid}/receipt")


def give(report, recorder):
    """As a person does it, at a terminal, with the password that polkit asks for. Once: the receipt stays."""
    if has_receipt(SUBJECT):
        return
    report.check("consent: without one no device node is open", not recorder.open_nodes())
    uid = pwd.getpwnam(SUBJECT).pw_uid
    consents, password = ('type "I consent"', "I consent"), "assword: "
    wrong = terminal.run(["kymo", "consent", "grant"], uid, [consents, (password, "another")])
    report.check("consent: a wrong password gives none", wrong.code != 0 and not has_receipt(SUBJECT), wrong)
    right = terminal.run(["kymo", "consent", "grant"], uid, [consents, (password, PASSWORD)])
    report.check("consent: hers gives it", right.code == 0 and has_receipt(SUBJECT), right)
