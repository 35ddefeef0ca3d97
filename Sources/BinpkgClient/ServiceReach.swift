import Posix

extension ServiceClient {
    /// The service at an address, with this machine's token, if it answers.
    ///
    /// - Parameter answerTimeout: milliseconds within which a service that is there answers.
    static func reach(
        _ url: String, paths: ClientPaths, answerTimeout: Int = ServiceClient.usualAnswerTimeout
    ) async throws(StageFailure) -> ServiceClient {
        let token: String?
        do {
            token = try paths.readToken()
        } catch {
            throw .broken(error.description)
        }
        do {
            let client = try ServiceClient(url: url, token: token, answerTimeout: answerTimeout)
            try await client.checkPresence()
            return client
        } catch {
            throw StageFailure(error)
        }
    }
}
