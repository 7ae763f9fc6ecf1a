import AgentProtocol
import Bus
import CLinuxShim
import EventLoop
import Events
import Glibc

/// The person's settings for pointers, from KWin: an object on the session's bus for each device that its libinput reads.
///
/// KWin says when devices come and go, and nothing when a setting changes; but it writes each change to `kcminputrc` at
/// once. So that file's directory is watched, and KWin asked again. The file itself is not read: what is in force is KWin's
/// to say, and a device without an entry has its own defaults.
final class PlasmaDevices {
    static let name = "kwin"
    private static let service = "org.kde.KWin"
    private static let path = "/org/kde/KWin/InputDevice"
    private static let manager = "org.kde.KWin.InputDeviceManager"
    private static let interface = "org.kde.KWin.InputDevice"
    private static let file = "kcminputrc"

    private let bus: Bus
    private let watch: DirectoryStir?
    /// Nil: nobody of that name says anything.
    private let told: ([DeviceChoice]?) -> Void
    private var subscriptions: [BusSubscription] = []
    private var questions = 0

    init(bus: Bus, loop: EventLoop, told: @escaping ([DeviceChoice]?) -> Void) throws(BusError) {
        self.bus = bus
        self.told = told
        watch = Surroundings.configurationDirectory.flatMap {
            DirectoryStir(loop: loop, directory: $0, file: Self.file)
        }
        watch?.stirred = { [weak self] in self?.ask() }
        for member in ["deviceAdded", "deviceRemoved"] {
            subscriptions.append(
                try bus.subscribe(sender: Self.service, path: Self.path, interface: Self.manager, member: member) {
                    [weak self] _ in self?.ask()
                })
        }
        subscriptions.append(
            try bus.ownerOfName(Self.service) { [weak self] owner in
                guard let self else { return }
                questions += 1
                if owner == nil { told(nil) } else { ask() }
            })
    }

    private func ask() {
        questions += 1
        let question = questions
        bus.property(
            Self.service, path: Self.path, interface: Self.manager, name: "devicesSysNames", as: [String].self
        ) { [weak self] answer in
            guard let self, question == questions else { return }
            // A KWin without devices of its own, as a nested one, has no such object.
            guard let names = try? answer.get() else { return told(nil) }
            ask(names, question)
        }
    }

    /// Together, so that a device whose answer is late takes nothing away from the others meanwhile.
    private func ask(_ names: [String], _ question: Int) {
        var answers: [String: DeviceChoice?] = [:]
        guard !names.isEmpty else { return told([]) }
        for name in Set(names) {
            bus.properties(Self.service, path: "\(Self.path)/\(name)", interface: Self.interface) {
                [weak self] answer in
                guard let self, question == questions else { return }
                answers[name] = .some((try? answer.get()).flatMap { Self.choice(name, $0) })
                guard answers.count == Set(names).count else { return }
                told(answers.sorted { $0.key < $1.key }.compactMap(\.value))
            }
        }
    }

    /// Nil: it is no pointer.
    private static func choice(_ name: String, _ properties: [String: BusValue]) -> DeviceChoice? {
        func flag(_ property: String) -> Bool? { properties[property]?.read(as: Bool.self) }
        guard flag("pointer") == true || flag("touch") == true else { return nil }
        var settings = DeviceSettings()
        settings.tap = flag("tapToClick")
        settings.tapButtons = flag("lmrTapButtonMap").map { $0 ? .middleThenRight : .rightThenMiddle }
        settings.tapDrag = flag("tapAndDrag")
        settings.tapDragLock = flag("tapDragLock")
        settings.naturalScroll = flag("naturalScroll")
        settings.leftHanded = flag("leftHanded")
        settings.middleEmulation = flag("middleEmulation")
        settings.disableWhileTyping = flag("disableWhileTyping")
        let clickMethods: [(String, ClickMethod)] = [
            ("clickMethodAreas", .buttonAreas), ("clickMethodClickfinger", .clickfinger),
        ]
        settings.clickMethod = clickMethods.first { flag($0.0) == true }?.1
        let methods: [(String, ScrollMethod)] = [
            ("scrollTwoFinger", .twoFinger), ("scrollEdge", .edge), ("scrollOnButtonDown", .onButtonDown),
        ]
        // KWin tells each method by itself: with none of them, nothing scrolls but a wheel.
        settings.scrollMethod = methods.first { flag($0.0) == true }?.1 ?? flag("scrollTwoFinger").map { _ in .none }
        settings.scrollButton = properties["scrollButton"]?.read(as: UInt32.self).flatMap(UInt16.init(exactly:))
            .flatMap { $0 == 0 ? nil : $0 }
        settings.sends =
            flag("disableEventsOnExternalMouse") == true
            ? .disabledOnExternalMouse : flag("enabled").map { $0 ? .enabled : .disabled }
        return DeviceChoice(.node(name), settings)
    }
}
