public import BinpkgModel

/// Every byte that a request sends, for the person whose machine it leaves.
public struct SentBytes: Sendable {
    /// A file that the service may ask for.
    public struct File: Sendable {
        /// What it is.
        public let item: ContentItem
        /// Its bytes.
        public let bytes: [UInt8]
    }

    /// The lines of the head, as `POST` sends it; the token is only named.
    public let head: [String]
    /// The body, byte for byte.
    public let body: [UInt8]
    /// The files that follow if the service does not have them.
    public let files: [File]

    /// What asking for a package sends.
    ///
    /// - Parameters:
    ///   - service: its address.
    ///   - hasToken: whether this machine has a token for it.
    public init(_ prepared: PreparedRequest, service: String, hasToken: Bool) throws(ServiceError) {
        body = try ServiceClient.encode(prepared.request)
        head =
            ["POST \(service)/v1/requests", "Content-Type: application/json", "Content-Length: \(body.count)"]
            + (hasToken ? ["Authorization: Bearer (the token of etc/portmanteau/token)"] : [])
        // An eclass of several ebuilds is sent once.
        var seen: Set<String> = []
        files = prepared.request.allContent.filter { seen.insert($0.sha256).inserted }
            .map { File(item: $0, bytes: prepared.content[$0.sha256] ?? []) }
    }
}
