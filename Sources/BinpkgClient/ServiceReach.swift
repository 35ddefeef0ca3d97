extension ServiceClient {
    /// The service at an address, with this machine's token, if it answers.
    ///
    /// - Parameter answerTimeout: milliseconds within which a service that is there answers.
    static func reach(
        _ url: String, paths: ClientPaths, answerTimeout: Int = ServiceClient.usualAnswerTimeout
    ) async throws(StageFailure) -> ServiceClient {
        do {
            let client = try ServiceClient(
                url: url, token: try paths.readToken(), answerTimeout: answerTimeout, fetcher: try paths.fetcher())
            try await client.checkPresence()
            return client
        } catch {
            throw StageFailure(error)
        }
    }
}
