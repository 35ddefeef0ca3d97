/// What a dependency means for the order of merges; drawn as the style of its line.
public enum EdgeKind: Int, Sendable, Hashable, CaseIterable, Comparable {
    /// DEPEND or BDEPEND: it must be there before the build begins.
    case build
    /// RDEPEND or IDEPEND: it must be there before the package is used.
    case run
    /// PDEPEND: it may come later.
    case post
    /// One of several alternatives, and the choice is not known.
    case maybe

    /// The kind of an edge; of several the one that binds most.
    public init(_ kinds: DependencyKinds, maybe: Bool) {
        switch kinds.strength {
        case _ where maybe: self = .maybe
        case 3: self = .build
        case 2: self = .run
        default: self = .post
        }
    }

    /// The most binding one is the least.
    public static func < (left: EdgeKind, right: EdgeKind) -> Bool { left.rawValue < right.rawValue }
}
