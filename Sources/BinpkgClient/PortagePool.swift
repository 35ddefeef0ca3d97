public import AgentProtocol
public import PortageAPI
import PythonBridge

/// Interpreters that have read Portage's configuration already, for each configuration and root.
///
/// Portage itself looks again at the ebuilds and at the installed database whenever it is asked. What it keeps is its
/// configuration, with profiles, masks and eclasses: before each use the child compares all files of these with what
/// they were when it read them, and is replaced when one of them changed.
public actor PortagePool {
    /// A configuration: the interpreter and its whole environment.
    struct Key: Hashable, Sendable {
        let interpreter: String
        let environment: [String: String]
    }

    private final class Child: Sendable {
        let transport: any PythonTransport
        /// What its configuration was when it read it; empty: unknown.
        let stamp: String

        init(transport: any PythonTransport, stamp: String) {
            self.transport = transport
            self.stamp = stamp
        }
    }

    private let start: @Sendable (Key) -> any PythonTransport
    private var idle: [Key: [(child: Child, use: Int)]] = [:]
    private var uses = 0

    /// Children that are kept for one configuration, and configurations that are kept.
    private static let kept = 2
    private static let configurations = 4
    /// Seconds after which a child that nobody needs ends.
    private static let idleSeconds = 600

    /// A pool of child processes.
    public init() {
        self.init { key in
            ChildPython(.init(interpreter: key.interpreter, environment: key.environment, timeLimit: .seconds(3600)))
        }
    }

    init(start: @escaping @Sendable (Key) -> any PythonTransport) { self.start = start }

    /// Portage as a phase has it.
    ///
    /// - Parameters:
    ///   - setup: what the phase says of its roots.
    ///   - prefix: EPREFIX.
    ///   - python: the Python that runs emerge, where it is known.
    public nonisolated func portage(
        for setup: SetupRequest, prefix: String, python: String?
    ) async throws(PortageError) -> PortageAPI {
        var environment: [String: String] = [:]
        for variable in HelperEnvironment.make(for: setup, prefix: prefix, python: python) {
            let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { environment[String(parts[0])] = String(parts[1]) }
        }
        do {
            let interpreter = try await Interpreter.choose(environment: environment)
            return PortageAPI(
                transport: Pooled(pool: self, key: Key(interpreter: interpreter, environment: environment)))
        } catch {
            throw .python(error)
        }
    }

    /// The members of the pool as one interpreter.
    private struct Pooled: PythonTransport {
        let pool: PortagePool
        let key: Key

        func call(_ function: String, _ argument: [UInt8]) async throws(PythonError) -> [UInt8] {
            try await pool.call(key, function, argument)
        }

        func close() async {}
    }

    func call(_ key: Key, _ function: String, _ argument: [UInt8]) async throws(PythonError) -> [UInt8] {
        let child = try await take(key)
        do throws(PythonError) {
            let reply = try await child.transport.call(function, argument)
            giveBack(child, key)
            return reply
        } catch {
            end(child)
            throw error
        }
    }

    /// A child whose configuration is the present one.
    private func take(_ key: Key) async throws(PythonError) -> Child {
        while let child = idle[key]?.popLast()?.child {
            if !child.stamp.isEmpty, let stamp = try? await Self.stamp(of: child.transport), stamp == child.stamp {
                return child
            }
            end(child)
        }
        let transport = start(key)
        return Child(transport: transport, stamp: try await Self.stamp(of: transport))
    }

    private static func stamp(of transport: any PythonTransport) async throws(PythonError) -> String {
        String(
            decoding: try await transport.call("settings_stamp", Array("{}".utf8)).filter { $0 != 0x22 }, as: UTF8.self)
    }

    private func giveBack(_ child: Child, _ key: Key) {
        guard !child.stamp.isEmpty, idle[key, default: []].count < Self.kept,
            idle[key] != nil || idle.count < Self.configurations
        else {
            end(child)
            return
        }
        uses += 1
        let use = uses
        idle[key, default: []].append((child, use))
        Task {
            try? await Task.sleep(for: .seconds(Self.idleSeconds))
            retire(use, key)
        }
    }

    /// Ends a child that was not used since.
    private func retire(_ use: Int, _ key: Key) {
        guard let index = idle[key]?.firstIndex(where: { $0.use == use }) else { return }
        if let child = idle[key]?.remove(at: index).child { end(child) }
        if idle[key]?.isEmpty == true { idle[key] = nil }
    }

    private nonisolated func end(_ child: Child) {
        Task { await child.transport.close() }
    }
}
