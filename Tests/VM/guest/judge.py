"""What was recorded, judged against what happened. Pure: lists of records in, figures out."""

from collections import Counter, namedtuple


def percentile(values, percent):
    """Nearest rank; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def of_kind(records, *kinds):
    """Records of things that happened: a snapshot at a segment's start repeats state."""
    return [r for r in records if r["kind"] in kinds and "snapshot" not in r.get("marks", [])]


def spans(records, kind, reasons=None):
    """(start, end, record) of losses or ended suppressions."""
    return [
        (r["start_us"], r["end_us"], r)
        for r in of_kind(records, kind)
        if r.get("phase") != "begin" and (reasons is None or r["reason"] in reasons)
    ]


def is_inside(time_us, some_spans):
    return any(start <= time_us <= end for start, end, _ in some_spans)


class GroundTruth:
    """Which app was given which key, by the test clients' own logs."""

    def __init__(self, logs):
        self.by_key = {}
        for app, lines in logs.items():
            for line in lines:
                if line["what"] != "key":
                    continue
                # Compositors without input timestamps tell milliseconds only; one code is never that fast.
                key = (line["code"], line["press"], line["time_us"] // 1000)
                self.by_key.setdefault(key, set()).add(app)

    def app(self, key):
        """The app; None if no client was given it, or more than one."""
        apps = self.by_key.get((key["code"], key["press"], key["time_us"] // 1000), set())
        return next(iter(apps)) if len(apps) == 1 else None


Attribution = namedtuple("Attribution", "certain right wrong unjudged uncertain uncertain_wrong")


def attribution(recorded_keys, truth):
    """Counts, but for `wrong`: the records attributed to an app that did not receive them, without saying so."""
    certain = right = unjudged = uncertain = uncertain_wrong = 0
    wrong = []
    for key in recorded_keys:
        app = truth.app(key)
        if "uncertain" in key.get("marks", []):
            uncertain += 1
            uncertain_wrong += app is not None and app != key.get("app")
            continue
        certain += 1
        if app is None:
            unjudged += 1
        elif app == key.get("app"):
            right += 1
        else:
            wrong.append((key, app))
    return Attribution(certain, right, wrong, unjudged, uncertain, uncertain_wrong)


CLOSED = {"inactive", "session_unknown", "locked", "suspended", "no_consent", "paused", "no_indicator"}


def counted_spans(records):
    """When something was withheld, and how much is written."""
    return [span for span in spans(records, "suppression") if span[2]["keys"] is not None]


def secret_spans(records):
    """When something was withheld that may be a password: not even how much is written, nor when exactly."""
    return [span for span in spans(records, "suppression") if span[2]["keys"] is None and span[2]["reason"] not in CLOSED]


def closed_spans(records):
    """When no device was open."""
    found, since = spans(records, "suppression", CLOSED), None
    for record in of_kind(records, "session"):
        if not record["active"]:
            since = record["time_us"]
        elif since is not None:
            found.append((since, record["time_us"], record))
            since = None
    return found


Account = namedtuple("Account", "sent recorded suppressed secret lost closed missing twice unsent")


def account_of_keys(sent, recorded, suppressions, losses, closed, secrets=()):
    """Where every press that was sent has gone. Releases follow their press and are left out."""
    presses = [(k["code"], k["time_us"]) for k in sent if k["press"] == "pressed"]
    written = Counter((k["code"], k["time_us"]) for k in recorded if k["press"] == "pressed")
    suppressed = secret = lost = while_closed = 0
    missing = []
    for code, time_us in presses:
        if (code, time_us) in written:
            continue
        if is_inside(time_us, suppressions):
            suppressed += 1
        elif is_inside(time_us, losses):
            lost += 1
        elif is_inside(time_us, closed):
            while_closed += 1
        elif is_inside(time_us, secrets):
            secret += 1
        else:
            missing.append((code, time_us))
    twice = [key for key, count in written.items() if count > 1]
    unsent = sorted(press for press in set(written) - set(presses) if not is_found_down(press, presses, losses))
    found = len(presses) - suppressed - secret - lost - while_closed - len(missing)
    return Account(len(presses), found, suppressed, secret, lost, while_closed, missing, twice, unsent)


# From the moment at which the kernel's buffer ran over, libevdev asks which keys are down, and has them pressed at the time
# of the report that told it so: their own is lost. The answer may be of a little later.
LATER_US = 100_000


def is_found_down(press, presses, losses):
    """Whether it is one of those: inside a loss of the kernel's, and pressed since that began."""
    code, time_us = press
    return any(start <= time_us <= end and any(other == code and start <= when <= time_us + LATER_US
                                               for other, when in presses)
               for start, end, record in losses if record.get("reason") == "kernel_buffer")


Motion = namedtuple("Motion", "recorded missing unexplained out_of_order")


def account_of_motion(sent, start_us, records, losses):
    """A report's number is in its dx and dy (see uinput-feeder.c): what is missing shows, and where.

    Numbers repeat after 16129 reports, so that a longer gap looks shorter; how many are missing in all is told by the
    count, the numbers tell where.
    """
    period = 127 * 127
    unexplained = out_of_order = expected = 0
    last_time = start_us
    for record in records:
        number = int(record["dx"]) - 1 + 127 * (int(record["dy"]) - 1)
        skipped = (number - expected) % period
        if skipped and not covers(losses, last_time, record["time_us"]):
            unexplained += skipped
        out_of_order += record["time_us"] < last_time
        expected = (number + 1) % period
        last_time = record["time_us"]
    if (expected - sent) % period and not covers(losses, last_time, last_time):
        unexplained += (sent - expected) % period
    return Motion(len(records), sent - len(records), unexplained, out_of_order)


def covers(some_spans, after, before):
    """Whether one loss reaches over the whole gap between two reports' times."""
    return any(start <= after and before <= end for start, end, _ in some_spans)
