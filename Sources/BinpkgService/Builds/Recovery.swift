internal import BinpkgModel
internal import BuildEnvironments
internal import Logging
internal import Posix

/// Beginning where an earlier service ended, however it ended.
extension BuildService {
    /// Ends what may be left of its builds, removes what it did not finish, and queues again what it was building. Nobody
    /// else may use the state directory.
    ///
    /// A package is published in this order: file synced, file renamed, store written. So a file without a row is from a
    /// build that counts as not done, and goes; a row without a file is from outside, and is forgotten.
    func recover() async throws(ServiceError) {
        let state = configuration.stateDirectory
        do {
            let workspaces = try Files.list(state + "/builds").map { "\(state)/builds/\($0)" }
            try await engine.endLeftovers(workspaces)
            for path in workspaces { try Files.removeTree(path) }
            let known = try await store.artifactNames()
            try packages.removeAll(but: known)
            try await store.forget(known.filter { !packages.has($0) })
            let requests = try await store.requestNames()
            for name in try Files.list(state + "/logs") where !requests.contains(String(name.dropLast(4))) {
                try Files.removeTree("\(state)/logs/\(name)")
            }
            try content.removeUnfinished()
        } catch let error as ServiceError {
            throw error
        } catch {
            throw .store(path: state, reason: "\(error)")
        }
        let count = try await store.requeueInterrupted()
        if count > 0 { logger.info("builds are queued again", metadata: ["count": "\(count)"]) }
    }
}
