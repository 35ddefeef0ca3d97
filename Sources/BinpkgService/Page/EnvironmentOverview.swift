import BinpkgModel
public import BuildEnvironments
internal import Posix

/// A configured environment, and what is kept over its root.
public struct EnvironmentOverview: Encodable, Sendable {
    /// A kept layer.
    public struct Layer: Encodable, Sendable {
        /// ``BuildEnvironments/Layer/id``.
        public let id: String
        /// The layer below; nil when the root is.
        public let parent: String?
        /// The CPV of what was installed for it.
        public let installed: [String]
        /// What it takes on disk.
        public let bytes: Int
        /// How many builds used it.
        public let uses: Int
        /// The last use, in seconds since 1970.
        public let lastUse: Double
        /// Whether a build uses it now.
        public let isInUse: Bool
    }

    /// The name in the configuration.
    public let name: String
    /// Where the root comes from, for people.
    public let source: String
    /// EPREFIX in it.
    public let eprefix: String
    /// What is kept over it, the last used first.
    public let layers: [Layer]

    /// All environments of a service.
    public static func all(_ environments: [BuildEnvironment], stateDirectory: String) -> [Self] {
        let store = LayerStore(stateDirectory: stateDirectory)
        let layers = store.layers()
        return environments.map { environment in
            Self(
                name: environment.name, source: environment.root.source, eprefix: environment.eprefix,
                layers: layers.filter { $0.environment == environment.name }.map { layer in
                    let use = store.use(of: layer.id)
                    return Layer(
                        id: layer.id, parent: layer.parent, installed: layer.installed.map(\.cpv), bytes: layer.bytes,
                        uses: use.count, lastUse: use.last, isInUse: store.isInUse(layer.id))
                }.sorted { ($0.lastUse, $0.id) > ($1.lastUse, $1.id) })
        }
    }
}
