internal import BinpkgModel
internal import BuildEnvironments
internal import Posix

/// What is said of a request.
extension BuildService {
    /// A package that is what was asked for.
    func hit(_ match: Match, id: String) -> RequestAnswer {
        uses.note(match.artifact.id)
        return RequestAnswer(
            id: id, key: match.artifact.key, state: .ready, accuracy: match.comparison.accuracy,
            artifact: match.artifact.id, differences: match.comparison.differences,
            buildSeconds: match.artifact.seconds)
    }

    /// That nothing is built, and what is closest.
    func declined(
        _ request: BuildRequest, id: String, key: String, _ message: String, missing: [String] = [],
        for trustDomain: String
    ) async throws -> RequestAnswer {
        RequestAnswer(
            id: id, key: key, state: .declined, nearest: try await nearest(request, key: key, trustDomain),
            missing: missing,
            estimateSeconds: try await store.estimate(
                name: PackageNames.name(of: request.cpv) ?? request.cpv, machineKind: request.machineKind),
            message: message)
    }

    /// What is to be said of a request that was made before; nil when it was not, or is another domain's.
    func answer(id: String, trustDomain: String) async throws -> RequestAnswer? {
        guard let (stored, recipe) = try await store.request(id, for: trustDomain) else { return nil }
        return try await answer(stored, for: stored.request(recipe), trustDomain)
    }

    /// The same, but not before the state is final or the time is over.
    func answer(
        id: String, waiting seconds: Double, trustDomain: String
    ) async throws -> RequestAnswer? {
        guard let first = try await answer(id: id, trustDomain: trustDomain) else { return nil }
        if first.state.isFinal || seconds <= 0 { return first }
        let stream = await changes.stream(of: id)
        return try await withThrowingTaskGroup(of: RequestAnswer?.self) { group in
            group.addTask {
                for await _ in stream where try await store.state(id, for: trustDomain)?.isFinal ?? true {
                    return try await answer(id: id, trustDomain: trustDomain)
                }
                return nil
            }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                return nil
            }
            defer { group.cancelAll() }
            if let done = try await group.next(), let done { return done }
            return try await answer(id: id, trustDomain: trustDomain)
        }
    }

    /// What is to be said of a request as it is stored.
    func answer(
        _ stored: StoredRequest, for request: BuildRequest, _ trustDomain: String
    ) async throws -> RequestAnswer {
        let state = RequestState(rawValue: stored.state) ?? .failed
        switch state {
        case .ready:
            guard let artifact = stored.artifact, let found = try await store.artifact(artifact, for: trustDomain),
                packages.has(artifact), let match = try Match.best(of: [found], for: request.vector)
            else {
                return RequestAnswer(
                    id: stored.id, key: stored.key, state: .declined,
                    message: "the package was removed: ask for it again")
            }
            var answer = hit(match, id: stored.id)
            if !answer.satisfies(request.accuracy) {
                let obtained = answer.accuracy?.rawValue ?? "none"
                answer.message = "the accuracy is \(obtained), and \(request.accuracy.rawValue) was asked for"
            }
            return answer
        case .queued, .building:
            let forecast = try await store.forecast(slots: engine.slots)
            return RequestAnswer(
                id: stored.id, key: stored.key, state: state,
                nearest: try await nearest(request, key: stored.key, trustDomain),
                estimateSeconds: try await store.estimate(name: stored.name, machineKind: stored.machineKind),
                position: forecast.positions[stored.id],
                etaSeconds: forecast.etas[stored.id])
        case .failed, .declined:
            return RequestAnswer(
                id: stored.id, key: stored.key, state: state,
                nearest: try await nearest(request, key: stored.key, trustDomain),
                estimateSeconds: try await store.estimate(name: stored.name, machineKind: stored.machineKind),
                message: stored.message)
        }
    }

    /// The closest package that is there: of the same primary key, else of the same name.
    private func nearest(
        _ request: BuildRequest, key: String, _ trustDomain: String
    ) async throws -> NearestPackage? {
        if let match = try store.best(key: key, vector: request.vector, for: trustDomain) {
            return NearestPackage(
                key: key, artifact: match.artifact.id, accuracy: match.comparison.accuracy,
                differences: match.comparison.differences)
        }
        let name = PackageNames.name(of: request.cpv) ?? request.cpv
        return try Match.nearest(of: try await store.relatives(of: key, name: name, for: trustDomain), to: request)
    }

    /// The request whose build wrote the log that belongs to another: its own, or that of the build that it shared.
    func logOwner(_ id: String, trustDomain: String) async throws -> String {
        guard !Files.exists(logPath(id)), let (stored, _) = try await store.request(id, for: trustDomain),
            let artifact = stored.artifact, let found = try await store.artifact(artifact, for: trustDomain)
        else { return id }
        return found.request
    }
}
