/// The one place where a text becomes a word of bash.
///
/// In double quotes only the backslash, the dollar, the backtick and the double quote mean something; each gets a
/// backslash. NUL, which bash cannot hold, is dropped.
func quoted(_ text: String) -> String {
    var result: [UInt8] = [UInt8(ascii: "\"")]
    for byte in text.utf8 where byte != 0 {
        if "\\$`\"".utf8.contains(byte) { result.append(UInt8(ascii: "\\")) }
        result.append(byte)
    }
    result.append(UInt8(ascii: "\""))
    return String(decoding: result, as: UTF8.self)
}

/// A text as one line: control characters and runs of blanks become one blank, and it is cut after `limit` characters.
func singleLine(_ text: String, limit: Int) -> String {
    var words: [String] = [""]
    for scalar in text.unicodeScalars {
        let isBreak: Bool
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .spaceSeparator, .format, .privateUse, .unassigned:
            isBreak = true
        default: isBreak = false
        }
        if isBreak {
            if words.last != "" { words.append("") }
        } else {
            words[words.count - 1].unicodeScalars.append(scalar)
        }
    }
    let line = words.joined(separator: " ").trimmed
    return line.count <= limit ? line : String(line.prefix(limit - 1)).trimmed + "…"
}

/// DESCRIPTION: one line of 10 to 80 characters; a shorter one gets the name before it.
func descriptionLine(_ text: String, name: String) -> String {
    let line = singleLine(text, limit: 80)
    return line.count < 10
        ? singleLine(line.isEmpty ? "\(name), without a summary" : "\(name): \(line)", limit: 80) : line
}

/// An ebuild, part by part.
struct Ebuild: Sendable, Equatable {
    /// Comment lines on what it was made from.
    var origin: [String] = []
    /// Lines between EAPI and `inherit`: variables that the eclasses want first.
    var settings: [String] = []
    var eclasses: [String] = []
    /// PN-PV and PV: in addresses they are written as variables, so that a copy for the next version is right.
    var nameAndVersion = ""
    var version = ""
    var description = ""
    var homepage = ""
    /// Address and, where it differs, the name of the distfile. Empty: the eclass sets it.
    var source: (url: String, name: String)?
    /// The directory in the archive; nil: `${P}`, or what the eclass sets.
    var directory: String?
    var licence = ""
    var keywords: [String] = []
    var restrict = ["mirror"]
    /// Dependency variables by name, each a list of lines.
    var dependencies: [(name: String, lines: [String])] = []
    /// Functions, whole.
    var functions: [String] = []

    static let eapi = 8

    /// The file's text.
    var text: String {
        var lines = ["# Distributed under the terms of the GNU General Public License v2", "#"]
        lines += origin.map { "# " + singleLine($0, limit: 300) }
        lines += ["", "EAPI=\(Self.eapi)", ""]
        if !settings.isEmpty { lines += settings }
        if !eclasses.isEmpty { lines += ["inherit \(eclasses.joined(separator: " "))", ""] }
        lines.append("DESCRIPTION=\(quoted(description))")
        lines.append("HOMEPAGE=\(quoted(homepage))")
        if let source { lines.append("SRC_URI=\"\(sourceText(source.url, source.name))\"") }
        if let directory { lines.append("S=\"${WORKDIR}/\(withVariables(directory))\"") }
        lines += [
            "", "LICENSE=\(quoted(licence))", "SLOT=\"0\"", "KEYWORDS=\(quoted(keywords.joined(separator: " ")))",
        ]
        if !restrict.isEmpty { lines.append("RESTRICT=\(quoted(restrict.joined(separator: " ")))") }
        for (name, content) in dependencies where !content.isEmpty {
            lines += ["", "\(name)=\"", content.joined(separator: "\n"), "\""]
        }
        for function in functions { lines += ["", function] }
        return lines.joined(separator: "\n") + "\n"
    }

    private func sourceText(_ url: String, _ name: String) -> String {
        let last = url.split(separator: "/").last.map(String.init) ?? ""
        return withVariables(last == name ? url : "\(url) -> \(name)")
    }

    /// A text for double quotes, with `${P}` and `${PV}` where it has their values.
    private func withVariables(_ text: String) -> String {
        func inside(_ text: Substring) -> String { String(quoted(String(text)).dropFirst().dropLast()) }
        // A short version such as `1` stands for itself: it is found anywhere.
        guard version.contains("."), !nameAndVersion.isEmpty else { return inside(text[...]) }
        return text.split(separator: nameAndVersion, omittingEmptySubsequences: false).map { part in
            part.split(separator: version, omittingEmptySubsequences: false).map(inside).joined(separator: "${PV}")
        }.joined(separator: "${P}")
    }

    static func == (left: Self, right: Self) -> Bool { left.text == right.text }
}

/// Addresses and file names that may stand in an ebuild and a Manifest.
enum SourceName {
    /// Whether an address is http or https, without blanks, quotes or a password.
    static func isPlain(url: String) -> Bool {
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.utf8.count <= 2000 else { return false }
        guard url.utf8.allSatisfy({ $0.isAlphanumeric || "-._~:/?#[]@!&*+,;=%".utf8.contains($0) }) else {
            return false
        }
        return !host(of: url).isEmpty && !authority(of: url).contains("@")
    }

    /// Whether a file name can be a distfile: no path, no blank, no leading dot or hyphen.
    static func isPlain(file: String) -> Bool {
        guard let first = file.utf8.first, first.isAlphanumeric, file.utf8.count <= 200 else { return false }
        return file.utf8.allSatisfy { $0.isAlphanumeric || "-._+~".utf8.contains($0) }
    }

    /// The host of an address, with its port.
    static func host(of url: String) -> String { String(authority(of: url).split(separator: "@").last ?? "") }

    private static func authority(of url: String) -> Substring {
        guard let start = url.firstRange(of: "://") else { return "" }
        return url[start.upperBound...].prefix { !"/?#".contains($0) }
    }
}
