import BinpkgModel
import Posix

/// Takes a plan back: what nobody else waits for is not built.
public struct PlanCancelling: Sendable {
    /// How many builds of the plan had which end.
    public struct Counts: Equatable, Sendable {
        /// Left the queue, or were stopped.
        public var cancelled = 0
        /// Go on, since others wait for them.
        public var wanted = 0
    }

    private let paths: ClientPaths
    private let directory: PlanDirectory
    private let answerTimeout: Int

    /// For the plans of this machine.
    ///
    /// - Parameters:
    ///   - prefix: EPREFIX.
    ///   - answerTimeout: milliseconds within which a service that is there answers.
    public init(prefix: String, answerTimeout: Int = ServiceClient.usualAnswerTimeout) {
        paths = ClientPaths(prefix: prefix)
        directory = PlanDirectory(prefix: prefix)
        self.answerTimeout = answerTimeout
    }

    /// Takes every request of a plan back that is not finished, and forgets the plan.
    public func cancel(_ plan: Plan) async throws(StageFailure) -> Counts {
        guard let lock = try directory.lock(plan.id) else {
            throw .temporary("another program works with plan \(plan.id): press c there, or end it first")
        }
        let client = try await ServiceClient.reach(plan.service, paths: paths, answerTimeout: answerTimeout)
        var counts = Counts()
        for package in plan.packages where package.isOpen {
            guard let id = package.answer?.id else { continue }
            do throws(ServiceError) {
                switch try await client.withdraw(id, plan: plan.id)?.outcome {
                case .cancelled: counts.cancelled += 1
                case .wanted: counts.wanted += 1
                case .finished, nil: break
                }
            } catch {
                throw StageFailure(error)
            }
        }
        try directory.remove(plan.id)
        withExtendedLifetime(lock) {}
        return counts
    }
}
