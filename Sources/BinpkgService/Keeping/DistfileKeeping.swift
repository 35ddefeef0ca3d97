internal import BuildEnvironments
internal import Posix

/// The distfiles of trust domains, as far as keeping them is concerned.
extension StoreKeeper {
    /// All of them, named by domain and file, with those that a build may be using told apart.
    ///
    /// - Parameter busy: the trust domains of requests that wait or are being built.
    func distfiles(busy: Set<String>) throws(PosixError) -> [(item: GarbagePlan.Item, isNeeded: Bool)] {
        let directory = "\(state)/\(OwnDistfiles.place)"
        guard Files.exists(directory) else { return [] }
        let needed = Set(busy.map(OwnDistfiles.name))
        var result: [(GarbagePlan.Item, Bool)] = []
        for domain in try Files.list(directory) where Files.status("\(directory)/\(domain)")?.isDirectory == true {
            for file in try Files.list("\(directory)/\(domain)") {
                guard let status = Files.status("\(directory)/\(domain)/\(file)"), !status.isDirectory else { continue }
                let item = GarbagePlan.Item(
                    kind: .distfile, name: "\(domain)/\(file)", bytes: status.size,
                    lastUse: Double(status.touched) / 1e9)
                result.append((item, needed.contains(domain)))
            }
        }
        return result
    }

    /// When those were used last that no build may be using now.
    func unusedDistfiles() async throws(ServiceError) -> [String: Double] {
        let domains = try await store.keepingFacts().domains
        do {
            return Dictionary(
                try distfiles(busy: domains).filter { !$0.isNeeded }.map { ($0.item.name, $0.item.lastUse) },
                uniquingKeysWith: { $1 })
        } catch {
            throw .store(path: state, reason: "\(error)")
        }
    }

    /// Where a distfile is.
    func place(ofDistfile name: String) -> String { "\(state)/\(OwnDistfiles.place)/\(name)" }
}
