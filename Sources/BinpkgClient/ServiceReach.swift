extension ServiceClient {
    /// The service at an address, with this machine's token, if it answers.
    ///
    /// - Parameters:
    ///   - answerTimeout: milliseconds within which a service that is there answers.
    ///   - trialTime: milliseconds within which it has to answer a request; nil: the usual ones.
    static func reach(
        _ url: String, paths: ClientPaths, answerTimeout: Int = ServiceClient.usualAnswerTimeout,
        trialTime: Int? = nil
    ) async throws(StageFailure) -> ServiceClient {
        do {
            var client = try ServiceClient(
                url: url, token: try paths.readToken(), answerTimeout: answerTimeout, fetcher: try paths.fetcher())
            try await client.checkPresence()
            client.trialTime = trialTime
            return client
        } catch {
            throw StageFailure(error)
        }
    }
}
