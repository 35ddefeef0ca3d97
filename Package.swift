// swift-tools-version: 6.2
import PackageDescription

/// Every target is built with the same settings, so that no file can opt out of them.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func library(
    _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []
) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

/// What only computes is optimised in debug builds too: its tests try thousands of graphs.
let optimised = settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

func computing(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: optimised)
}

func program(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
    settings: [SwiftSetting] = settings
) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.init(stringLiteral: name), "Testbed"] + dependencies, exclude: exclude,
        swiftSettings: settings)
}

extension Target.Dependency {
    static let argumentParser: Self = .product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asyncHTTPClient: Self = .product(name: "AsyncHTTPClient", package: "async-http-client")
    static let crypto: Self = .product(name: "Crypto", package: "swift-crypto")
    static let grdb: Self = .product(name: "GRDB", package: "GRDB.swift")
    static let hummingbird: Self = .product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdTesting: Self = .product(name: "HummingbirdTesting", package: "hummingbird")
    static let logging: Self = .product(name: "Logging", package: "swift-log")
    static let nioCore: Self = .product(name: "NIOCore", package: "swift-nio")
    static let nioHTTP1: Self = .product(name: "NIOHTTP1", package: "swift-nio")
    static let nioHTTPTypes: Self = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
    static let nioSSL: Self = .product(name: "NIOSSL", package: "swift-nio-ssl")
    static let nioPosix: Self = .product(name: "NIOPosix", package: "swift-nio")
    static let serviceLifecycle: Self = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let subprocess: Self = .product(name: "Subprocess", package: "swift-subprocess")
    static let unixSignals: Self = .product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let systemPackage: Self = .product(name: "SystemPackage", package: "swift-system")
    static let toml: Self = .product(name: "TOMLKit", package: "TOMLKit")
}

/// The Python modules of PythonBridge.
let glue = [
    "text", "calls", "objects", "questions", "merge_list", "merge_packages", "merge_graph", "merge_plan",
    "installed_content", "build_dependencies", "ebuild_files", "dependency_ebuilds", "toolchain", "native_flags",
    "key_inputs", "installed_packages", "overlay_cache", "overlays", "binary_packages", "releases", "archives",
    "settings_stamp", "offers", "plans", "explain", "binhost",
]

/// The files of the service's page.
let page = ["index.html", "page.css", "page.js", "log.js"]

let package = Package(
    name: "portmanteau",
    products: [
        .executable(name: "portage-hook", targets: ["portage-hook"]),
        .executable(name: "distcc-guard", targets: ["distcc-guard"]),
        .executable(name: "portmanteau", targets: ["portmanteau"]),
        .executable(name: "testbed", targets: ["testbed"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
    ],
    targets: [
        // Hot: what a phase of emerge runs. Standard library and Glibc, nothing else.
        .target(name: "CPosix"),
        library("Posix", ["CPosix"]),
        library("SuiteVersion"),
        computing("PackageModel"),
        computing("DependencyGraph", ["PackageModel"]),
        computing("TerminalDrawing"),
        computing("GraphDrawing", ["PackageModel", "DependencyGraph", "TerminalDrawing"]),
        library("AgentProtocol", ["Posix", "PackageModel"]),
        library(
            "PortageHook",
            [
                "Posix", "PackageModel", "DependencyGraph", "TerminalDrawing", "GraphDrawing", "AgentProtocol",
                "SuiteVersion",
            ]),
        program("portage-hook", ["PortageHook"]),
        library("DistccBackoff", ["Posix", "SuiteVersion"]),
        program("distcc-guard", ["DistccBackoff"]),

        // Tools: what a person or the hook starts.
        .systemLibrary(name: "CPython", pkgConfig: "python3-embed", providers: [.apt(["libpython3-dev"])]),
        .target(name: "PythonShims", dependencies: ["CPython"]),
        library(
            "PythonBridge", ["PythonShims", "Posix", .subprocess, .systemPackage],
            resources: glue.map { .embedInCode("portage_glue/\($0).py") }),
        library("PortageAPI", ["PythonBridge", "PackageModel"]),
        library("CommandSupport", ["TerminalDrawing", "Posix", .argumentParser]),
        library("Fetching", ["Posix", .asyncHTTPClient, .crypto, .nioCore, .nioHTTP1, .nioPosix, .nioSSL]),
        library("Sandbox", ["Posix", .subprocess, .systemPackage]),
        library("EbuildRepository", ["Posix", "PackageModel", .crypto]),
        library(
            "Overlays",
            ["EbuildRepository", "PortageAPI", "PackageModel", "Posix", .crypto, .subprocess, .systemPackage]),
        library(
            "ReleaseEbuilds",
            [
                "EbuildRepository", "PortageAPI", "PackageModel", "Fetching", "Posix", .crypto, .subprocess,
                .systemPackage, .toml,
            ]),
        library("EmergeSession", ["PortageAPI", "TerminalDrawing", "Posix"]),
        library("BinpkgModel", ["PackageModel", .crypto]),
        library(
            "BinpkgClient",
            ["BinpkgModel", "AgentProtocol", "PortageAPI", "PythonBridge", "Fetching", "EmergeSession", "Posix"]),

        // Service: what builds for others.
        library(
            "BuildEnvironments",
            [
                "BinpkgModel", "Sandbox", "PortageAPI", "PythonBridge", "PackageModel", "Posix", .crypto, .subprocess,
                .systemPackage,
            ]),
        library(
            "BinpkgService",
            [
                "BuildEnvironments", "BinpkgModel", "PackageModel", "Posix", .grdb, .hummingbird, .logging, .nioCore,
                .nioHTTP1,
                .nioHTTPTypes, .nioPosix, .nioSSL, .serviceLifecycle, .unixSignals, .toml, .crypto,
            ], resources: [.embedInCode("HTTP/openapi.json")] + page.map { .embedInCode("Page/\($0)") }),
        program(
            "portmanteau",
            [
                "CommandSupport", "PortageAPI", "DependencyGraph", "GraphDrawing", "TerminalDrawing", "EmergeSession",
                "BinpkgClient", "BinpkgModel", "BinpkgService", "BuildEnvironments", "AgentProtocol", "PortageHook",
                "Posix",
                "PythonBridge", "EbuildRepository", "Overlays", "ReleaseEbuilds", "SuiteVersion", .argumentParser,
            ]),

        // Tests. `Testbed` makes throw-away machines with a real Portage; tests, demo and bench share it.
        .target(
            name: "Testbed", dependencies: ["PortageAPI", "Posix", "PythonBridge", .subprocess, .systemPackage],
            path: "Tests/Testbed",
            exclude: [
                "Fixtures", "Releases", "enter", "make-template", "pack-root", "release-server", "resolver-graph.py",
                "setup",
            ],
            swiftSettings: settings),
        program("testbed", ["Testbed", "Posix", .argumentParser], path: "Tests/TestbedCommand"),
        program(
            "bench",
            [
                "BinpkgModel", "BinpkgService", "BuildEnvironments", "DependencyGraph", "GraphDrawing", "PortageAPI",
                "TerminalDrawing", "Testbed", "Posix", "trial-binpkgd", .argumentParser, .nioCore, .nioPosix,
                .subprocess, .systemPackage,
            ], path: "Benchmarks"),
        // The service with a builder of a few lines, for the test that kills it.
        program(
            "trial-binpkgd",
            ["BinpkgModel", "BinpkgService", "BuildEnvironments", "Posix", .subprocess, .systemPackage],
            path: "Tests/TrialService"),
        tests("Posix"),
        tests("PackageModel", exclude: ["Fixtures"]),
        tests("DependencyGraph", settings: optimised),
        tests("TerminalDrawing"),
        tests(
            "GraphDrawing", ["DependencyGraph", "TerminalDrawing"], exclude: ["Goldens"], settings: optimised),
        tests("AgentProtocol", ["Posix"]),
        tests("PortageHook"),
        tests("DistccBackoff", ["Posix"]),
        tests("PythonBridge"),
        tests("PortageAPI"),
        tests("CommandSupport"),
        tests("Fetching", ["Posix", .crypto, .nioCore, .nioPosix]),
        tests("EbuildRepository", ["Posix"]),
        tests("Overlays", ["EbuildRepository", "PackageModel", "PortageAPI", "Posix"]),
        tests(
            "ReleaseEbuilds", ["PackageModel", "PortageAPI", "Posix", .subprocess, .systemPackage],
            exclude: ["Fixtures"]),
        tests("EmergeSession", ["Posix"]),
        tests("BinpkgModel", ["Posix"]),
        tests(
            "BinpkgClient",
            ["AgentProtocol", "BinpkgModel", "Fetching", "PortageAPI", "PythonBridge", "Posix", .nioCore, .nioPosix]),
        tests(
            "BinpkgService",
            [
                "BinpkgClient", "BinpkgModel", "BuildEnvironments", "Fetching", "Posix", "trial-binpkgd", .grdb,
                .hummingbird,
                .hummingbirdTesting, .logging, .nioCore, .nioPosix, .subprocess, .systemPackage,
            ], exclude: ["openapi-check.py"]),
        tests("BuildEnvironments", ["BinpkgModel", "PackageModel", "Posix", "Sandbox"]),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "Testbed", "Posix", "DependencyGraph", "BinpkgModel", "BinpkgClient", "Overlays", "PortageAPI",
                "PythonBridge", .nioCore,
                .nioPosix, .subprocess, .systemPackage,
            ],
            swiftSettings: settings),
    ]
)
