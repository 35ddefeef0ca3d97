internal import BinpkgModel

/// A package and how it compares with what a machine asks for.
struct Match: Sendable {
    let artifact: StoredArtifact
    let comparison: DependencyComparison

    /// Whether it is what was asked for.
    func satisfies(_ wish: Accuracy) -> Bool { comparison.accuracy.map { $0 >= wish } ?? false }

    /// The best of the packages of a request's primary key: of the highest class, then with the fewest differences,
    /// then the newest.
    static func best(of artifacts: [StoredArtifact], for vector: DependencyVector) throws -> Match? {
        try artifacts.map { artifact in
            Match(
                artifact: artifact,
                comparison: DependencyComparison(wanted: vector, found: try artifact.dependencies()))
        }.max { $0.isWorse(than: $1) }
    }

    private func isWorse(than other: Match) -> Bool {
        if comparison.accuracy != other.comparison.accuracy {
            guard let own = comparison.accuracy else { return true }
            return other.comparison.accuracy.map { own < $0 } ?? false
        }
        let counts = (comparison.differences.count, other.comparison.differences.count)
        if counts.0 != counts.1 { return counts.0 > counts.1 }
        if artifact.built != other.artifact.built { return artifact.built < other.artifact.built }
        return artifact.id > other.artifact.id
    }

    /// The closest package of another primary key: of the same version, if there is one, with the fewest differences.
    static func nearest(
        of candidates: [(recipe: StoredRecipe, artifact: StoredArtifact)], to request: BuildRequest
    ) throws -> NearestPackage? {
        var best: (comparison: KeyComparison, artifact: StoredArtifact)?
        for candidate in candidates {
            let comparison = KeyComparison(wanted: request, found: try candidate.recipe.request())
            guard let other = best?.comparison else {
                best = (comparison, candidate.artifact)
                continue
            }
            let isCloser =
                comparison.isSamePackage == other.isSamePackage
                ? comparison.differences.count < other.differences.count : comparison.isSamePackage
            if isCloser { best = (comparison, candidate.artifact) }
        }
        return best.map {
            NearestPackage(
                key: $0.artifact.key, artifact: $0.artifact.id, accuracy: nil, differences: $0.comparison.differences)
        }
    }
}
