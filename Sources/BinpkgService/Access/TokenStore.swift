internal import BinpkgModel
internal import Glibc
internal import GRDB
internal import Posix

/// A token as it is kept: everything but the token itself.
public struct Token: Codable, Equatable, Sendable {
    /// Its name, for people and logs.
    public var name: String
    /// The trust domain of who has it.
    public var domain: String
    /// What it allows.
    public var scope: TokenScope
    /// Seconds since 1970 when it was made.
    public var created: Double
    /// Seconds since 1970 when it ends; nil: never.
    public var expires: Double?
    /// Seconds since 1970 when it was last used, to the minute; nil: not yet.
    public var lastUse: Double?
    /// Seconds since 1970 when it was revoked; nil: it is not.
    public var revoked: Double?
}

/// The row of a token.
struct StoredToken: Codable, Equatable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "token"

    /// SHA-256 of the token, in hexadecimal.
    var hash: String
    var name: String
    var domain: String
    var scope: String
    var created: Double
    var expires: Double?
    var lastUse: Double?
    var revoked: Double?

    /// What may be told of it.
    var token: Token {
        // There was a third scope, which included the others.
        let known = TokenScope(rawValue: scope) ?? (scope == "admin" ? .request : .read)
        return Token(
            name: name, domain: domain, scope: known, created: created, expires: expires, lastUse: lastUse,
            revoked: revoked)
    }

    /// The migration that makes its table.
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("tokens") { db in
            try db.create(table: databaseTableName) { table in
                table.primaryKey("hash", .text)
                table.column("name", .text).notNull().unique()
                table.column("domain", .text).notNull()
                table.column("scope", .text).notNull()
                table.column("created", .double).notNull()
                table.column("expires", .double)
                table.column("lastUse", .double)
                table.column("revoked", .double)
            }
        }
    }
}

/// The tokens of a service, as the administrator sees them; also while the service runs.
public struct TokenStore: Sendable {
    /// Why a token was not made.
    public enum Refusal: Error, Equatable, CustomStringConvertible {
        /// There is one of that name, perhaps a revoked one.
        case nameIsTaken(String)
        /// The name has other characters than letters, digits and `_.-`.
        case badName(String)

        /// A line for people.
        public var description: String {
            switch self {
            case .nameIsTaken(let name): "there is a token '\(name)' already, or there was one: choose another name"
            case .badName(let name): "'\(name.printable)' has other characters than letters, digits and '_.-'"
            }
        }
    }

    private let store: Store

    /// The tokens in a state directory, which is made when needed.
    public init(stateDirectory: String) throws(ServiceError) {
        do {
            try Files.makeDirectories(stateDirectory, mode: 0o711)
        } catch {
            throw .store(path: stateDirectory, reason: "\(error)")
        }
        store = try Store(path: stateDirectory + "/store.sqlite")
    }

    /// Makes a token and returns it: the only time that it can be seen.
    ///
    /// - Parameter days: after so many days it ends; nil: never.
    public func add(name: String, domain: String, scope: TokenScope, days: Int?) async throws -> String {
        for name in [name, domain] {
            guard Self.isName(name) else { throw Refusal.badName(name) }
        }
        var generator = SystemRandomNumberGenerator()
        let secret = "pmt_" + (0..<4).map { _ in Self.digits(generator.next()) }.joined()
        let now = Store.now
        let stored = StoredToken(
            hash: ContentHash.sha256(Array(secret.utf8)), name: name, domain: domain, scope: scope.rawValue,
            created: now, expires: days.map { now + Double($0) * 86400 })
        let isNew = try await store.write { db in
            guard try StoredToken.filter(Column("name") == name).fetchCount(db) == 0 else { return false }
            try stored.insert(db)
            return true
        }
        guard isNew else { throw Refusal.nameIsTaken(name) }
        return secret
    }

    /// All tokens, by name.
    public func list() async throws(ServiceError) -> [Token] {
        try await store.read { try StoredToken.order(Column("name")).fetchAll($0).map(\.token) }
    }

    /// Ends a token; false when there is none of this name.
    public func revoke(name: String) async throws(ServiceError) -> Bool {
        let now = Store.now
        return try await store.write { db in
            try db.execute(
                sql: "UPDATE token SET revoked = coalesce(revoked, ?) WHERE name = ?", arguments: [now, name])
            return db.changesCount > 0
        }
    }

    private static func digits(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && !text.hasPrefix("-")
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "_.-".utf8.contains($0)
            }
    }
}
