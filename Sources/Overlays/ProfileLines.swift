internal import PackageModel

/// Lines of an overlay's profiles that belong to the packages of a slice.
enum ProfileLines {
    /// The lines of a file like package.mask that name one of the packages, each with the comments directly above it.
    ///
    /// - Parameters:
    ///   - text: the file.
    ///   - packages: `category/package` of each.
    static func about(_ packages: Set<String>, in text: String) -> String {
        var kept: [String] = []
        var comments: [String] = []
        for line in TextLines.split(text) {
            guard let word = line.split(whereSeparator: \.isWhitespace).first else {
                comments = []
                continue
            }
            if word.hasPrefix("#") {
                comments.append(line)
            } else if names(word, one: packages) {
                // A comment stands above all lines of its group.
                kept += comments + [line]
                comments = []
            }
        }
        return kept.map { $0 + "\n" }.joined()
    }

    /// Whether a word is an atom, perhaps with `-` before it and with `*` in its names, for one of the packages.
    private static func names(_ word: Substring, one packages: Set<String>) -> Bool {
        let text = String(word.hasPrefix("-") ? word.dropFirst() : word)
        if let atom = try? Atom(text) { return packages.contains(atom.categoryAndName) }
        let parts = text.prefix { $0 != ":" && $0 != "[" }.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, text.contains("*") else { return false }
        return packages.contains { package in
            let own = package.split(separator: "/")
            return own.count == 2 && matches(own[0], parts[0]) && matches(own[1], parts[1])
        }
    }

    /// Whether a name fits a pattern of one or several `*`.
    private static func matches(_ name: Substring, _ pattern: Substring) -> Bool {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard pieces.count > 1, let first = pieces.first, let last = pieces.last else { return name == pattern }
        guard name.hasPrefix(first) else { return false }
        var rest = name.dropFirst(first.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let range = rest.firstRange(of: piece) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(last)
    }

    /// The mirrors that SRC_URI names: `mirror://NAME/…`.
    static func mirrors(in sources: String) -> Set<String> {
        var names: Set<String> = []
        for word in sources.split(whereSeparator: \.isWhitespace) {
            guard let range = word.firstRange(of: "mirror://") else { continue }
            names.insert(String(word[range.upperBound...].prefix { $0 != "/" }))
        }
        return names
    }

    /// The lines of thirdpartymirrors for these names.
    static func thirdPartyMirrors(_ names: Set<String>, in text: String) -> String {
        TextLines.split(text).filter { line in
            line.split(whereSeparator: \.isWhitespace).first.map { names.contains(String($0)) } == true
        }.map { $0 + "\n" }.joined()
    }

    /// A Manifest without the lines of ebuilds that are not taken, and without a signature.
    static func manifest(_ text: String, keeping ebuilds: Set<String>) -> String {
        TextLines.split(text).filter { line in
            let words = line.split(separator: " ")
            guard words.count >= 3 else { return false }
            switch words[0] {
            case "DIST", "AUX": return true
            case "MISC": return words[1] == "metadata.xml"
            case "EBUILD": return ebuilds.contains(String(words[1]))
            default: return false
            }
        }.map { $0 + "\n" }.joined()
    }

    /// The names in LICENSE, whatever the conditions.
    static func licences(_ text: String) -> Set<String> {
        Set(
            text.split(whereSeparator: \.isWhitespace).map(String.init)
                .filter { !$0.hasSuffix("?") && !["(", ")", "||"].contains($0) })
    }
}
