public import BinpkgModel

/// Questions to a service that make it build nothing and fetch nothing.
public enum ServiceLookup {
    /// What a service has for a request.
    ///
    /// - Parameters:
    ///   - service: its address.
    ///   - prefix: EPREFIX.
    public static func answer(
        for request: BuildRequest, service: String, prefix: String
    ) async throws(StageFailure) -> RequestAnswer {
        let client = try await ServiceClient.reach(service, paths: ClientPaths(prefix: prefix))
        do {
            return try await client.ask(request, build: false)
        } catch {
            throw StageFailure(error)
        }
    }
}
