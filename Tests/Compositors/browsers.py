"""How the tests start Firefox and Chromium: in a profile of its own, and without what asks the network or a person,
or draws without a cause: where the processor is emulated that costs the compositor its time."""

import json
import os

PREFERENCES = {
    "browser.shell.checkDefaultBrowser": False, "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False, "toolkit.telemetry.reportingpolicy.firstRun": False,
    "app.update.enabled": False, "browser.startup.homepage_override.mstone": "ignore",
    "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
    "signon.rememberSignons": False, "browser.tabs.warnOnClose": False, "termsofuse.bypassNotification": True,
    "security.sandbox.content.level": 0, "ui.caretBlinkTime": 0, "ui.prefersReducedMotion": 1,
}  # fmt: skip


def _profile(directory, account):
    profile = directory / "profile"
    profile.mkdir(mode=0o700)
    os.chown(profile, account.pw_uid, account.pw_gid)
    return profile


def firefox(directory, account, app):
    """The command, and what its environment needs."""
    profile = _profile(directory, account)
    (profile / "user.js").write_text(
        "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()))
    os.chown(profile / "user.js", account.pw_uid, account.pw_gid)
    command = ["firefox-esr", "--no-remote", "--profile", str(profile), "--name", app]
    return command, {"MOZ_ENABLE_WAYLAND": "1", "MOZ_CRASHREPORTER_DISABLE": "1"}


def chromium(directory, account, app):
    """The command."""
    return [
        "chromium", "--ozone-platform=wayland", f"--user-data-dir={_profile(directory, account)}", f"--class={app}",
        # Its sandbox takes a setuid program, or namespaces that a container may refuse.
        "--no-sandbox", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--password-store=basic",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-breakpad",
        "--force-prefers-reduced-motion",
        # A process of its own that has waited 15 s for the browser ends itself, and the page that was to be loaded meanwhile never
        # comes. An emulated processor takes longer.
        "--ipc-connection-timeout=600",
    ]  # fmt: skip
