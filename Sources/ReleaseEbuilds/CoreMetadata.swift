/// The fields of a METADATA or PKG-INFO file (core metadata specification) that an ebuild is made from.
struct CoreMetadata: Sendable, Equatable {
    var metadataVersion = ""
    var name = ""
    var version = ""
    var summary = ""
    var homePages: [String] = []
    var requiresPython = ""
    var requirements: [String] = []
    var extras: [String] = []
    var licenceExpression = ""
    var licence = ""
    var classifiers: [String] = []
    /// Fields that the build may change.
    var dynamic: [String] = []

    /// Reads the header fields; the description below them is left alone.
    init(_ text: String) {
        var fields: [(name: String, value: String)] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let line = line.hasSuffix("\r") ? line.dropLast() : line
            if line.isEmpty { break }
            if line.first == " " || line.first == "\t" {
                if !fields.isEmpty { fields[fields.count - 1].value += " " + line.trimmed }
                continue
            }
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            fields.append((parts[0].lowercased(), parts[1].trimmed))
        }
        for (name, value) in fields where value != "UNKNOWN" && !value.isEmpty { set(name, value) }
    }

    private mutating func set(_ field: String, _ value: String) {
        switch field {
        case "metadata-version": metadataVersion = value
        case "name": name = value
        case "version": version = value
        case "summary": summary = value
        case "home-page": homePages.insert(value, at: 0)
        case "project-url":
            let parts = value.split(separator: ",", maxSplits: 1)
            let label = parts[0].lowercased().filter(\.isLetter)
            let useful = ["homepage", "home", "source", "sourcecode", "repository", "github"]
            if parts.count == 2, useful.contains(label) { homePages.append(parts[1].trimmed) }
        case "requires-python": requiresPython = value
        case "requires-dist": requirements.append(value)
        case "provides-extra": extras.append(value)
        case "license-expression": licenceExpression = value
        case "license": licence = value
        case "classifier": classifiers.append(value)
        case "dynamic": dynamic.append(value.lowercased())
        default: break
        }
    }

    /// Whether a source archive's copy says the same as any build of it would (PEP 643).
    var isReliableForSource: Bool {
        guard let version = PythonVersion(metadataVersion), version >= PythonVersion([2, 2]) else { return false }
        return !dynamic.contains("requires-dist") && !dynamic.contains("requires-python")
    }
}
