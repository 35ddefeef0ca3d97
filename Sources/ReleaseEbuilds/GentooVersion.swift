import PackageModel

extension PythonVersion {
    /// The version as an ebuild has it.
    ///
    /// `1.2rc1` is `1.2_rc1`, `1.2.post1` is `1.2_p1`, a development release of a pre-release is `1.2_alpha1_pre3`, and
    /// that of a final one is `1.2_alpha_pre3`, since `1.2_pre3` would stand above the betas. Epochs and local versions
    /// have no place in an ebuild's version.
    func gentoo() throws(ReleaseError) -> Version {
        if epoch != 0 {
            throw ReleaseError(.refused, "version \(self): an epoch cannot be said in an ebuild's version")
        }
        if local != nil {
            throw ReleaseError(.refused, "version \(self): a local version cannot be said in an ebuild's version")
        }
        return try Self.version(Self.text(release, suffixes))
    }

    /// The suffixes of the ebuild's version.
    var suffixes: String {
        var text = ""
        if let pre {
            switch pre.phase {
            case .alpha: text += "_alpha\(pre.number)"
            case .beta: text += "_beta\(pre.number)"
            case .candidate: text += "_rc\(pre.number)"
            }
        }
        if let post { text += "_p\(post)" }
        if let dev { text += pre == nil && post == nil ? "_alpha_pre\(dev)" : "_pre\(dev)" }
        return text
    }

    static func text(_ release: [Int], _ suffixes: String) -> String {
        release.map(String.init).joined(separator: ".") + suffixes
    }

    private static func version(_ text: String) throws(ReleaseError) -> Version {
        guard let version = Version(text) else {
            throw ReleaseError(.refused, "'\(text)' is not a version that Portage knows")
        }
        return version
    }
}

/// Turning a git tag into a version.
enum TagVersion {
    /// The version that a tag names; nil when it names none.
    ///
    /// `v1.2`, `release-1.2`, `NAME-1.2`, `1.2-rc1`, `1.2.0-beta.2`, `v1.2-1` (`_p1`) and `1_2_3` are understood.
    static func version(_ tag: String, project: String) -> Version? {
        var text = tag.lowercased()
        for prefix in [project.lowercased(), "release", "version", "rel", "ver", "v", "r"] where text.hasPrefix(prefix)
        {
            let rest = text.dropFirst(prefix.count)
            guard let next = rest.utf8.first, !next.isLetter else { continue }
            text = String(rest.drop { "-_./".contains($0) })
            // NAME-v1.2
            if text.hasPrefix("v"), text.dropFirst().utf8.first?.isDigit == true { text.removeFirst() }
            break
        }
        var scanner = TextScanner(text)
        var numbers: [String] = []
        repeat {
            let digits = scanner.take(while: \.isDigit)
            guard !digits.isEmpty, digits.utf8.count <= 15 else { return nil }
            numbers.append(digits)
            guard let separator = scanner.first, "._".utf8.contains(separator) else { break }
            var ahead = scanner
            _ = ahead.take(oneOf: [".", "_"])
            guard ahead.first?.isDigit == true else { break }
            scanner = ahead
        } while true
        var suffixes = ""
        while !scanner.isAtEnd {
            let separator = scanner.take(oneOf: ["-", "_", "."])
            let names = [
                "alpha": "_alpha", "a": "_alpha", "beta": "_beta", "b": "_beta", "preview": "_pre", "pre": "_pre",
                "rc": "_rc", "patch": "_p", "post": "_p", "pl": "_p", "p": "_p",
            ]
            let word = scanner.take(while: \.isLetter)
            if word.isEmpty {
                guard separator == "-", suffixes.isEmpty else { return nil }
                suffixes += "_p"
            } else {
                guard let suffix = names[word] else { return nil }
                suffixes += suffix
                if scanner.first.map({ ".-_".utf8.contains($0) }) == true { _ = scanner.take(oneOf: [".", "-", "_"]) }
            }
            let number = scanner.take(while: \.isDigit)
            guard !(word.isEmpty && number.isEmpty) else { return nil }
            suffixes += number
        }
        return Version(numbers.joined(separator: ".") + suffixes)
    }

    /// Whether a version is a pre-release, also by the habit of counting up to the next one from .90.
    static func isPrerelease(_ version: Version) -> Bool {
        let text = version.description
        if ["_alpha", "_beta", "_pre", "_rc"].contains(where: text.contains) { return true }
        let numbers = text.prefix { $0 != "_" }.split(separator: ".")
        guard numbers.count >= 3, let last = numbers.last, last.count == 2, let number = Int(last) else { return false }
        return number >= 90
    }
}
