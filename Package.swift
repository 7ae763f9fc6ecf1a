// swift-tools-version: 6.2
// The target list is the architecture: imports point one way, from the device to the programs.
// Only Devices sees libinput, only Focus and Indicator see Wayland, only Journal sees LZ4; `kymo` links none of the first two.
import PackageDescription

func system(_ name: String, _ pkgConfig: String, _ apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

// Without MemberImportVisibility a dependency that imports Foundation lends its String methods to us, and one call of
// them links all of it: 45 MB.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error), .enableUpcomingFeature("MemberImportVisibility"),
]
let strictC: [CSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "kymograph",
    products: [
        .executable(name: "kymographd", targets: ["kymographd"]),
        .executable(name: "kymograph-agent", targets: ["kymograph-agent"]),
        .executable(name: "kymo", targets: ["kymo"]),
        .executable(name: "kymograph-reader", targets: ["kymograph-reader"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    ],
    targets: [
        // C libraries, one module map each.
        system("CLibinput", "libinput", "libinput-dev"),
        system("CLibudev", "libudev", "libudev-dev"),
        system("CCairo", "cairo", "libcairo2-dev"),
        system("CWaylandClient", "wayland-client", "libwayland-dev"),
        system("CLZ4", "liblz4", "liblz4-dev"),
        system("CSystemd", "libsystemd", "libsystemd-dev"),
        system("CXkbcommon", "xkbcommon", "libxkbcommon-dev"),

        // What Swift cannot import: va_list, statement macros, generated protocol code.
        .target(name: "CLibinputShim", dependencies: ["CLibinput"], cSettings: strictC),
        .target(name: "CLinuxShim", cSettings: strictC),
        .target(
            name: "CWlrForeignToplevel", dependencies: ["CWaylandClient"],
            exclude: ["wlr-foreign-toplevel-management-unstable-v1.xml"], cSettings: strictC),
        .target(
            name: "CPlasmaWindowManagement", dependencies: ["CWaylandClient"],
            exclude: ["plasma-window-management.xml"], cSettings: strictC),
        .target(
            name: "CCosmicToplevel", dependencies: ["CWaylandClient"], exclude: ["cosmic-toplevel.xml"],
            cSettings: strictC),
        .target(
            name: "CKymographWeston", dependencies: ["CWaylandClient"], exclude: ["kymograph-weston-v1.xml"],
            cSettings: strictC),
        .target(
            name: "CWlrLayerShell", dependencies: ["CWaylandClient"], exclude: ["wlr-layer-shell-unstable-v1.xml"],
            cSettings: strictC),
        .target(
            name: "CHyprlandLockNotify", dependencies: ["CWaylandClient"], exclude: ["hyprland-lock-notify-v1.xml"],
            cSettings: strictC),
        .target(
            name: "CXdgOutput", dependencies: ["CWaylandClient"], exclude: ["xdg-output-unstable-v1.xml"],
            cSettings: strictC),

        // The way of an event.
        .target(name: "Events", swiftSettings: strict),
        .target(
            name: "Devices", dependencies: ["Events", "CLibinput", "CLibudev", "CLibinputShim", "CLinuxShim"],
            swiftSettings: strict),
        .target(name: "AgentProtocol", dependencies: ["Events", "CLinuxShim"], swiftSettings: strict),
        .target(
            name: "Focus",
            dependencies: [
                "Events", "AgentProtocol", "EventLoop", "CWaylandClient", "CWlrForeignToplevel",
                "CPlasmaWindowManagement",
                "CCosmicToplevel", "CKymographWeston", "CXdgOutput", "CHyprlandLockNotify", "CXkbcommon", "CLinuxShim",
            ],
            swiftSettings: strict),
        .target(
            name: "GnomeShell", dependencies: ["Events", "AgentProtocol", "Bus", "CLinuxShim"], swiftSettings: strict),
        .target(
            name: "PlasmaScript", dependencies: ["Events", "AgentProtocol", "Bus", "EventLoop", "CLinuxShim"],
            swiftSettings: strict),
        .target(
            name: "Fields", dependencies: ["Events", "AgentProtocol", "Bus", "EventLoop", "Logging", "CLinuxShim"],
            swiftSettings: strict),
        .target(name: "Policy", dependencies: ["Events"], swiftSettings: strict),
        .target(
            name: "Journal",
            dependencies: [
                "Events", "Policy", "CLZ4", "CLinuxShim", .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),
        .target(name: "Export", dependencies: ["Events", "Policy", "Journal"], swiftSettings: strict),
        .target(
            name: "Configuration", dependencies: ["Events", "Policy", .product(name: "TOMLKit", package: "TOMLKit")],
            swiftSettings: strict),
        .target(
            name: "Consent",
            dependencies: ["Events", "Policy", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),
        .target(name: "Wayland", dependencies: ["CWaylandClient", "CLinuxShim"], swiftSettings: strict),
        .target(
            name: "Indicator",
            dependencies: [
                "Events", "AgentProtocol", "Wayland", "Bus", "EventLoop", "CWaylandClient", "CWlrLayerShell",
                "CKymographWeston", "CCairo", "CLinuxShim",
            ],
            swiftSettings: strict),
        .target(name: "EventLoop", dependencies: ["CLinuxShim"], swiftSettings: strict),
        .target(name: "Bus", dependencies: ["EventLoop", "CSystemd", "CLinuxShim"], swiftSettings: strict),
        .target(name: "Sessions", dependencies: ["Bus", "Policy", "EventLoop", "CLinuxShim"], swiftSettings: strict),
        .target(name: "Logging", dependencies: ["Events"], swiftSettings: strict),
        .target(name: "JournalAccess", dependencies: ["Events"], swiftSettings: strict),

        // Thin programs.
        .executableTarget(
            name: "kymographd",
            dependencies: [
                "Events", "Devices", "AgentProtocol", "Policy", "Journal", "Configuration", "Consent", "EventLoop",
                "Export", "JournalAccess", "Logging", "Bus", "Sessions", "CSystemd",
                "CLinuxShim", .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "kymograph-agent",
            dependencies: [
                "Events", "AgentProtocol", "Focus", "GnomeShell", "PlasmaScript", "Fields", "Indicator", "Bus",
                "EventLoop", "Logging", "CLinuxShim",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "kymo",
            dependencies: [
                "Events", "Policy", "Journal", "Export", "JournalAccess", "Consent", "CLinuxShim",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "kymograph-reader", dependencies: ["JournalAccess", "CLinuxShim"], swiftSettings: strict),

        // The hot path alone, on input that is the same every time: what is measured, and what CI counts.
        .executableTarget(
            name: "hotpath",
            dependencies: ["Events", "Policy", "Journal", .product(name: "SystemPackage", package: "swift-system")],
            path: "Benchmarks/Hotpath", swiftSettings: strict),
        // A journal of any size for benchmarks of the reader.
        .executableTarget(
            name: "make-journal",
            dependencies: ["Events", "Policy", "Journal", .product(name: "SystemPackage", package: "swift-system")],
            path: "Benchmarks/MakeJournal", swiftSettings: strict),

        .testTarget(name: "EventsTests", dependencies: ["Events"], swiftSettings: strict),
        .testTarget(name: "DevicesTests", dependencies: ["Devices", "Events"], swiftSettings: strict),
        .testTarget(name: "AgentProtocolTests", dependencies: ["AgentProtocol", "Events"], swiftSettings: strict),
        .testTarget(
            name: "FocusTests", dependencies: ["Focus", "AgentProtocol", "EventLoop", "Events", "CLinuxShim"],
            swiftSettings: strict),
        .testTarget(
            name: "IndicatorTests", dependencies: ["Indicator", "AgentProtocol", "Bus", "PrivateBus", "EventLoop"],
            swiftSettings: strict),
        // A dbus-daemon for tests, and peers on it.
        .target(
            name: "PrivateBus", dependencies: ["Bus", "EventLoop", "CLinuxShim"], path: "Tests/PrivateBus",
            swiftSettings: strict),
        .testTarget(
            name: "GnomeShellTests",
            dependencies: ["GnomeShell", "AgentProtocol", "Events", "Bus", "PrivateBus", "CLinuxShim"],
            swiftSettings: strict),
        .testTarget(
            name: "PlasmaScriptTests",
            dependencies: ["PlasmaScript", "AgentProtocol", "Events", "Bus", "PrivateBus", "CLinuxShim"],
            swiftSettings: strict),
        .testTarget(
            name: "BusTests", dependencies: ["Bus", "PrivateBus", "EventLoop", "CLinuxShim"], swiftSettings: strict),
        .testTarget(
            name: "SessionsTests", dependencies: ["Sessions", "Policy", "Bus", "PrivateBus", "EventLoop"],
            swiftSettings: strict),
        .testTarget(
            name: "FieldsTests",
            dependencies: ["Fields", "AgentProtocol", "Bus", "PrivateBus", "EventLoop", "Events", "CLinuxShim"],
            swiftSettings: strict),
        .testTarget(name: "ConsentTests", dependencies: ["Consent", "Policy", "Events"], swiftSettings: strict),
        .testTarget(name: "PolicyTests", dependencies: ["Policy", "Events"], swiftSettings: strict),
        .testTarget(
            name: "JournalTests", dependencies: ["Journal", "Policy", "Events", "CLinuxShim"], swiftSettings: strict),
        .testTarget(
            name: "ExportTests",
            dependencies: [
                "Export", "Journal", "Policy", "Events", "CLinuxShim",
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: strict),
        .testTarget(name: "JournalAccessTests", dependencies: ["JournalAccess"], swiftSettings: strict),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["Configuration", "Policy", "Events"], swiftSettings: strict),
        .testTarget(name: "KymographdTests", dependencies: ["kymographd"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)

// Needs libFuzzer when it is linked, so that it exists only for `make fuzz`.
if Context.environment["KYMO_FUZZ"] != nil {
    package.targets += [
        .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "CLibFuzzer", "Events", "Focus", "Policy", "Journal", "AgentProtocol", "Configuration", "Consent",
                "JournalAccess", .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/Fuzz/Sources", swiftSettings: strict),
    ]
}
