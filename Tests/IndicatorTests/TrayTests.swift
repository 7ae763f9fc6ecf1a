import Bus
import PrivateBus
import Testing

@testable import Indicator

/// A tray on a private bus: the watcher, and a host that shows items by asking for their properties.
private final class Tray {
    let watcher: Peer
    private var object: BusSubscription?
    private(set) var registered: [(sender: String, service: String)] = []
    var hasHost = false
    var refuses = false

    init(_ address: String) throws {
        watcher = try Peer(address)
        object = try watcher.bus.export(path: "/StatusNotifierWatcher") { [unowned self] call in
            switch call.member {
            case "RegisterStatusNotifierItem":
                if refuses { return .error(name: "org.example.No", message: "no more room") }
                registered.append((call.sender, (try? call[0, as: String.self]) ?? ""))
                return .values([])
            case "Get": return .values([.variant(.bool(hasHost))])
            default: return nil
            }
        }
        try watcher.own(TrayItem.watcherName)
    }

    func tellOfHost(_ isThere: Bool) throws {
        hasHost = isThere
        try watcher.bus.emit(
            path: "/StatusNotifierWatcher", interface: TrayItem.watcherName,
            member: isThere ? "StatusNotifierHostRegistered" : "StatusNotifierHostUnregistered")
    }
}

/// A panel: asks for an item, and clicks on it.
private final class Host {
    let peer: Peer
    init(_ address: String) throws { peer = try Peer(address) }

    func ask(
        _ agent: Agent, _ path: String, _ interface: String, _ member: String, _ arguments: [BusValue]
    ) throws -> BusMessage {
        var answer: Result<BusMessage, BusError>?
        peer.bus.call(agent.name, path: path, interface: interface, member: member, arguments: arguments) {
            answer = $0
        }
        try peer.turn(with: agent.peer) { answer != nil }
        return try answer!.get()
    }

    func show(_ agent: Agent) throws -> [String: BusValue] {
        try ask(
            agent, TrayItem.path, "org.freedesktop.DBus.Properties", "GetAll", [.string(TrayItem.interface)]
        )[0, as: [String: BusValue].self]
    }
}

private final class Agent {
    let peer: Peer
    private(set) var item: TrayItem!
    private(set) var clicks = 0
    private(set) var choices: [TrayMenu.Choice] = []
    private(set) var told: [Presence.Means] = []
    /// As the watcher knows it.
    var name = ""

    init(_ address: String, _ text: String = "recording") throws {
        peer = try Peer(address)
        item = try TrayItem(
            bus: peer.bus, presentation: Presentation(symbol: .recording, text: text),
            handlers: TrayItem.Handlers(
                changed: { [unowned self] in told.append(item.means) }, clicked: { [unowned self] in clicks += 1 },
                chosen: { [unowned self] in choices.append($0) }))
    }

    func turn(with tray: Tray, until isSo: () -> Bool) throws { try peer.turn(with: tray.watcher, until: isSo) }
}

@Suite struct TrayTests {
    /// An item that a host has asked for.
    private func shown() throws -> (PrivateBus, Tray, Host, Agent) {
        let daemon = try PrivateBus()
        let tray = try Tray(daemon.address)
        tray.hasHost = true
        let agent = try Agent(daemon.address)
        try agent.turn(with: tray) { agent.item.means == .pending("nobody has asked for the icon yet") }
        agent.name = tray.registered[0].sender
        let host = try Host(daemon.address)
        _ = try host.show(agent)
        #expect(agent.item.means == .shown)
        return (daemon, tray, host, agent)
    }

    @Test func withoutATrayItWaitsForOne() throws {
        let daemon = try PrivateBus()
        let agent = try Agent(daemon.address)
        try agent.peer.turn { agent.item.means == .pending("no tray on this desktop") }
        let tray = try Tray(daemon.address)
        try agent.turn(with: tray) { agent.item.means == .pending("nothing shows the tray's items") }
        #expect(tray.registered.map(\.service) == [TrayItem.path])
        try tray.tellOfHost(true)
        try agent.turn(with: tray) { agent.item.means == .pending("nobody has asked for the icon yet") }
    }

    @Test func itIsShownWhenSomebodyHasAskedForItAndIsStillThere() throws {
        let (daemon, tray, host, agent) = try shown()
        host.peer.bus.close()
        try agent.turn(with: tray) { agent.item.means == .pending("nobody has asked for the icon yet") }
        let next = try Host(daemon.address)
        _ = try next.show(agent)
        #expect(agent.item.means == .shown)
        tray.watcher.bus.close()
        try agent.peer.turn { agent.item.means == .pending("no tray on this desktop") }
        withExtendedLifetime(daemon) {}
    }

    @Test func aTrayWithoutAHostShowsNothing() throws {
        let (daemon, tray, _, agent) = try shown()
        try tray.tellOfHost(false)
        try agent.turn(with: tray) { agent.item.means == .pending("nothing shows the tray's items") }
        withExtendedLifetime(daemon) {}
    }

    @Test func aTrayThatRefusesSaysWhy() throws {
        let daemon = try PrivateBus()
        let tray = try Tray(daemon.address)
        tray.refuses = true
        tray.hasHost = true
        let agent = try Agent(daemon.address)
        try agent.turn(with: tray) {
            if case .hidden(let why) = agent.item.means { why.contains("no more room") } else { false }
        }
    }

    @Test func anotherWatcherIsToldOfItAnew() throws {
        let (daemon, tray, _, agent) = try shown()
        tray.watcher.bus.close()
        try agent.peer.turn { agent.item.means != .shown }
        let next = try Tray(daemon.address)
        try agent.turn(with: next) { !next.registered.isEmpty }
    }

    @Test func whatItSaysOfItself() throws {
        let (daemon, _, host, agent) = try shown()
        var item = try host.show(agent)
        #expect(item["Title"]?.read() == "Kymograph: recording")
        #expect(item["Status"]?.read() == "Active")
        guard case .variant(.array("(iiay)", let icons))? = item["IconPixmap"].map({ BusValue.variant($0.unwrapped) }),
            case .structure(let icon)? = icons.first, case .array("y", let bytes)? = icon.last
        else {
            Issue.record("no icon: \(String(describing: item["IconPixmap"]))")
            return
        }
        #expect(bytes.count == 22 * 22 * 4 && bytes.contains { $0 != .byte(0) })
        try agent.item.show(Presentation(symbol: .paused, text: "paused"))
        let before = icon
        item = try host.show(agent)
        #expect(item["Title"]?.read() == "Kymograph: paused")
        if case .array(_, let after)? = item["IconPixmap"]?.unwrapped { #expect(after.first != .structure(before)) }
        withExtendedLifetime(daemon) {}
    }

    @Test func aClickIsPassedOn() throws {
        let (daemon, _, host, agent) = try shown()
        _ = try host.ask(agent, TrayItem.path, TrayItem.interface, "Activate", [.int32(0), .int32(0)])
        #expect(agent.clicks == 1)
        withExtendedLifetime(daemon) {}
    }

    @Test func onlyWhatTheMenuShowsCanBeChosen() throws {
        let (daemon, _, host, agent) = try shown()
        func lines() throws -> [String] {
            let answer = try host.ask(
                agent, TrayMenu.path, "com.canonical.dbusmenu", "GetLayout",
                [.int32(0), .int32(-1), .array(element: "s", [])])
            guard case .structure(let root) = answer.arguments[1], case .array(_, let children) = root[2] else {
                return []
            }
            return children.compactMap { child in
                guard case .structure(let line) = child.unwrapped,
                    let properties: [String: BusValue] = line[1].read(), properties["visible"]?.read() == true
                else { return nil }
                return properties["label"]?.read()
            }
        }
        func click(_ number: Int32) throws {
            _ = try host.ask(
                agent, TrayMenu.path, "com.canonical.dbusmenu", "Event",
                [.int32(number), .string("clicked"), .variant(.int32(0)), .uint32(0)])
        }
        #expect(try lines() == ["Pause recording", "Pause for 15 minutes", "Pause for 1 hour"])
        for number in [4, 2, 0, 9, -1] as [Int32] { try click(number) }
        #expect(agent.choices == [.pause(seconds: 900)])
        try agent.item.show(Presentation(symbol: .paused, text: "paused"))
        #expect(try lines() == ["Resume recording"])
        try click(1)
        try click(4)
        #expect(agent.choices == [.pause(seconds: 900), .resume])
        withExtendedLifetime(daemon) {}
    }
}
