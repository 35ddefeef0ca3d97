import ArgumentParser
import BinpkgModel
import CommandSupport
import FoundationEssentials
import Posix

/// `binpkgd key`: the primary key of a request, what it is made from, and what tells two requests apart.
struct BinpkgdKey: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Prints the primary key of a request.",
        discussion: """
            A request is JSON, as POST /v1/requests takes it; '-' reads it from standard input. With --compare the exit \
            status is 0 if what is compared is the same, and 1 if not.
            """)

    @Flag(help: "Print the canonical forms of request and dependencies; the SHA-256 of the first is the key.")
    var explain = false

    @Option(help: ArgumentHelp("Name what differs from this other request.", valueName: "file.json"))
    var compare: String?

    @Argument(help: ArgumentHelp("A request as JSON.", valueName: "file.json"))
    var file = "-"

    func run(_ context: Context) async throws {
        let request = try Self.read(file)
        guard let compare else {
            context.output(explain ? Self.explanation(request) : request.primaryKey + "\n")
            return
        }
        let lines = Self.differences(request, try Self.read(compare))
        context.output(lines.map { $0 + "\n" }.joined())
        if !lines.isEmpty { throw ExitCode(ExitStatus.negative.rawValue) }
    }

    private static func read(_ file: String) throws -> BuildRequest {
        do {
            let bytes =
                file == "-"
                ? try Files.readAll(0, path: "standard input", limit: 16 << 20) : try Files.read(file, limit: 16 << 20)
            let request = try JSONDecoder().decode(BuildRequest.self, from: Data(bytes))
            try request.validate()
            return request
        } catch let error as PosixError {
            throw CommandError("\(error)")
        } catch let error as InvalidRequest {
            throw CommandError("\(file.printable): \(error)")
        } catch {
            throw CommandError("\(file.printable) is not a request: \(error)")
        }
    }

    private static func explanation(_ request: BuildRequest) -> String {
        """
        # the canonical form; its SHA-256 is the primary key, \(request.primaryKey)
        \(String(decoding: request.canonicalForm, as: UTF8.self))
        # the dependency vector; its SHA-256 is its identity, \(request.vector.identity)
        \(String(decoding: request.vector.canonicalForm, as: UTF8.self))
        # the name of the request, with accuracy \(request.accuracy.rawValue): \(request.id)

        """
    }

    /// A line for each difference: first those of the key, then those of what is built with, by the first one's wish.
    private static func differences(_ a: BuildRequest, _ b: BuildRequest) -> [String] {
        let dependencies = DependencyComparison(wanted: a.vector, found: b.vector)
        return KeyComparison(wanted: a, found: b).differences.map { "key: \($0)" }
            + dependencies.differences.map { "\(dependencies.accuracy?.rawValue ?? "none"): \($0)" }
    }
}
