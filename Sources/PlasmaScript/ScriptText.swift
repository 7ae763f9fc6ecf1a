import Glibc

/// The script that KWin runs for us, and the file from which it reads it.
///
/// It stands in the program and not in a file of the package: it is for installations of which KWin does not find a file
/// that it should, and has the agent's name on the bus in it, which is another each time.
enum ScriptText {
    /// By which KWin keeps it: there is one of that name, or none.
    static let plugin = "kymograph"

    /// How long it goes on without a word from the agent, which says something every `restMicroseconds`.
    static let patienceMilliseconds = 40_000

    /// Plain scripts of KWin 5.27 and 6: what the two call differently is looked for, not derived from a version.
    ///
    /// A window that the protocol does not tell of has the keyboard as none does: panels, launchers and menus of layer-shell,
    /// which alone can neither be moved nor be in full screen. `Answered` is a call that the agent leaves open until it has a question; KWin
    /// turns its loop twice, with all that its sockets had for it by then, before it is answered. A window is told with each
    /// answer, so that nothing depends on the signals but when a change is known.
    static func text(agent: String, path: String, interface: String) -> String {
        """
        const isSix = workspace.windowActivated !== undefined;
        const numbers = {};
        let last = 0;
        let question = "0";
        let turns = 0;

        function timer(milliseconds, elapsed) {
            const made = new QTimer();
            made.singleShot = true;
            made.interval = milliseconds;
            made.timeout.connect(elapsed);
            return made;
        }

        function active() { return isSix ? workspace.activeWindow : workspace.activeClient; }

        function numberOf(window) {
            const id = String(window.internalId);
            if (!(id in numbers)) numbers[id] = ++last;
            return numbers[id];
        }

        function isOwn(window) { return window.moveable || window.fullScreenable || window.fullScreen; }

        function state() {
            const window = active();
            if (!window || !isOwn(window)) return ["0", "", "", "0", "", ""];
            const frame = window.frameGeometry;
            return [
                String(numberOf(window)), window.desktopFileName || window.resourceClass, window.caption, String(window.pid),
                isSix && window.output ? window.output.name : "",
                [frame.x, frame.y, frame.width, frame.height].map(Math.round).join(" "),
            ];
        }

        function tell(member, ...words) { callDBus("\(agent)", "\(path)", "\(interface)", member, ...words); }

        const change = timer(0, () => tell("Changed", ...state()));
        const move = timer(100, () => tell("Changed", ...state()));
        const turn = timer(0, () => {
            if (--turns > 0) return turn.start();
            tell("Answered", question, workspace.cursorPos.x + " " + workspace.cursorPos.y, ...state(), asked);
        });
        const silence = timer(\(patienceMilliseconds), () =>
            callDBus("org.kde.KWin", "/Scripting", "org.kde.kwin.Scripting", "unloadScript", "\(plugin)"));

        function asked(number) {
            question = number;
            turns = 2;
            turn.start();
            silence.start();
        }

        function follow(window) {
            const stirred = () => { if (window === active()) change.start(); };
            for (const name of ["caption", "desktopFileName", "windowClass", "output"]) {
                const signal = window[name + "Changed"];
                if (signal) signal.connect(stirred);
            }
            // A window that is dragged is elsewhere with each picture.
            window.frameGeometryChanged.connect(() => { if (window === active() && !move.active) move.start(); });
        }

        (isSix ? workspace.windowList() : workspace.clientList()).forEach(follow);
        (isSix ? workspace.windowAdded : workspace.clientAdded).connect(follow);
        (isSix ? workspace.windowRemoved : workspace.clientRemoved).connect(window => {
            delete numbers[String(window.internalId)];
            // With Xwayland the active one goes without another word.
            change.start();
        });
        (isSix ? workspace.windowActivated : workspace.clientActivated).connect(() => change.start());
        asked("0");

        """
    }

    /// The person's alone to read, as is the directory.
    /// - Returns: its path; nil where it cannot be written.
    static func store(_ text: String, in directory: String) -> String? {
        let path = "\(directory)/kymograph-kwin.js"
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text = text
        let isWritten = text.withUTF8 { write(descriptor, $0.baseAddress, $0.count) == $0.count }
        guard isWritten else {
            unlink(path)
            return nil
        }
        return path
    }
}
