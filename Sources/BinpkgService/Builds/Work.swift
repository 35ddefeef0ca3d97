internal import BinpkgModel
internal import BuildEnvironments
internal import Logging
internal import Posix

/// Building what is queued.
extension BuildService {
    /// Builds what is queued, one after the other, until the task is cancelled. As many of these run as the engine has
    /// slots.
    func work() async {
        let stream = await changes.stream(of: Self.queueName)
        for await _ in stream {
            while !Task.isCancelled {
                do {
                    guard let (stored, recipe) = try await store.takeNext() else { break }
                    await changes.tell(stored.id)
                    await running.run(stored.id) { await run(stored, recipe) }
                    // What waited for this one, because it is of the same key, may be taken now.
                    await changes.tell(Self.queueName)
                } catch {
                    logger.error("the store failed", metadata: ["error": "\(error)"])
                    break
                }
            }
            if Task.isCancelled { return }
        }
    }

    /// Runs one build and stores what became of it.
    private func run(_ stored: StoredRequest, _ recipe: StoredRecipe) async {
        let id = stored.id
        let workspace = "\(configuration.stateDirectory)/builds/\(id)"
        let log = BuildLog(path: logPath(id), limit: configuration.logBytes) { [changes] in await changes.tell(id) }
        logger.info("building", metadata: ["package": "\(stored.name)", "id": "\(id)"])
        var ending: Ending
        do {
            try Files.removeTree(workspace)
            try Files.makeDirectories(workspace)
            let request = try stored.request(recipe)
            let sent = try await store.content(request.allContent.map(\.sha256), sentBy: stored.trustDomain)
            let job = EngineJob(
                id: id, request: request, trustDomain: stored.trustDomain, workspace: workspace,
                bytes: { [content] in sent.contains($0.sha256) ? content.bytes($0.sha256) : nil },
                stored: { await reusable($0, for: stored.trustDomain) }, log: { await log.append($0) })
            let result = try await engine.run(job)
            if let signing = configuration.signing {
                try await publisher.sign(result.package, home: signing.home, key: signing.key)
            }
            // What is for everybody is built with nothing that belongs to somebody.
            guard result.trustDomain == nil || result.trustDomain == stored.trustDomain else {
                throw BuildError.failed(reason: "its environment is of another trust domain")
            }
            let vector = result.vector
            let sha256 = try FileHash.sha256(ofFile: result.package)
            let artifact = StoredArtifact(
                id: ArtifactName.id(
                    key: stored.key, vector: vector.identity, sha256: sha256, domain: stored.trustDomain),
                key: stored.key,
                name: stored.name, vector: try JSONColumn.text(vector), sha256: sha256,
                size: Files.status(result.package)?.size ?? 0, seconds: result.seconds, built: Store.now, request: id,
                trustDomain: stored.trustDomain, environment: result.isTargets ? nil : result.environment)
            try packages.take(result.package, as: artifact.id)
            ending = .package(artifact, environment: result.environment)
        } catch BuildError.cancelled {
            ending = .other(.queued, nil)
        } catch BuildError.declined(let reason) {
            ending = .other(.declined, reason)
        } catch {
            ending = Task.isCancelled ? .other(.queued, nil) : .other(.failed, "\(error)")
        }
        if case .other(let state, let message?) = ending {
            await log.append(Array("== \(state.rawValue): \(message)\n".utf8))
        }
        await log.finish()
        // This is written in any case, also when the task was cancelled.
        let last = ending
        let told = await Task.detached {
            guard case .other(.queued, _) = last, await running.isWithdrawn(id) else {
                return await end(id, last, workspace: workspace)
            }
            return await endWithdrawn(id, workspace: workspace)
        }.value
        for id in told { await changes.tell(id) }
    }

    /// Ends a build that was stopped because nobody waits for it.
    private func endWithdrawn(_ id: String, workspace: String) async -> [String] {
        do {
            try await store.endWithdrawn(id)
            try Files.removeTree(workspace)
            logger.info("stopped: nobody waits for it", metadata: ["id": "\(id)"])
        } catch {
            logger.error("cannot finish a build", metadata: ["id": "\(id)", "error": "\(error)"])
        }
        return [id]
    }

    /// A package that was built before, and is just what a builder would make.
    private func reusable(_ question: StoredPackageQuestion, for trustDomain: String?) async -> StoredPackage? {
        let known = try? store.best(key: question.key, vector: question.vector, for: trustDomain)
        guard let match = known, match.satisfies(.exact), packages.has(match.artifact.id) else { return nil }
        return StoredPackage(path: packages.path(match.artifact.id), trustDomain: match.artifact.trustDomain)
    }

    private enum Ending: Sendable {
        case package(StoredArtifact, environment: String)
        case other(RequestState, String?)
    }

    /// Stores an ending. Returns the requests whose state it changed.
    private func end(_ id: String, _ ending: Ending, workspace: String) async -> [String] {
        var told = [id]
        do {
            switch ending {
            case .package(let artifact, let environment):
                told += try await store.publish(artifact, for: id, environment: environment)
                logger.info("built", metadata: ["package": "\(artifact.name)", "id": "\(id)"])
                await changes.tell(Self.publishingName)
            case .other(let state, let message):
                try await store.end(id, state, message: message)
                logger.info("ended", metadata: ["id": "\(id)", "state": "\(state.rawValue)"])
            }
            try Files.removeTree(workspace)
        } catch {
            logger.error("cannot finish a build", metadata: ["id": "\(id)", "error": "\(error)"])
        }
        return told
    }
}
