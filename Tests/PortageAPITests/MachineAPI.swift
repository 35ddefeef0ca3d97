import PortageAPI
import Testbed

extension Machine {
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
