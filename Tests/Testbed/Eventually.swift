/// Looks again and again until something is so.
///
/// - Parameters:
///   - limit: how long to look.
///   - pause: between two looks.
/// - Returns: whether it became so.
public func eventually(
    within limit: Duration = .seconds(60), every pause: Duration = .milliseconds(10),
    _ isSo: () async throws -> Bool
) async throws -> Bool {
    let end = ContinuousClock.now + limit
    while try await !isSo() {
        guard ContinuousClock.now < end else { return false }
        try await Task.sleep(for: pause)
    }
    return true
}
