import EbuildRepository
internal import Posix

/// Where an overlay comes from.
public struct Overlay: Equatable, Sendable {
    /// How it is had.
    public enum Source: Equatable, Sendable {
        /// A git repository: a URL.
        case git(String)
        /// A directory of this machine.
        case local(String)
    }

    /// The repository's name.
    public let name: String
    /// Where it comes from.
    public let source: Source
    /// The slice's priority among the repositories; nil for Portage's default.
    public let priority: Int?

    /// An overlay of these values.
    public init(name: String, source: Source, priority: Int? = nil) {
        self.name = name
        self.source = source
        self.priority = priority
    }
}

/// `/etc/overlayman/overlays.conf`: sections as in repos.conf, with `sync-type` (`git` or `local`), `sync-uri` and, if
/// wanted, `priority`.
public struct OverlaysConfiguration: Equatable, Sendable {
    /// The overlays by name.
    public let overlays: [String: Overlay]
    /// The file that they were read from.
    public let file: String

    /// Reads the file. What is not there has no overlays.
    public static func read(_ file: String) throws(OverlaysError) -> OverlaysConfiguration {
        guard Files.exists(file) else { return OverlaysConfiguration(overlays: [:], file: file) }
        let text = try filing { () throws(PosixError) in try Files.readText(file, limit: 1 << 20) }
        return try OverlaysConfiguration(parsing: text, file: file)
    }

    init(overlays: [String: Overlay], file: String) {
        self.overlays = overlays
        self.file = file
    }

    /// Reads the file's text; any line that is not understood is an error.
    public init(parsing text: String, file: String) throws(OverlaysError) {
        var sections: [(name: String, line: Int, values: [String: String])] = []
        for (index, raw) in TextLines.split(text).enumerated() {
            let line = Self.trimmed(raw)
            let place = "\(file):\(index + 1)"
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                let name = String(line.dropFirst().dropLast())
                guard RepositoryNames.isRepository(name), !sections.contains(where: { $0.name == name }) else {
                    throw OverlaysError(.refused, "\(place): '\(name)' is not a repository's name, or was used before")
                }
                sections.append((name, index + 1, [:]))
                continue
            }
            guard let equals = line.firstIndex(of: "="), !sections.isEmpty else {
                throw OverlaysError(.refused, "\(place): expected '[NAME]' or 'KEY = VALUE'")
            }
            let key = Self.trimmed(line[..<equals])
            guard ["sync-type", "sync-uri", "priority"].contains(key) else {
                throw OverlaysError(
                    .refused, "\(place): '\(key)' is not known here", hint: "known are sync-type, sync-uri, priority")
            }
            sections[sections.count - 1].values[key] = Self.trimmed(line[line.index(after: equals)...])
        }
        var overlays: [String: Overlay] = [:]
        for section in sections {
            overlays[section.name] = try Self.overlay(section.name, section.values, "\(file):\(section.line)")
        }
        self.init(overlays: overlays, file: file)
    }

    /// The overlay of this name.
    public func overlay(_ name: String) throws(OverlaysError) -> Overlay {
        guard let overlay = overlays[name] else {
            throw OverlaysError(
                .refused, "the overlay \(name) is not in \(file)",
                hint: "add a section [\(name)] with sync-type = git and sync-uri = URL")
        }
        return overlay
    }

    private static func overlay(
        _ name: String, _ values: [String: String], _ place: String
    ) throws(OverlaysError) -> Overlay {
        guard let uri = values["sync-uri"], !uri.isEmpty else {
            throw OverlaysError(.refused, "\(place): [\(name)] has no sync-uri")
        }
        var priority: Int?
        if let text = values["priority"] {
            guard let number = Int(text), abs(number) <= 1_000_000 else {
                throw OverlaysError(.refused, "\(place): the priority '\(text)' is not a number")
            }
            priority = number
        }
        switch values["sync-type"] {
        case "git":
            guard GitURL.isAccepted(uri) else {
                throw OverlaysError(
                    .refused, "\(place): '\(uri)' is not accepted as the URL of a git repository",
                    hint: "https://, http://, git://, ssh:// and file:// URLs are, and absolute paths")
            }
            return Overlay(name: name, source: .git(uri), priority: priority)
        case "local":
            guard uri.hasPrefix("/"), uri.utf8.allSatisfy({ $0 >= 0x20 }) else {
                throw OverlaysError(.refused, "\(place): '\(uri)' is not an absolute path")
            }
            return Overlay(name: name, source: .local(uri), priority: priority)
        case let other:
            throw OverlaysError(
                .refused, "\(place): the sync-type '\(other ?? "")' is not covered", hint: "git and local are")
        }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let front = text.drop { $0.isWhitespace }
        guard let last = front.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(front[...last])
    }
}

/// The URLs that git is given.
enum GitURL {
    /// Whether git may be called with this: a known transport, and nothing that it could take for an option or a
    /// helper's name.
    static func isAccepted(_ uri: String) -> Bool {
        guard uri.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }), uri.utf8.count < 2000 else { return false }
        if uri.hasPrefix("/") { return true }
        let transports = ["https://", "http://", "git://", "ssh://", "file:///"]
        guard let transport = transports.first(where: { uri.hasPrefix($0) }) else { return false }
        // `ssh://-oProxyCommand=…` would be an option of ssh.
        return !uri.dropFirst(transport.count).isEmpty && !uri.dropFirst(transport.count).hasPrefix("-")
    }

    /// Whether git must be allowed to read this machine's files.
    static func isLocal(_ uri: String) -> Bool { uri.hasPrefix("/") || uri.hasPrefix("file://") }

    /// The URL as git is given it: a path would be copied whole, without depth and filter.
    static func normal(_ uri: String) -> String { uri.hasPrefix("/") ? "file://" + uri : uri }
}
