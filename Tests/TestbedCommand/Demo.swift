import ArgumentParser
import Dispatch
import Glibc
import Posix
import Testbed

/// The main job, with real programs, told so that somebody who sees it for the first time can follow.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the suite at work on throw-away machines.")

    func run() async throws {
        let story = DemoStory(testbed: try await Testbed.shared())
        let telling = Task { try await story.tell() }
        // Ctrl-C ends the story where it is; what it started ends with it.
        let signals = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { telling.cancel() }
            source.resume()
            return source
        }
        let result = await telling.result
        await story.end()
        signals.forEach { $0.cancel() }
        if telling.isCancelled { throw ExitCode(128 + SIGINT) }
        try result.get()
    }
}

/// The acts of the demo and the machines that they play on.
struct DemoStory {
    let testbed: Testbed
    private static let package = "app-demo/orchestra"
    private static let machineNames = ["demo-service", "demo-a", "demo-b", "demo-bare", "demo-desk"]

    init(testbed: Testbed) { self.testbed = testbed }

    func tell() async throws {
        title("Three throw-away Gentoo machines with the real Portage: a service, A and B.")
        let builder = try await machine("demo-service", enable: false)
        let service = try await builder.startService()
        let a = try await machine("demo-a")
        let b = try await machine("demo-b")
        for client in [a, b] {
            try client.useService(service.url, settings: "BINPKG_POLICY=wait:5m\nDEPGRAPH_SIZE=80x14")
        }
        say("The service listens on \(service.url).")

        title(
            """
            1. Machine A: emerge \(Self.package)
            The service has nothing yet. It builds each package; A waits, and installs what the
            service built. Before each package the hook draws it: what it needs, what waits for it.
            """)
        let first = try await emerge(a, Self.package, log: "demo-1.log")

        title("2. Machine B: the same command. Now the service has everything.")
        let second = try await emerge(b, Self.package, log: "demo-2.log")
        say(
            "Machine B compiled nothing: \(second.served) of \(second.packages) packages came from the service, in "
                + "\(second.seconds) s. With the builds, machine A needed \(first.seconds) s.")

        try await withoutCompiler(service)

        title(
            """
            3. The service is stopped. Machine B: emerge app-demo/hello
            Nobody answers: the package is built here, and one line says so.
            """)
        try await service.stop()
        _ = try await emerge(b, "app-demo/hello", log: "demo-3.log")

        try b.write("etc/portmanteau/hooks.conf", "DEPGRAPH_SIZE=80x14\n")
        try await overlayman(b)
        try await fastReleases(b)
        try await buildOnTheAskingRoot(builder)
        say("Done. Nothing runs any more. All that the demo wrote is below \(testbed.root); `make clean` removes it.")
    }

    /// Stops what still runs and removes the machines.
    func end() async {
        for name in Self.machineNames { try? await testbed.existingMachine(name).remove() }
    }

    func machine(_ name: String, enable: Bool = true) async throws -> Machine {
        let machine = try await testbed.machine(name)
        try await machine.installPortmanteau(enable: enable)
        return machine
    }

    /// Runs a real emerge and shows what Portmanteau and emerge's own headings say; the compiler's output stays in a
    /// file.
    func emerge(_ machine: Machine, _ atom: String, log: String) async throws -> Act {
        say("# emerge --quiet-build=n \(atom)")
        let output = try await machine.emerge(
            ["--quiet-build=n", atom], environment: ["COLUMNS": "80"], timeout: .seconds(1800))
        let log = "\(testbed.root)/\(log)"
        try Files.replace(log, with: Array(output.text.utf8))
        let lines = output.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for line in lines where DemoFilter.isShown(line) { print(line) }
        guard output.succeeded else { throw DemoError(description: "emerge failed; its output is in \(log)") }
        say("(The whole output of this emerge, the compiler's included, is in \(log).)")
        return Act(seconds: output.duration.inSeconds, lines: lines)
    }

    func title(_ text: String) {
        let rule = String(repeating: "═", count: 86)
        print("\n\(rule)\n\(text)\n\(rule)")
    }

    func say(_ text: String) { print("\n\(text)") }
}

/// What one emerge of the demo printed and how long it took.
struct Act {
    let seconds: Int
    let lines: [String]

    /// Packages that were merged.
    var packages: Int { lines.filter { $0.hasPrefix(">>> Completed (") }.count }
    /// Packages that the service provided.
    var served: Int { lines.filter { $0.hasPrefix("portmanteau:") && $0.contains("binary package from") }.count }
}

/// Which lines of an emerge the demo shows.
private enum DemoFilter {
    private static let glyphs = Set("┌┐└┘├┤┬┴┼─│┏┓┗┛━┃┯┷╎╌▼▲")
    private static let labels = ["[✔ ", "[▶ ", "[▷ ", "[· ", "[✘ ", "[○ ", "[+"]

    static func isShown(_ line: String) -> Bool {
        line.hasPrefix("portmanteau:") || line.hasPrefix(">>> Emerging") || line.hasPrefix(">>> Completed (")
            || line.contains { glyphs.contains($0) } || labels.contains { line.contains($0) } || isTitle(line)
    }

    /// The first line of a graph: `3 of 9  category/name-1.0 …`.
    private static func isTitle(_ line: String) -> Bool {
        let words = line.split(separator: " ", maxSplits: 3)
        return words.count >= 4 && Int(words[0]) != nil && words[1] == "of" && Int(words[2]) != nil
    }
}

extension Duration {
    /// Whole seconds, rounded.
    fileprivate var inSeconds: Int {
        Int(components.seconds) + (components.attoseconds >= 500_000_000_000_000_000 ? 1 : 0)
    }
}

/// What ended the demo.
struct DemoError: Error, CustomStringConvertible {
    let description: String
}
