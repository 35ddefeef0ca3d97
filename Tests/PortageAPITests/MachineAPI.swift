import PortageAPI
import PythonBridge
import Testbed

extension Machine {
    /// Runs a body with questions to this machine's Portage, in a child of its own Python.
    func withPortage<R: Sendable>(
        environment: [String: String] = [:], _ body: (PortageAPI) async throws -> R
    ) async throws -> R {
        let command = invocation([], environment: environment)
        let child = ChildPython(
            .init(
                interpreter: prefix + "/bin/python3", prefix: [command.path] + command.arguments,
                environment: command.environment, timeLimit: .seconds(120)))
        do {
            let result = try await body(PortageAPI(transport: child))
            await child.close()
            return result
        } catch {
            await child.close()
            throw error
        }
    }

    /// Writes mtimedb as an emerge that has these packages before it, and returns its text.
    @discardableResult
    func writeMergeList(_ cpvs: [String], type: String = "ebuild") throws -> String {
        let lines = cpvs.map { "[\"\(type)\", \"\(prefix)/\", \"\($0)\", \"merge\"]" }.joined(separator: ", ")
        let text = "{\"resume\": {\"favorites\": [], \"mergelist\": [\(lines)], \"myopts\": {}}, \"version\": \"3\"}"
        try write("var/cache/edb/mtimedb", text)
        return text
    }
}

extension DependencyReport {
    /// The edges as `from > to KIND KIND?`, with names without version.
    var lines: [String] {
        func name(_ index: Int) -> String {
            let pf = nodes[index].cpv.split(separator: "/")[1]
            return String(pf[..<(pf.lastIndex(of: "-") ?? pf.endIndex)])
        }
        return edges.map { edge in
            let kinds = edge.kinds.map(\.rawValue).joined(separator: " ")
            return "\(name(edge.from)) > \(name(edge.to)) \(kinds)\(edge.maybe ? "?" : "")"
        }
    }
}
