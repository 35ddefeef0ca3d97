public import BinpkgModel

/// Whoever can turn a request into a package.
public protocol PackageBuilder: Sendable {
    /// The items of a request that have to be sent because the builder's own repositories do not have them.
    func itemsFromOutside(_ request: BuildRequest) async throws(BuildError) -> [ContentItem]

    /// Builds. The workspace is an empty directory that the caller removes afterwards, the result included.
    ///
    /// - Parameters:
    ///   - bytes: the content of an item that was sent; nil if there is none.
    ///   - log: gets the output as it comes.
    func build(
        _ request: BuildRequest, workspace: String, bytes: @escaping @Sendable (ContentItem) -> [UInt8]?,
        log: @escaping @Sendable ([UInt8]) async -> Void
    ) async throws(BuildError) -> BuildResult
}
