/// The licence names of the tree, by SPDX identifier.
struct LicenceMap: Sendable {
    private var names: [String: String]

    /// Reads the section `[spdx-to-ebuild]` of `metadata/license-mapping.conf`; without one, a small table of the
    /// licences that most projects have.
    init(configuration: String?) {
        names = Self.common
        var isInside = false
        for line in (configuration ?? "").split(separator: "\n") {
            let line = line.trimmed
            if line.hasPrefix("[") { isInside = line == "[spdx-to-ebuild]" }
            guard isInside, !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
            let value = line[line.index(after: equals)...].trimmed
            if !value.isEmpty { names[line[..<equals].trimmed.lowercased()] = value }
        }
    }

    private static let common: [String: String] = [
        "0bsd": "0BSD", "apache-2.0": "Apache-2.0", "bsd-2-clause": "BSD-2", "bsd-3-clause": "BSD",
        "gpl-2.0-only": "GPL-2", "gpl-2.0-or-later": "GPL-2+", "gpl-3.0-only": "GPL-3", "gpl-3.0-or-later": "GPL-3+",
        "isc": "ISC", "lgpl-2.1-only": "LGPL-2.1", "lgpl-2.1-or-later": "LGPL-2.1+", "lgpl-3.0-only": "LGPL-3",
        "lgpl-3.0-or-later": "LGPL-3+", "agpl-3.0-only": "AGPL-3", "agpl-3.0-or-later": "AGPL-3+", "mit": "MIT",
        "mit-0": "MIT-0", "mpl-2.0": "MPL-2.0", "psf-2.0": "PSF-2", "python-2.0": "PYTHON", "unlicense": "Unlicense",
        "zlib": "ZLIB", "zpl-2.1": "ZPL", "bsl-1.0": "Boost-1.0", "cc0-1.0": "CC0-1.0", "gpl-2.0": "GPL-2",
        "gpl-3.0": "GPL-3", "lgpl-2.1": "LGPL-2.1", "lgpl-3.0": "LGPL-3", "agpl-3.0": "AGPL-3",
    ]

    private static let classifiers: [String: String] = [
        "Apache Software License": "Apache-2.0", "BSD License": "BSD-3-Clause", "MIT License": "MIT",
        "MIT No Attribution License (MIT-0)": "MIT-0", "ISC License (ISCL)": "ISC",
        "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "Python Software Foundation License": "PSF-2.0",
        "The Unlicense (Unlicense)": "Unlicense", "zlib/libpng License": "Zlib", "Zope Public License": "ZPL-2.1",
        "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
        "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
        "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
        "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
        "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
        "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
        "GNU Affero General Public License v3": "AGPL-3.0-only",
        "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    ]

    private static let words: [String: String] = [
        "apache 2.0": "Apache-2.0", "apache license 2.0": "Apache-2.0", "apache-2.0 license": "Apache-2.0",
        "apache license, version 2.0": "Apache-2.0", "bsd": "BSD-3-Clause", "bsd license": "BSD-3-Clause",
        "new bsd": "BSD-3-Clause", "3-clause bsd": "BSD-3-Clause", "bsd 3-clause": "BSD-3-Clause",
        "mit license": "MIT", "the mit license": "MIT", "expat": "MIT", "psf": "PSF-2.0", "gplv2": "GPL-2.0-only",
        "gplv2+": "GPL-2.0-or-later", "gplv3": "GPL-3.0-only", "gplv3+": "GPL-3.0-or-later", "isc license": "ISC",
        "lgplv3": "LGPL-3.0-only", "public domain": "public-domain",
    ]

    /// LICENSE of a release: from the SPDX expression, else the classifiers, else the short licence text.
    func licence(of metadata: CoreMetadata) throws(ReleaseError) -> String {
        if !metadata.licenceExpression.isEmpty { return try licence(expression: metadata.licenceExpression) }
        let marked = metadata.classifiers.compactMap { classifier -> String? in
            guard classifier.hasPrefix("License :: ") else { return nil }
            let last = String(classifier.split(separator: ":").last ?? "").trimmed
            return last == "OSI Approved" ? nil : last
        }
        if !marked.isEmpty, marked.allSatisfy({ Self.classifiers[$0] != nil }) {
            var found: [String] = []
            for name in marked {
                let licence = try licence(expression: Self.classifiers[name] ?? "")
                if !found.contains(licence) { found.append(licence) }
            }
            return found.joined(separator: " ")
        }
        let text = metadata.licence
        if let known = Self.words[text.lowercased()] {
            return known == "public-domain" ? known : try licence(expression: known)
        }
        if !text.isEmpty, text.utf8.count <= 100, let found = try? licence(expression: text) { return found }
        let said = marked.first ?? (text.isEmpty ? "none" : singleLine(text, limit: 60))
        throw ReleaseError(
            .refused, "the licence is not known (stated: \(said))", hint: "name it with --licence, as LICENSE has it")
    }

    /// LICENSE of an SPDX expression.
    func licence(expression: String) throws(ReleaseError) -> String {
        var parser = ExpressionParser(words: Self.split(expression), names: names, text: expression)
        return try parser.parse()
    }

    private static func split(_ text: String) -> [String] {
        var words: [String] = []
        for word in text.split(whereSeparator: { " \t\n".contains($0) }) {
            var current = ""
            for character in word {
                if character == "(" || character == ")" {
                    if !current.isEmpty { words.append(current) }
                    words.append(String(character))
                    current = ""
                } else {
                    current.append(character)
                }
            }
            if !current.isEmpty { words.append(current) }
        }
        return words
    }
}

/// Reads `A OR (B AND C)`: AND binds closer; an AND is a list, an OR is `|| ( )`.
private struct ExpressionParser {
    var words: [String]
    let names: [String: String]
    let text: String
    var depth = 0

    mutating func parse() throws(ReleaseError) -> String {
        let result = try choice()
        guard words.isEmpty else { throw failure("'\(words[0])' is left over") }
        return result
    }

    private func failure(_ reason: String) -> ReleaseError {
        ReleaseError(
            .refused, "licence '\(singleLine(text, limit: 80))': \(singleLine(reason, limit: 80))",
            hint: "name it with --licence, as LICENSE has it")
    }

    private mutating func takeWord(_ word: String) -> Bool {
        guard words.first?.uppercased() == word else { return false }
        words.removeFirst()
        return true
    }

    private mutating func choice() throws(ReleaseError) -> String {
        var all = [try list()]
        while takeWord("OR") { all.append(try list()) }
        guard all.count > 1 else { return all[0] }
        return "|| ( \(all.map { $0.contains(" ") && !$0.hasPrefix("||") ? "( \($0) )" : $0 }.joined(separator: " ")) )"
    }

    private mutating func list() throws(ReleaseError) -> String {
        var all = [try item()]
        while takeWord("AND") { all.append(try item()) }
        return all.joined(separator: " ")
    }

    private mutating func item() throws(ReleaseError) -> String {
        guard !words.isEmpty else { throw failure("it ends too early") }
        let word = words.removeFirst()
        if word == "(" {
            depth += 1
            guard depth < 20 else { throw failure("too many parentheses") }
            let inside = try choice()
            depth -= 1
            guard takeWord(")") else { throw failure("')' is missing") }
            return inside
        }
        var key = word
        if takeWord("WITH"), !words.isEmpty { key += " with " + words.removeFirst() }
        guard let name = names[key.lowercased()] else { throw failure("'\(key)' is not known") }
        guard name.utf8.allSatisfy({ $0.isAlphanumeric || "+_.-()| ".utf8.contains($0) }) else {
            throw failure("'\(name)' is no licence name")
        }
        return name
    }
}
