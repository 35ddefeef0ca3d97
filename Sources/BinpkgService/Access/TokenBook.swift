internal import BinpkgModel
internal import GRDB
internal import Posix
internal import Synchronization

/// The tokens as the running service knows them: read again when what it knows is a second old, so that what
/// `binpkgd token` does counts at once.
final class TokenBook: Sendable {
    private struct State {
        var tokens: [String: StoredToken] = [:]
        var read: MonotonicTime?
        var noted: [String: Double] = [:]
    }

    private let store: Store
    private let state = Mutex(State())

    /// Milliseconds for which what was read counts.
    private static let freshness = 1000
    /// Seconds between two notes of a token's use.
    private static let noteInterval = 60.0

    /// The tokens of a store.
    init(store: Store) { self.store = store }

    /// What became of a token that somebody showed.
    enum Verdict: Equatable {
        case caller(Caller)
        case unknown, expired, revoked
    }

    /// Whether there is any token, valid or not.
    func isEmpty() async throws(ServiceError) -> Bool { try await tokens().isEmpty }

    /// Whether a token can be used now.
    func hasValid() async throws(ServiceError) -> Bool {
        let now = Store.now
        return try await tokens().values.contains { $0.revoked == nil && ($0.expires ?? .infinity) > now }
    }

    /// Who has a token. It is found by its hash: how long that takes says nothing about other tokens.
    func verdict(of secret: String) async throws(ServiceError) -> Verdict {
        let hash = ContentHash.sha256(Array(secret.utf8))
        guard let found = try await tokens()[hash] else { return .unknown }
        let now = Store.now
        if found.revoked != nil { return .revoked }
        if let expires = found.expires, expires <= now { return .expired }
        await note(hash, now)
        return .caller(Caller(domain: found.domain, scope: found.token.scope, token: found.name))
    }

    private func tokens() async throws(ServiceError) -> [String: StoredToken] {
        let known = state.withLock { state -> [String: StoredToken]? in
            guard let read = state.read, read.advanced(byMilliseconds: Self.freshness) > .now else { return nil }
            return state.tokens
        }
        if let known { return known }
        let rows = try await store.read { try StoredToken.fetchAll($0) }
        let tokens = Dictionary(rows.map { ($0.hash, $0) }) { first, _ in first }
        state.withLock {
            $0.tokens = tokens
            $0.read = .now
        }
        return tokens
    }

    /// Writes down that a token was used. A store that cannot be written keeps nobody out.
    private func note(_ hash: String, _ now: Double) async {
        let isDue = state.withLock { state in
            guard now - (state.noted[hash] ?? 0) >= Self.noteInterval else { return false }
            state.noted[hash] = now
            return true
        }
        guard isDue else { return }
        try? await store.write { db in
            try db.execute(sql: "UPDATE token SET lastUse = ? WHERE hash = ?", arguments: [now, hash])
        }
    }
}
