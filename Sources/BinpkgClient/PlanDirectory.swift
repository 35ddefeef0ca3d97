import FoundationEssentials
import Glibc
import Posix

/// The plans of this machine that were sent to a service: a directory for each, with the plan, and its packages as a
/// directory that Portage can take for PKGDIR.
public struct PlanDirectory: Sendable {
    private let root: String
    /// How long a plan is kept that nobody asks for any more, in seconds.
    private static let keptTime = 14 * 86_400

    /// The plans below a prefix.
    public init(prefix: String) { root = ClientPaths(prefix: prefix).plans }

    /// The directory of a plan.
    func path(_ id: String) -> String { "\(root)/\(id)" }
    /// Its packages.
    public func packages(_ id: String) -> String { path(id) + "/packages" }
    /// Packages on their way.
    func incoming(_ id: String) -> String { path(id) + "/incoming" }

    /// Writes a plan, and makes its directories.
    public func save(_ plan: Plan) throws(StageFailure) {
        do {
            for directory in [packages(plan.id), incoming(plan.id)] { try Files.makeDirectories(directory) }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try Files.replace(path(plan.id) + "/plan.json", with: Array(encoder.encode(plan)), mode: 0o600)
        } catch {
            throw .broken("the plan cannot be kept: \(error)")
        }
    }

    /// A plan by its name.
    public func load(_ id: String) throws(StageFailure) -> Plan {
        let isName = !id.isEmpty && id.utf8.count <= 32 && id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
        guard isName, Files.exists(path(id)) else {
            throw .negative("there is no plan '\(id.printable)': see 'binpkg plans'")
        }
        do {
            let bytes = try Files.read(path(id) + "/plan.json")
            let plan = try JSONDecoder().decode(Plan.self, from: Data(bytes))
            guard plan.id == id else { throw StageFailure.broken("it is the plan \(plan.id.printable)") }
            return plan
        } catch {
            throw .broken("the plan in \(path(id)) cannot be read: \(error)")
        }
    }

    /// All plans, the newest first. What cannot be read is left out.
    public func all() -> [Plan] {
        let names = (try? Files.list(root)) ?? []
        return names.compactMap { try? load($0) }.sorted { ($0.created, $0.id) > ($1.created, $1.id) }
    }

    /// Forgets a plan and its packages.
    public func remove(_ id: String) throws(StageFailure) {
        do {
            try Files.removeTree(path(id))
        } catch {
            throw .broken(error.description)
        }
    }

    /// Forgets plans that were made long ago.
    public func sweep(now: Int) {
        for plan in all() where plan.created + Self.keptTime < now { try? remove(plan.id) }
    }

    /// Whether a plan's packages have others among them than these.
    public func hasOthers(_ id: String, than known: [String]) -> Bool {
        let root = packages(id)
        func list(_ path: String) -> [String] { (try? Files.list(path)) ?? [] }
        let found = list(root).flatMap { category in
            list("\(root)/\(category)").flatMap { name in
                list("\(root)/\(category)/\(name)").map { "\(category)/\(name)/\($0)" }
            }
        }
        return !Set(found.filter { $0.hasSuffix(".gpkg.tar") }).subtracting(known).isEmpty
    }

    /// A lock on a plan as long as a program works with it; nil when another does.
    func lock(_ id: String) throws(StageFailure) -> FileLock? {
        do {
            try Files.makeDirectories(path(id))
            return try FileLock(tryingPath: path(id) + "/lock")
        } catch {
            throw .broken(error.description)
        }
    }
}
