/// Why two requests have different primary keys, by name.
public struct KeyComparison: Equatable, Sendable {
    /// A line for each difference: what is asked for, `≠`, what is there. Empty when the keys are equal.
    public let differences: [String]
    /// Whether both are of the same version of the package.
    public let isSamePackage: Bool

    /// Compares what is in the primary keys.
    public init(wanted: BuildRequest, found: BuildRequest) {
        var lines: [String] = []
        func compare(_ name: String, _ a: String, _ b: String) {
            if !Self.same(a, b) { lines.append("\(name): \(Self.shown(a)) ≠ \(Self.shown(b))") }
        }
        compare("version of the form", String(wanted.version), String(found.version))
        compare("package", wanted.cpv, found.cpv)
        compare("repository", wanted.repository, found.repository)
        compare("EAPI", wanted.eapi, found.eapi)
        compare("SLOT", CanonicalWriter.slot(wanted.slot), CanonicalWriter.slot(found.slot))
        compare("CHOST", wanted.chost, found.chost)
        compare("CBUILD", wanted.cbuild, found.cbuild)
        compare("EPREFIX", wanted.eprefix, found.eprefix)
        compare("PORTAGE_TMPDIR", wanted.tmpdir, found.tmpdir)
        if !Self.same(wanted.profile, found.profile) { lines.append("profile: another one") }
        for (name, a, b) in [
            ("USE", wanted.use, found.use), ("IUSE", wanted.iuse, found.iuse),
            ("FEATURES", wanted.features, found.features),
        ] {
            if let text = FlagDifference.text(a, b) { lines.append("\(name): \(text)") }
        }
        for name in Set(wanted.variables.keys).union(found.variables.keys).sorted() {
            if let text = Self.words(wanted.variables[name], found.variables[name]) { lines.append("\(name): \(text)") }
        }
        lines += Self.content(wanted.content, found.content)
        differences = lines
        isSamePackage = Self.same(wanted.cpv, found.cpv)
    }

    private static func same(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

    private static func shown(_ text: String) -> String { text.isEmpty ? "none" : Names.shown(text) }

    /// The words in which two values differ: `-march=znver3 ≠ znver2`, where both set the same option.
    private static func words(_ a: String?, _ b: String?) -> String? {
        guard a.map({ Array($0.utf8) }) != b.map({ Array($0.utf8) }) else { return nil }
        guard let a else { return "not set ≠ \(shown(b ?? ""))" }
        guard let b else { return "\(shown(a)) ≠ not set" }
        let left = a.split { $0 == " " || $0 == "\t" || $0 == "\n" }
        let right = b.split { $0 == " " || $0 == "\t" || $0 == "\n" }
        let onlyLeft = left.filter { !right.contains($0) }
        let onlyRight = right.filter { !left.contains($0) }
        if onlyLeft.isEmpty, onlyRight.isEmpty { return "the same words, in another order or number" }
        if onlyLeft.count == 1, onlyRight.count == 1, let option = option(onlyLeft[0]),
            option == self.option(onlyRight[0])
        {
            return "\(Names.shown(String(onlyLeft[0]))) ≠ \(Names.shown(String(onlyRight[0].dropFirst(option.count))))"
        }
        return "\(shown(onlyLeft.joined(separator: " "))) ≠ \(shown(onlyRight.joined(separator: " ")))"
    }

    /// `-march=` of `-march=znver3`.
    private static func option(_ word: Substring) -> Substring? {
        guard word.hasPrefix("-"), let end = word.firstIndex(of: "=") else { return nil }
        return word[...end]
    }

    private struct File: Hashable, Comparable {
        let role: String
        let name: String

        static func < (a: File, b: File) -> Bool { (a.role, a.name) < (b.role, b.name) }
    }

    private static func content(_ wanted: [ContentItem], _ found: [ContentItem]) -> [String] {
        func table(_ items: [ContentItem]) -> [File: ContentItem] {
            Dictionary(
                items.map { (File(role: $0.role.rawValue, name: $0.name), $0) }, uniquingKeysWith: { a, _ in a })
        }
        let a = table(wanted)
        let b = table(found)
        return Set(a.keys).union(b.keys).sorted().compactMap { file in
            // The ebuild of another version has another name; that the version differs is said already.
            let name =
                file.role == ContentItem.Role.ebuild.rawValue ? "ebuild" : "\(file.role) \(Names.shown(file.name))"
            switch (a[file], b[file]) {
            case (let x?, let y?): return x == y ? nil : "\(name): another content"
            case (_?, nil): return name == "ebuild" ? nil : "\(name): only in what is asked for"
            case (nil, _?): return name == "ebuild" ? nil : "\(name): not in what is asked for"
            case (nil, nil): return nil
            }
        }
    }
}
